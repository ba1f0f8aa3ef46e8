//! Packs the files of corrections that the program carries: 0.33 MB as they are, a fifth of that in the program.

use std::path::{Path, PathBuf};
use std::{env, fs};

const FOLDER: &str = "recipes/argus-2019/corrections";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for entry in fs::read_dir(FOLDER).expect("the folder of corrections") {
        let path = entry.expect("a file of corrections").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            pack(&path, &out);
        }
    }
}

fn pack(path: &Path, out: &Path) {
    let bytes = fs::read(path).expect("a file of corrections");
    let packed = miniz_oxide::deflate::compress_to_vec(&bytes, 10);
    let name = path.file_name().expect("a name").to_string_lossy();
    fs::write(out.join(format!("{name}.deflate")), packed).expect("to write to OUT_DIR");
}

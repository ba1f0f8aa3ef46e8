//! Folds functions of identical machine code into one (1.4 MB of the program), where the linker is the one that comes
//! with the toolchain and can do it.

use std::path::PathBuf;
use std::process::Command;

/// Where the toolchain links with its own lld by default.
const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    if std::env::var("TARGET").is_ok_and(|target| target == TARGET) && links_with_own_lld() {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Whether nothing asks for another linker, and the toolchain has its own.
fn links_with_own_lld() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_other = std::env::var_os("RUSTC_LINKER").is_some() || flags.contains("link");
    !is_other && own_lld().is_some_and(|path| path.exists())
}

fn own_lld() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC")?;
    let printed = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(printed.stdout).ok()?;
    let bin = format!("lib/rustlib/{TARGET}/bin/gcc-ld/ld.lld");
    Some(PathBuf::from(sysroot.trim()).join(bin))
}

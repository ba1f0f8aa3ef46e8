//! Checksums of a folder, as `sha256sum` writes and checks them.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The file of checksums.
pub(super) const NAME: &str = "SHA256SUMS";

/// One line per file in the folder, sorted by name, without [`NAME`] itself.
pub(super) fn of_folder(folder: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    collect(folder, "", &mut names)?;
    names.sort();
    let mut text = String::new();
    for name in names {
        let mut hash = Sha256::new();
        io::copy(&mut File::open(folder.join(&name))?, &mut hash)?;
        let digest: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        text.push_str(&format!("{digest}  {name}\n"));
    }
    Ok(text)
}

fn collect(folder: &Path, before: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if name != NAME {
            names.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        fs::write(dir.path().join("b/c"), "abc").unwrap();
        fs::write(dir.path().join("a"), "").unwrap();
        fs::write(dir.path().join(NAME), "left out").unwrap();
        // FIPS 180-4's example, and the empty message.
        assert_eq!(
            of_folder(dir.path()).unwrap(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b/c\n"
        );
    }
}

//! SHA-256 of files.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::Path;

/// The SHA-256 of a file, in lower-case hexadecimal digits.
///
/// # Errors
/// A file that can't be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_matches_the_examples_of_the_standard() {
        // FIPS 180-4's examples: "abc", and nothing.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (text, wanted) in [
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(sha256_of(&path).unwrap(), wanted);
        }
    }
}

//! SHA-256 of files, and whether a downloaded file has the expected one.

use super::{Download, DownloadError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
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

impl Download {
    /// Refuses a file whose length or checksum differs from the expected one.
    pub(super) fn check(&self, path: &Path) -> Result<(), DownloadError> {
        let unread = |e| DownloadError::write(path, e);
        let wrong = |found, wanted| DownloadError::WrongFile {
            url: self.url.clone(),
            path: path.into(),
            found,
            wanted,
        };
        let found = fs::metadata(path).map_err(unread)?.len();
        if let Some(wanted) = self.bytes.filter(|wanted| *wanted != found) {
            return Err(wrong(format!("{found} bytes"), wanted.to_string()));
        }
        let Some(wanted) = &self.sha256 else {
            return Ok(());
        };
        let found = sha256_of(path).map_err(unread)?;
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(wrong(format!("SHA-256 {found}"), wanted.clone()))
    }
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
            fs::write(&path, text).unwrap();
            assert_eq!(sha256_of(&path).unwrap(), wanted);
        }
    }
}

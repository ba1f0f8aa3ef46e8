//! SHA-256 and MD5 of files, and whether a downloaded file has the expected one.

use super::{Download, DownloadError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use symphonia::core::checksum::Md5;
use symphonia::core::io::Monitor;

/// The SHA-256 of a file, in lower-case hexadecimal digits.
///
/// # Errors
/// A file that can't be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

/// The MD5 of a file, in lower-case hexadecimal digits: shows damage, not intent.
///
/// # Errors
/// A file that can't be read.
pub fn md5_of(path: &Path) -> io::Result<String> {
    let mut hash = Md5::default();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:032x}", u128::from_be_bytes(hash.md5()))),
            bytes => hash.process_buf_bytes(&buffer[..bytes]),
        }
    }
}

/// A checksum of a file.
type SumOf = fn(&Path) -> io::Result<String>;

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
        let sums: [(&str, &Option<String>, SumOf); 2] =
            [("SHA-256", &self.sha256, sha256_of), ("MD5", &self.md5, md5_of)];
        for (kind, wanted, sum_of) in sums {
            let Some(wanted) = wanted else { continue };
            let found = sum_of(path).map_err(unread)?;
            if !found.eq_ignore_ascii_case(wanted) {
                return Err(wrong(format!("{kind} {found}"), wanted.clone()));
            }
        }
        Ok(())
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

    #[test]
    fn md5_matches_the_examples_of_the_standard() {
        // RFC 1321's examples, and more than a buffer.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (text, wanted) in [
            (String::new(), "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc".into(), "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest".into(), "f96b697d7cb7938d525a2f31aaf161d0"),
            ("a".repeat(200_000), "561b1994f6baacd6e5eaf4baaa12849f"),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(md5_of(&path).unwrap(), wanted);
        }
    }
}

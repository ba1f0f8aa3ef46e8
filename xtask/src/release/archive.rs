//! `.tar.gz` files with the same bytes on every system: times, owners and rights are given, not the disk's.

use anyhow::ensure;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// What the sizes of files are rounded up to.
const BLOCK: usize = 512;
/// What the size of the whole is rounded up to.
const RECORD: usize = 20 * BLOCK;
/// The longest path of the format.
const LONGEST: usize = 100;

/// A tar archive (POSIX 1988, `ustar`), all in one folder.
pub struct Archive {
    folder: String,
    /// Seconds since 1970, of all files.
    time: u64,
    bytes: Vec<u8>,
}

impl Archive {
    /// An archive without files yet.
    pub fn new(folder: &str, time: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            time,
            bytes: Vec::new(),
        }
    }

    /// Adds a file with rights such as `0o644`.
    pub fn add(&mut self, name: &str, rights: u64, content: &[u8]) -> anyhow::Result<()> {
        let path = format!("{}/{name}", self.folder);
        ensure!(path.len() <= LONGEST, "{path}: longer than {LONGEST} bytes");
        let mut header = [0; BLOCK];
        header[..path.len()].copy_from_slice(path.as_bytes());
        // Rights, user, group, size, time: octal, with a zero at the end.
        let size = content.len() as u64;
        for (at, digits, number) in [
            (100, 7, rights),
            (108, 7, 0),
            (116, 7, 0),
            (124, 11, size),
            (136, 11, self.time),
        ] {
            let text = format!("{number:0digits$o}");
            ensure!(
                text.len() == digits,
                "{path}: {number} has no place in a tar header"
            );
            header[at..at + digits].copy_from_slice(text.as_bytes());
        }
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        // The checksum counts its own place as blanks.
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.bytes.extend(header);
        self.bytes.extend(content);
        self.fill(BLOCK);
        Ok(())
    }

    /// The archive, compressed.
    pub fn finish(mut self) -> anyhow::Result<Vec<u8>> {
        // Two empty blocks end it.
        self.bytes.extend([0; 2 * BLOCK]);
        self.fill(RECORD);
        gzip(&self.bytes)
    }

    fn fill(&mut self, unit: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(unit), 0);
    }
}

/// Compresses, without a name or a time in the header.
pub fn gzip(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sha256;

    /// Python 3.11: `t = tarfile.open(fileobj=f, mode="w", format=tarfile.USTAR_FORMAT)`, and for each file a `TarInfo`
    /// with this size, mode and mtime, `t.addfile`; the SHA-256 of the whole.
    const OF_PYTHON: &str = "3563afb60b7b11ecbd5c177a7b04e80a02c2670a805201fcc66f46105bb2b58a";

    #[test]
    fn an_archive_has_the_bytes_of_pythons() {
        let mut archive = Archive::new("a-1.0", 1_700_000_000);
        archive.add("program", 0o755, &[7; 1000]).unwrap();
        archive.add("man/a.1", 0o644, b"").unwrap();
        archive.add("README.md", 0o644, &[b'x'; 512]).unwrap();
        let mut bytes = archive.bytes.clone();
        bytes.extend([0; 2 * BLOCK]);
        bytes.resize(bytes.len().next_multiple_of(RECORD), 0);
        assert_eq!(sha256(&bytes), OF_PYTHON);
        let packed = archive.finish().unwrap();
        assert_eq!(packed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "no name, no time");
        assert!(packed.len() < 500, "{}", packed.len());
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert!(unpacked == bytes);
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let mut archive = Archive::new("a", 0);
        assert!(archive.add(&"x".repeat(99), 0o644, b"").is_err());
        assert!(archive.add("x", 0o1_0000_0000, b"").is_err());
    }
}

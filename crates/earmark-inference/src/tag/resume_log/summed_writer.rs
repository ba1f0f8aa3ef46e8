//! The checksum of bytes on their way to a file.

use earmark_core::checksum::Checksum;
use std::fs::File;
use std::io::{self, Write};

/// Sums up what it passes on.
pub(super) struct SummedWriter<'a> {
    pub file: &'a mut File,
    pub sum: Checksum,
}

impl Write for SummedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

//! TensorBoard event files: TFRecord framing around `Event` protocol buffers (tensorflow/core/util/event.proto).
//!
//! A wall time would make two equal runs differ, and a resumed one from one that was not interrupted; the events carry the step
//! as their wall time (in seconds), so that TensorBoard's "relative" axis shows steps.

use earmark_core::atomic::WriteError;
use earmark_core::protobuf::Message;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// File name prefix that TensorBoard looks for.
pub const PREFIX: &str = "events.out.tfevents.";

/// Appends scalar summaries to one event file.
#[derive(Debug)]
pub struct EventWriter {
    file: File,
    path: PathBuf,
    len: u64,
}

impl EventWriter {
    /// Opens `path`, cutting it to its first `keep` bytes; an empty file gets the version event.
    ///
    /// # Errors
    ///
    /// When the file can't be opened, cut or written.
    pub fn open(path: &Path, keep: u64) -> Result<Self, WriteError> {
        Self::open_cut(path, keep).map_err(|e| WriteError::new(path, e))
    }

    fn open_cut(path: &Path, keep: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)?;
        let len = keep.min(file.metadata()?.len());
        file.set_len(len)?;
        file.seek(SeekFrom::Start(len))?;
        let mut writer = Self {
            file,
            path: path.to_path_buf(),
            len,
        };
        if len == 0 {
            let mut event = Message::default();
            event.bytes(3, b"brain.Event:2");
            writer.record(&event.finish())?;
        }
        Ok(writer)
    }

    /// Adds one event with the scalars that are defined.
    ///
    /// # Errors
    ///
    /// When the file can't be written.
    pub fn scalars(&mut self, step: u64, values: &[(&str, Option<f64>)]) -> Result<(), WriteError> {
        let mut event = Message::default();
        if step > 0 {
            event.double(1, step as f64); // wall_time; 0 is left out
        }
        event.int(2, step.cast_signed());
        event.message(5, |summary| {
            for (tag, value) in values.iter().filter_map(|(tag, value)| Some((tag, (*value)?))) {
                summary.message(1, |v| {
                    v.bytes(1, tag.as_bytes());
                    v.float(2, value as f32); // simple_value
                });
            }
        });
        let written = self.record(&event.finish());
        written.map_err(|e| WriteError::new(&self.path, e))
    }

    /// Writes everything through to the disk and returns the file's length in bytes.
    ///
    /// # Errors
    ///
    /// When the system can't.
    pub fn sync(&mut self) -> Result<u64, WriteError> {
        let synced = self.file.sync_data();
        synced.map_err(|e| WriteError::new(&self.path, e))?;
        Ok(self.len)
    }

    /// Length, its checksum, data, its checksum: one TFRecord, in one write.
    fn record(&mut self, data: &[u8]) -> io::Result<()> {
        let len = (data.len() as u64).to_le_bytes();
        let checksum = |data: &[u8]| masked_crc(data).to_le_bytes();
        let out = [&len[..], &checksum(&len), data, &checksum(data)].concat();
        self.file.write_all(&out)?;
        self.len += out.len() as u64;
        Ok(())
    }
}

/// CRC-32C, rotated and offset as TFRecord wants it.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_match_tensorflow() {
        // xtask/golden/events.py wrote the same two events with TensorFlow's own record writer and protocol buffers.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.out.tfevents.1.test");
        let mut w = EventWriter::open(&path, 0).unwrap();
        w.scalars(
            300,
            &[
                ("loss", Some(0.25)),
                ("none", None),
                ("learning rate", Some(1e-4)),
            ],
        )
        .unwrap();
        w.sync().unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            include_bytes!("../../tests/golden/events.bin")
        );
    }

    #[test]
    fn reopening_cuts_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e");
        let mut w = EventWriter::open(&path, 0).unwrap();
        w.scalars(1, &[("loss", Some(1.0))]).unwrap();
        let at = w.sync().unwrap();
        let before = std::fs::read(&path).unwrap();
        assert_eq!(before.len() as u64, at);
        w.scalars(2, &[("loss", Some(2.0))]).unwrap();
        drop(w);
        let mut w = EventWriter::open(&path, at).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        w.scalars(3, &[("loss", Some(3.0))]).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(&before));
    }
}

//! The format chunk and the data chunk of a WAV file.

use crate::error::{Fault, FilePosition};

/// The byte order of every number in the file, samples and sizes alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    /// RIFX: what programs on big-endian machines wrote.
    Big,
}

impl ByteOrder {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// The format chunk.
pub(super) struct WavFormat {
    pub(super) order: ByteOrder,
    pub(super) tag: u16,
    pub(super) channels: u16,
    pub(super) sample_rate_hz: u32,
    pub(super) block_align: u16,
    pub(super) bits: u16,
}

/// The samples in the data chunk.
pub(super) struct DataChunk {
    pub(super) start: u64,
    /// Length in bytes that the header gives.
    pub(super) size: u64,
    /// Length in bytes up to the end of the file.
    pub(super) present: u64,
    /// Number of frames in the fact chunk.
    pub(super) fact_frames: Option<u32>,
}

impl DataChunk {
    /// Refuses a file that ends before its samples do; `end` is where the intact samples end.
    pub(super) fn check_present(&self, end: impl FnOnce() -> FilePosition) -> Result<(), Fault> {
        let Self { size, present, .. } = self;
        if size <= present {
            return Ok(());
        }
        let reason = format!("its header promises {size} bytes of samples, but only {present} are present");
        Err(Fault::Truncated(reason, end()))
    }
}

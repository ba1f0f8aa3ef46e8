//! The format chunk and the data chunk of a WAV file.

use crate::decoding::ByteOrder;
use crate::error::{Fault, FilePosition};

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
        Err(Fault::truncated(reason, end()))
    }
}

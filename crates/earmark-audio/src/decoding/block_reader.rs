//! What a stream reads from, whatever the file is encoded with.

use std::io::SeekFrom;

use symphonia::core::io::MediaSource;

use crate::clip::{AudioInfo, ClipNote, LostSound};
use crate::error::{Fault, FilePosition};

/// Gives a file's samples as mono blocks at the file's own rate.
pub(crate) trait BlockReader: Send + Sync {
    /// What the file says about itself.
    fn info(&self) -> AudioInfo;

    /// Appends the next block, which may be empty; `false` after the last one.
    ///
    /// Where damage is refused, the first [`LostSound`] is the fault. Otherwise a fault ends everything: nothing can be
    /// read behind it.
    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault>;

    /// Continues at this frame, or at the end where there are fewer, if that is exact and free; whether it does.
    fn seek(&mut self, _frame: u64) -> Result<bool, Fault> {
        Ok(false)
    }

    /// Sound that could not be read so far, other than what the walk over the file found. It only grows.
    fn losses(&self) -> &[LostSound] {
        &[]
    }

    /// What decoding noticed so far, other than what the walk over the file found; complete after the last block.
    fn notes(&self) -> Vec<ClipNote> {
        Vec::new()
    }
}

/// Fills `bytes` from this place of a source on. The walk has checked that they exist: where they can't be read, the
/// file shrinks while it is read, or the disk fails, after `here`.
pub(super) fn read_at(
    source: &mut dyn MediaSource,
    at: u64,
    bytes: &mut [u8],
    here: FilePosition,
) -> Result<(), Fault> {
    let placed = source.seek(SeekFrom::Start(at));
    placed
        .and_then(|_| source.read_exact(bytes))
        .map_err(|e| Fault::Read(e, here))
}

/// Appends the block that was decoded while opening, unless it was given before; whether it did.
pub(super) fn give_first(first: &mut Option<Vec<f32>>, out: &mut Vec<f32>) -> bool {
    let Some(first) = first.take() else {
        return false;
    };
    out.extend_from_slice(&first);
    true
}

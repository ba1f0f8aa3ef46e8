//! What a stream reads from, whatever the file is encoded with.

use crate::clip::{AudioInfo, ClipNote, LostSound};
use crate::error::Fault;

/// Gives a file's samples as mono blocks at the file's own rate.
pub(crate) trait BlockReader: Send + Sync {
    /// What the file says about itself.
    fn info(&self) -> AudioInfo;

    /// Appends the next block, which may be empty; `false` after the last one.
    ///
    /// Where damage is refused, the first [`LostSound`] is the fault. Otherwise a fault ends everything: nothing can be read behind
    /// it.
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

//! Finds the next frames in bytes that are not understood.

use super::{FrameFormat, HEADER_BYTES};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags;
use crate::error::Fault;

/// How much is searched at once.
const BLOCK_BYTES: usize = 64 * 1024;
/// Three frames of the longest kind (ADTS: 8,191 bytes), which must lie inside the block in which they are recognised.
const CHAIN_BYTES: usize = 3 * 8 * 1024;

/// Where frames are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SearchRange {
    pub(crate) from: u64,
    /// Before this byte the first frame must begin.
    pub(crate) to: u64,
    /// End of the part of the file in which frames can lie.
    pub(crate) end: u64,
}

/// The first byte of the next frame that consistent frames follow: one of a `kind` that is known from before, two of another.
pub(crate) fn find_frames<F: FrameFormat>(
    walker: &mut ByteWalker<'_>,
    format: &F,
    range: SearchRange,
    kind: Option<u32>,
) -> Result<Option<u64>, Fault> {
    let mut at = range.from;
    while at < range.to.min(range.end) {
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        let block = walker.peek(at, left.min(BLOCK_BYTES))?;
        let is_last = block.len() == left;
        let usable = match is_last {
            true => block.len(),
            false => block.len().saturating_sub(CHAIN_BYTES),
        };
        let wanted = usize::try_from(range.to - at).unwrap_or(usize::MAX);
        let found =
            (0..usable.min(wanted)).find(|&offset| begins_chain(format, &block[offset..], is_last, kind));
        if let Some(offset) = found {
            return Ok(Some(at + offset as u64));
        }
        if is_last || usable == 0 {
            return Ok(None);
        }
        at += usable as u64;
    }
    Ok(None)
}

/// Whether consistent frames begin here. `is_last`: the file ends with these bytes.
fn begins_chain<F: FrameFormat>(format: &F, bytes: &[u8], is_last: bool, kind: Option<u32>) -> bool {
    if bytes.first() != Some(&0xff) {
        return false;
    }
    let head = |bytes: &[u8]| format.header(&bytes[..bytes.len().min(HEADER_BYTES)]);
    let Some(first) = head(bytes) else { return false };
    let is_known = kind == Some(first.kind);
    let wanted = if is_known { 2 } else { 3 };
    let (mut at, mut found) = (first.bytes, 1);
    while found < wanted {
        let Some(rest) = usize::try_from(at).ok().and_then(|at| bytes.get(at..)) else {
            return false;
        };
        if (rest.is_empty() && is_last) || tags::begins_tag(rest) {
            return is_known || found >= 2;
        }
        match head(rest) {
            Some(next) if next.kind == first.kind => at += next.bytes,
            _ => return false,
        }
        found += 1;
    }
    true
}

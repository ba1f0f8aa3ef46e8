//! MPEG audio and AAC without a container: rows of frames, each of which states its own length.

pub(super) mod adts;
mod frame_rows;
pub(super) mod mp3;

use super::byte_walker::ByteWalker;
use crate::error::Fault;
use adts::AdtsFrames;
use frame_rows::{FrameFormat, HEADER_BYTES, SearchRange, find_frames};
use mp3::MpegFrames;

/// Whether a frame of MPEG audio or ADTS begins at `at`, confirmed by the next one or by the end of the file.
pub(super) fn begins_frames(walker: &mut ByteWalker<'_>, at: u64) -> Result<bool, Fault> {
    Ok(begins(walker, &MpegFrames, at)? || begins(walker, &AdtsFrames, at)?)
}

/// The first frames of MPEG audio that begin between two places, or those of ADTS where there are none.
pub(super) fn first_frames(walker: &mut ByteWalker<'_>, from: u64, to: u64) -> Result<Option<u64>, Fault> {
    let end = walker.len();
    let range = SearchRange { from, to, end };
    match find_frames(walker, &MpegFrames, range, None)? {
        None => find_frames(walker, &AdtsFrames, range, None),
        found => Ok(found),
    }
}

fn begins<F: FrameFormat>(walker: &mut ByteWalker<'_>, format: &F, at: u64) -> Result<bool, Fault> {
    let Some(first) = format.header(walker.peek(at, HEADER_BYTES)?) else {
        return Ok(false);
    };
    let next = walker.peek(at + first.bytes, HEADER_BYTES)?;
    Ok(next.is_empty() || format.header(next).is_some_and(|next| next.kind == first.kind))
}

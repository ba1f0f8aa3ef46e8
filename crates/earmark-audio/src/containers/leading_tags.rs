//! Tags and padding before the first frame of a file.

use super::byte_walker::ByteWalker;
use super::first_bytes::begins_container;
use super::mpeg::{begins_frames, first_frames};
use super::tags::{begins_tag, id3v2_bytes, repeated_until};
use crate::clip::ClipNote;
use crate::error::Fault;

/// Zeros before the first frame are padding up to this length.
const MAX_PADDING_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of the head of an ID3v2 tag.
const HEAD_BYTES: u64 = 10;
/// How many bytes show what begins with them.
const START_BYTES: usize = 12;

/// What comes before the sound.
pub(super) struct Leading {
    /// Behind it.
    pub(super) end: u64,
    /// Tags that claim more bytes than they have.
    pub(super) notes: Vec<ClipNote>,
}

impl Leading {
    /// Moves on behind any ID3v2 tags.
    fn skip_id3v2(&mut self, walker: &mut ByteWalker<'_>) -> Result<(), Fault> {
        while let Some(header) = walker.array::<10>(self.end)? {
            if !header.starts_with(b"ID3") {
                break;
            }
            let at = self.end;
            self.end += id3v2_bytes(header);
            if begins_something(walker, self.end)? {
                continue;
            }
            let to = self.end.min(walker.len());
            if let Some(found) = find_sound(walker, at + HEAD_BYTES, to)? {
                let bytes = self.end - at;
                self.notes.push(ClipNote::Contradiction(format!(
                    "a tag at byte {at} claims {bytes} bytes, but sound begins within it"
                )));
                self.end = found;
                break;
            }
            if self.end >= walker.len() {
                let reason = "its ID3 tag is longer than the file";
                return Err(Fault::truncated(reason, walker.len()));
            }
        }
        Ok(())
    }
}

/// The ID3v2 tags at the start of the file and the zeros behind them, which count as padding only where a frame of MPEG
/// audio or ADTS follows.
pub(super) fn skip_leading(walker: &mut ByteWalker<'_>) -> Result<Leading, Fault> {
    let mut leading = Leading {
        end: 0,
        notes: Vec::new(),
    };
    leading.skip_id3v2(walker)?;
    while walker.peek(leading.end, 1)? == [0] {
        let at = leading.end;
        let limit = at.saturating_add(MAX_PADDING_BYTES).min(walker.len());
        let padded = repeated_until(walker, at, limit)?;
        let begins_id3 = walker.peek(padded, 3)? == b"ID3";
        if !begins_id3 && !begins_frames(walker, padded)? {
            break;
        }
        leading.end = padded;
        leading.skip_id3v2(walker)?;
    }
    Ok(leading)
}

/// Whether sound, a tag or padding begins here, as it should behind a tag.
fn begins_something(walker: &mut ByteWalker<'_>, at: u64) -> Result<bool, Fault> {
    let head = walker.peek(at, START_BYTES)?;
    if head.is_empty() {
        return Ok(false);
    }
    let is_padding = head.iter().take(4).all(|&b| b == 0);
    if is_padding || begins_tag(head) || begins_container(head) {
        return Ok(true);
    }
    begins_frames(walker, at)
}

/// The first frames or the first FLAC stream between two places.
fn find_sound(walker: &mut ByteWalker<'_>, from: u64, to: u64) -> Result<Option<u64>, Fault> {
    match find_flac(walker, from, to)? {
        None => first_frames(walker, from, to),
        found => Ok(found),
    }
}

/// The first FLAC stream: its marker and the head of the block that describes it.
fn find_flac(walker: &mut ByteWalker<'_>, from: u64, to: u64) -> Result<Option<u64>, Fault> {
    const STEP: usize = 8 * 1024;
    const MARKER: usize = 8;
    let begins = |w: &[u8]| w.starts_with(b"fLaC") && w[5..] == [0, 0, 34];
    let mut here = from;
    while here < to {
        let bytes = walker.peek(here, STEP)?;
        if let Some(found) = bytes.windows(MARKER).position(begins) {
            return Ok(Some(here + found as u64).filter(|at| *at < to));
        }
        if bytes.len() < STEP {
            break;
        }
        here += (STEP - MARKER + 1) as u64;
    }
    Ok(None)
}

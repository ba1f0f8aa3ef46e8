//! The comment in which iTunes states what its encoder added at both ends, where there is no edit list.

use super::boxes::Mp4Box;
use crate::containers::byte_walker::ByteWalker;
use crate::error::Fault;

/// What the comment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gapless {
    /// Frames to drop at the start.
    pub(super) skip_frames: u64,
    /// Frames after that.
    pub(super) frames: u64,
    /// Frames to drop at the end.
    padding_frames: u64,
}

impl Gapless {
    /// Frames of all packets.
    pub(super) fn all_frames(&self) -> u64 {
        let added = self.skip_frames.saturating_add(self.padding_frames);
        added.saturating_add(self.frames)
    }
}

/// The comment in the user data of a file, if it has one.
pub(super) fn find(walker: &mut ByteWalker<'_>, udta: Option<&Mp4Box>) -> Result<Option<Gapless>, Fault> {
    let Some(udta) = udta else { return Ok(None) };
    let Some(meta) = udta.child(walker, 0, b"meta").unwrap_or(None) else {
        return Ok(None);
    };
    // Version and flags come first.
    let Some(list) = meta.child(walker, 4, b"ilst").unwrap_or(None) else {
        return Ok(None);
    };
    let mut at = list.body;
    while at + 8 <= list.end {
        // What is wrong with comments does not harm the sound.
        let Ok(item) = Mp4Box::read(walker, at, list.end) else {
            break;
        };
        if &item.name == b"----"
            && let Ok(Some(name)) = item.child(walker, 0, b"name")
            && name.bytes(walker, 4, 64)? == b"iTunSMPB"
            && let Ok(Some(data)) = item.child(walker, 0, b"data")
        {
            return Ok(parse(data.bytes(walker, 8, 256)?));
        }
        at = item.end;
    }
    Ok(None)
}

/// Hexadecimal numbers: nothing, frames added at the start, frames added at the end, frames of the recording.
fn parse(text: &[u8]) -> Option<Gapless> {
    let text = std::str::from_utf8(text).ok()?;
    let mut numbers = text.split_whitespace().map(|word| u64::from_str_radix(word, 16));
    let skip_frames = numbers.nth(1)?.ok()?;
    let padding_frames = numbers.next()?.ok()?;
    let frames = numbers.next()?.ok()?;
    (frames > 0).then_some(Gapless {
        skip_frames,
        frames,
        padding_frames,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_is_read() {
        let text = b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        let expected = Gapless {
            skip_frames: 2_112,
            frames: 4_141_558,
            padding_frames: 458,
        };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(
            [parse(b" 0 840 1CA"), parse(b" 0 x 1 2"), parse(b" 0 0 0 0")],
            [None; 3]
        );
    }
}

//! Tags before and after the audio of formats that are a bare row of frames.

use super::byte_walker::ByteWalker;
use crate::error::Fault;

/// The first byte after any ID3v2 tags at `at`.
pub(super) fn skip_id3v2(walker: &mut ByteWalker<'_>, mut at: u64) -> Result<u64, Fault> {
    while let Some(header) = walker.array::<10>(at)? {
        if !header.starts_with(b"ID3") {
            break;
        }
        // Seven bits per byte; bit 4 of the flags announces a footer of ten bytes.
        let append = |sum: u64, b: &u8| (sum << 7) | u64::from(b & 0x7f);
        let size = header[6..].iter().fold(0, append);
        at += 10 + size + if header[5] & 0x10 != 0 { 10 } else { 0 };
        if at >= walker.len() {
            let reason = "its ID3 tag is longer than the file";
            return Err(Fault::truncated(reason, walker.len()));
        }
    }
    Ok(at)
}

/// Checks that only tags or zeros follow the last frame. Anything else is a recording that breaks off: what follows the
/// gap can't be distinguished from noise.
pub(super) fn expect_trailer(walker: &mut ByteWalker<'_>, at: u64) -> Result<(), Fault> {
    const TAGS: [&[u8]; 6] = [b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI", b"EXT"];
    let rest = walker.peek(at, 16)?.to_vec();
    if rest.is_empty() || TAGS.iter().any(|tag| rest.starts_with(tag)) {
        return Ok(());
    }
    if rest.len() < 4 && rest[0] == 0xff {
        return Err(Fault::truncated("its last frame is incomplete", at));
    }
    let mut zero_end = at;
    while zero_end < walker.len() {
        let block = walker.peek(zero_end, 4096)?;
        if block.iter().any(|&b| b != 0) {
            return Err(Fault::corrupt("the next frame should begin here", at));
        }
        zero_end += block.len() as u64;
    }
    Ok(())
}

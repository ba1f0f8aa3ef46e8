//! ADTS: bare AAC, one frame after another, without a container.

use super::byte_walker::ByteWalker;
use super::layout::{CodedLayout, Container};
use super::tags::expect_trailer;
use crate::error::Fault;

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<CodedLayout, Fault> {
    let mut at = start;
    let mut frames = 0u64;
    while let Some(b) = walker.array::<7>(at)? {
        if b[0] != 0xff || b[1] & 0xf6 != 0xf0 {
            break;
        }
        let bytes = u64::from(b[3] & 3) << 11 | u64::from(b[4]) << 3 | u64::from(b[5] >> 5);
        if bytes < 7 {
            let reason = format!("a frame claims {bytes} bytes, less than its header");
            return Err(Fault::corrupt(reason, at));
        }
        if at + bytes > walker.len() {
            return Err(Fault::truncated("its last frame is incomplete", at));
        }
        frames += 1024 * (u64::from(b[6] & 3) + 1);
        at += bytes;
    }
    if at == start || (at < walker.len() && walker.len() - at < 7 && walker.peek(at, 1)? == [0xff]) {
        return Err(Fault::truncated("its last frame is incomplete", at));
    }
    expect_trailer(walker, at)?;
    Ok(CodedLayout {
        frames: Some(frames),
        ..CodedLayout::new(Container::Adts, start, at)
    })
}

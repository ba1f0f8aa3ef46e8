//! FLAC: the metadata blocks. The frames carry checksums, and all of them are checked against the MD5 of the recording
//! that the encoder left in the header.

use super::byte_walker::{ByteWalker, big_endian};
use super::layout::{CodedLayout, Container};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// What is said of a file that ends in its metadata.
const CUT: &str = "it ends within its header";

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<CodedLayout, Fault> {
    let mut at = start + 4;
    let mut frames = None;
    loop {
        let [flags, a, b, c] = walker.required::<4>(at, CUT)?;
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = at + 4;
        if body + size > walker.len() {
            return Err(Fault::truncated(CUT, walker.len()));
        }
        if flags & 0x7f == 0 {
            frames = Some(stream_info(walker, body)?);
        }
        at = body + size;
        if flags & 0x80 != 0 {
            break;
        }
    }
    let Some(frames) = frames else {
        return Err(Fault::corrupt("it has no STREAMINFO block", start));
    };
    // Zero means "not known": written by an encoder at the end of a pipe. A file with nothing but a header is the exception.
    let known = frames > 0 || at == walker.len();
    Ok(CodedLayout {
        frames: known.then_some(frames),
        // Quirk(symphonia): a partial frame at the end of the file is dropped silently. Where the length is known, tags after
        // the last frame do no harm.
        packet_bytes: (!known).then(|| walker.len() - at),
        ..CodedLayout::new(Container::Flac, start, walker.len())
    })
}

/// Frames of the recording. The block is 34 bytes: sizes of blocks and frames (10 bytes), then 20 bits of rate, 3
/// of channels minus one, 5 of depth minus one, 36 of frames.
fn stream_info(walker: &mut ByteWalker<'_>, at: u64) -> Result<u64, Fault> {
    let b = walker.required::<34>(at, CUT)?;
    let packed = big_endian(&b[10..18]);
    check_shape((packed >> 44) as u32, ((packed >> 41) & 7) + 1)?;
    Ok(packed & 0xf_ffff_ffff)
}

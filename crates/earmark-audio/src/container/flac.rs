//! FLAC: the metadata blocks. The frames check themselves, and their sum is checked against the MD5 of the
//! recording that the encoder left in the header.

use super::{Coded, Container, check_shape};
use crate::error::Fault;
use crate::source::Walker;

pub(super) fn inspect(walker: &mut Walker<'_>, start: u64) -> Result<Coded, Fault> {
    let mut at = start + 4;
    let mut frames = None;
    loop {
        let Some([flags, a, b, c]) = walker.array::<4>(at)? else {
            return Err(Fault::truncated("it ends within its header", walker.len()));
        };
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = at + 4;
        if body + size > walker.len() {
            return Err(Fault::truncated("it ends within its header", walker.len()));
        }
        if flags & 0x7f == 0 {
            frames = Some(stream_info(walker, body)?);
        }
        at = body + size;
        if flags & 0x80 != 0 {
            break;
        }
    }
    match frames {
        Some(frames) => {
            // Zero stands for "not known": written by an encoder at the end of a pipe. A file of nothing but a
            // header is the exception.
            let known = frames > 0 || at == walker.len();
            Ok(Coded {
                container: Container::Flac,
                start,
                end: walker.len(),
                skip_frames: 0,
                frames: known.then_some(frames),
                padded: false,
                // Quirk(symphonia): the part of a frame at the end of the file is dropped without a word. Where the
                // length is known, tags behind the last frame do no harm.
                packet_bytes: (!known).then(|| walker.len() - at),
            })
        }
        None => Err(Fault::corrupt("it has no STREAMINFO block", start)),
    }
}

/// Frames of the recording. The block is 34 bytes: sizes of blocks and frames (10 bytes), then 20 bits of rate, 3
/// of channels less one, 5 of depth less one, 36 of frames.
fn stream_info(walker: &mut Walker<'_>, at: u64) -> Result<u64, Fault> {
    let Some(b) = walker.array::<34>(at)? else {
        return Err(Fault::truncated("it ends within its header", walker.len()));
    };
    let packed = b[10..18]
        .iter()
        .fold(0u64, |sum, &byte| (sum << 8) | u64::from(byte));
    check_shape((packed >> 44) as u32, ((packed >> 41) & 7) + 1)?;
    Ok(packed & 0xf_ffff_ffff)
}

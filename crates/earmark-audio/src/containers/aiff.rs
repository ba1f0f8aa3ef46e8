//! AIFF and AIFF-C: big-endian chunks, a sample rate in 80-bit floating point.

use super::byte_walker::{ByteWalker, big_endian};
use super::layout::{AudioLayout, Container, PcmLayout};
use crate::decoding::SampleFormat;
use crate::error::{Fault, FilePosition};
use crate::limits::MAX_SAMPLE_RATE_HZ;
use crate::shape_check::check_shape;

struct Common {
    channels: u16,
    frames: u32,
    sample_rate_hz: u32,
    format: SampleFormat,
}

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<AudioLayout, Fault> {
    let compressed = walker.peek(start + 8, 4)? == b"AIFC";
    let mut common: Option<Common> = None;
    let mut data = None;
    let mut at = start + 12;
    // COMM and SSND may come in either order.
    while let Some([a, b, c, d, size @ ..]) = walker.array::<8>(at)? {
        let size = u64::from(u32::from_be_bytes(size));
        let body = at + 8;
        match &[a, b, c, d] {
            b"COMM" => common = Some(read_common(walker, body, compressed)?),
            b"SSND" => {
                let Some([a, b, c, d]) = walker.array::<4>(body)? else {
                    return Err(Fault::truncated("it ends before its samples begin", walker.len()));
                };
                let offset = u64::from(u32::from_be_bytes([a, b, c, d]));
                data = Some((body + 8 + offset, size.saturating_sub(8 + offset)));
            }
            _ => {}
        }
        if common.is_some() && data.is_some() {
            break;
        }
        at = body + size + (size & 1);
    }
    let Some(common) = common else {
        let reason = "it ends before its description (no COMM chunk)";
        return Err(Fault::truncated(reason, walker.len()));
    };
    let frames = u64::from(common.frames);
    let frame_bytes = common.format.bytes() as u64 * u64::from(common.channels);
    let (data_start, stored) = match data {
        Some(data) => data,
        // AIFF allows the sample chunk to be absent where there are no samples.
        None if frames == 0 => (0, 0),
        None => return Err(Fault::truncated("it ends before its samples begin", walker.len())),
    };
    let here = stored.min(walker.len().saturating_sub(data_start));
    if frames * frame_bytes > here {
        let at = FilePosition::frame(here / frame_bytes, common.sample_rate_hz);
        return Err(Fault::Truncated(
            format!("its header promises {frames} frames"),
            at,
        ));
    }
    Ok(AudioLayout::Pcm(PcmLayout {
        container: Container::Aiff,
        format: common.format,
        channels: common.channels,
        sample_rate_hz: common.sample_rate_hz,
        data_start,
        frames,
    }))
}

fn read_common(walker: &mut ByteWalker<'_>, at: u64, compressed: bool) -> Result<Common, Fault> {
    let cut = |len| Fault::truncated("it ends within its description (COMM chunk)", len);
    let len = walker.len();
    let b = walker.array::<18>(at)?.ok_or_else(|| cut(len))?;
    let kind = if compressed {
        walker.array::<4>(at + 18)?.ok_or_else(|| cut(len))?
    } else {
        *b"NONE"
    };
    let channels = u16::from_be_bytes([b[0], b[1]]);
    let bits = u16::from_be_bytes([b[6], b[7]]);
    let sample_rate_hz = extended_to_rate([b[8], b[9]], &b[10..18]);
    check_shape(sample_rate_hz, u64::from(channels))?;
    let format = match (&kind, bits.div_ceil(8)) {
        (b"NONE" | b"twos", 1) => SampleFormat::I8,
        (b"NONE" | b"twos", 2) => SampleFormat::I16Be,
        (b"NONE" | b"in24", 3) => SampleFormat::I24Be,
        (b"NONE" | b"in32", 4) => SampleFormat::I32Be,
        (b"sowt", 1) => SampleFormat::I8,
        (b"sowt", 2) => SampleFormat::I16Le,
        (b"sowt", 3) => SampleFormat::I24Le,
        (b"sowt", 4) => SampleFormat::I32Le,
        (b"raw ", 1) => SampleFormat::U8,
        (b"fl32" | b"FL32", _) => SampleFormat::F32Be,
        (b"fl64" | b"FL64", _) => SampleFormat::F64Be,
        (b"alaw" | b"ALAW", _) => SampleFormat::ALaw,
        (b"ulaw" | b"ULAW", _) => SampleFormat::MuLaw,
        _ => {
            let kind = String::from_utf8_lossy(&kind);
            return Err(Fault::Unsupported(format!(
                "is AIFF with samples of the unknown kind {kind:?} and {bits} bits"
            )));
        }
    };
    let frames = u32::from_be_bytes([b[2], b[3], b[4], b[5]]);
    Ok(Common {
        channels,
        frames,
        sample_rate_hz,
        format,
    })
}

/// An 80-bit float (sign and exponent, then 64 bits of mantissa with its leading one) to a whole rate; 0 for one out of
/// range.
fn extended_to_rate(exponent: [u8; 2], mantissa: &[u8]) -> u32 {
    let exponent = u16::from_be_bytes(exponent);
    let mantissa = big_endian(mantissa);
    if exponent & 0x8000 != 0 {
        return 0;
    }
    let rate = mantissa as f64 * 2f64.powi(i32::from(exponent) - 16_383 - 63);
    if rate.is_finite() && rate <= f64::from(MAX_SAMPLE_RATE_HZ) {
        rate.round() as u32
    } else {
        0
    }
}

//! AIFF and AIFF-C: big-endian chunks, a sample rate in 80-bit floating point.

use super::byte_walker::{ByteWalker, big_endian};
use super::layout::{AudioLayout, Container, PcmLayout};
use crate::decoding::{ByteOrder, SampleFormat, SampleKind};
use crate::error::{Fault, FilePosition};
use crate::limit_checks::check_shape;
use crate::limits::MAX_SAMPLE_RATE_HZ;

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<AudioLayout, Fault> {
    const NO_SAMPLES: &str = "it ends before its samples begin";
    let compressed = walker.peek(start + 8, 4)? == b"AIFC";
    let mut layout: Option<PcmLayout> = None;
    let mut data = None;
    let mut at = start + 12;
    // COMM and SSND may come in either order.
    while let Some([a, b, c, d, size @ ..]) = walker.array::<8>(at)? {
        let size = u64::from(u32::from_be_bytes(size));
        let body = at + 8;
        match &[a, b, c, d] {
            b"COMM" => layout = Some(read_common(walker, body, compressed)?),
            b"SSND" => {
                let offset = u64::from(u32::from_be_bytes(walker.required(body, NO_SAMPLES)?));
                data = Some((body + 8 + offset, size.saturating_sub(8 + offset)));
            }
            _ => {}
        }
        if layout.is_some() && data.is_some() {
            break;
        }
        at = body + size + (size & 1);
    }
    let Some(layout) = layout else {
        let reason = "it ends before its description (no COMM chunk)";
        return Err(Fault::truncated(reason, walker.len()));
    };
    let (frames, frame_bytes) = (layout.frames, layout.frame_bytes() as u64);
    let (data_start, stored) = match data {
        Some(data) => data,
        // AIFF allows the sample chunk to be absent where there are no samples.
        None if frames == 0 => (0, 0),
        None => return Err(Fault::truncated(NO_SAMPLES, walker.len())),
    };
    let here = stored.min(walker.len().saturating_sub(data_start));
    if frames * frame_bytes > here {
        let at = FilePosition::frame(here / frame_bytes, layout.sample_rate_hz);
        let reason = format!("its header promises {frames} frames");
        return Err(Fault::truncated(reason, at));
    }
    Ok(AudioLayout::Pcm(PcmLayout { data_start, ..layout }))
}

/// The layout that the COMM chunk describes; where its samples start is in another chunk.
fn read_common(walker: &mut ByteWalker<'_>, at: u64, compressed: bool) -> Result<PcmLayout, Fault> {
    const CUT: &str = "it ends within its description (COMM chunk)";
    let b = walker.required::<18>(at, CUT)?;
    let kind = if compressed {
        walker.required::<4>(at + 18, CUT)?
    } else {
        *b"NONE"
    };
    let channels = u16::from_be_bytes([b[0], b[1]]);
    let bits = u16::from_be_bytes([b[6], b[7]]);
    let sample_rate_hz = extended_to_rate([b[8], b[9]], &b[10..18]);
    check_shape(sample_rate_hz, u64::from(channels))?;
    let samples = match (&kind, bits.div_ceil(8)) {
        (b"NONE" | b"twos" | b"sowt", 1) => SampleKind::I8,
        (b"NONE" | b"twos" | b"sowt", 2) => SampleKind::I16,
        (b"NONE" | b"in24" | b"sowt", 3) => SampleKind::I24,
        (b"NONE" | b"in32" | b"sowt", 4) => SampleKind::I32,
        (b"raw ", 1) => SampleKind::U8,
        (b"fl32" | b"FL32", _) => SampleKind::F32,
        (b"fl64" | b"FL64", _) => SampleKind::F64,
        (b"alaw" | b"ALAW", _) => SampleKind::ALaw,
        (b"ulaw" | b"ULAW", _) => SampleKind::MuLaw,
        _ => {
            let kind = String::from_utf8_lossy(&kind);
            let reason = format!("is AIFF with samples of the unknown kind {kind:?} and {bits} bits");
            return Err(Fault::Unsupported(reason));
        }
    };
    let order = match &kind {
        b"sowt" => ByteOrder::Little,
        _ => ByteOrder::Big,
    };
    Ok(PcmLayout {
        container: Container::Aiff,
        format: SampleFormat { kind: samples, order },
        channels,
        sample_rate_hz,
        data_start: 0,
        frames: big_endian(&b[2..6]),
    })
}

/// An 80-bit float (sign and exponent, then 64 bits of mantissa with its leading one) to a whole rate; 0 for one out of
/// range.
fn extended_to_rate(exponent: [u8; 2], mantissa: &[u8]) -> u32 {
    let exponent = u16::from_be_bytes(exponent);
    let rate = big_endian(mantissa) as f64 * 2f64.powi(i32::from(exponent) - 16_383 - 63);
    let plausible = exponent & 0x8000 == 0 && rate <= f64::from(MAX_SAMPLE_RATE_HZ);
    if plausible { rate.round() as u32 } else { 0 }
}

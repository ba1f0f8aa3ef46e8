//! RIFF/WAVE, its big-endian form RIFX, and its 64-bit forms RF64 and BW64.

use super::adpcm;
use super::byte_walker::ByteWalker;
use super::layout::{AudioLayout, Container, PcmLayout};
use super::wav_chunks::{DataChunk, WavFormat};
use crate::decoding::{ByteOrder, SampleFormat, SampleKind};
use crate::error::{Fault, FilePosition};
use crate::limit_checks::check_shape;

/// The end of every sub-format identifier in WAVE_FORMAT_EXTENSIBLE that means a plain tag. Before it come two numbers of
/// 16 bits, 0 and 0x0010, and before these the tag in 32 bits.
const EXTENSIBLE_SUFFIX: [u8; 8] = [0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<AudioLayout, Fault> {
    let order = match walker.array::<4>(start)? {
        Some([b'R', b'I', b'F', b'X']) => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let mut format = None;
    let mut fact_frames = None;
    let mut data_size_64 = None;
    let mut at = start + 12;
    loop {
        let [i, d, e, n, size @ ..] = walker.required::<8>(at, "it ends before its samples begin")?;
        let size = order.u32(size);
        let body = at + 8;
        match &[i, d, e, n] {
            b"fmt " => format = Some(read_format(walker, body, size, order)?),
            b"fact" => fact_frames = walker.array::<4>(body)?.map(|b| order.u32(b)),
            // After the 64-bit size of the whole file.
            b"ds64" => data_size_64 = walker.array::<8>(body + 8)?.map(u64::from_le_bytes),
            b"data" => {
                let Some(format) = format else {
                    let reason = "its samples come before their description (no fmt chunk)";
                    return Err(Fault::corrupt(reason, at));
                };
                let present = walker.len() - body;
                let (size, open_ended) = match data_size_64.filter(|_| size == u32::MAX) {
                    Some(size) => (size, false),
                    None if is_placeholder(walker, body, size, order)? => (present, true),
                    None => (u64::from(size), false),
                };
                let data = DataChunk {
                    start: body,
                    size,
                    present,
                    fact_frames,
                };
                return read_data(walker, &format, &data, open_ended);
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        at = body + u64::from(size) + u64::from(size & 1);
    }
}

fn read_format(
    walker: &mut ByteWalker<'_>,
    at: u64,
    size: u32,
    order: ByteOrder,
) -> Result<WavFormat, Fault> {
    const CUT: &str = "it ends within its fmt chunk";
    if size < 16 {
        let reason = format!("its fmt chunk has {size} bytes instead of 16 or more");
        return Err(Fault::corrupt(reason, at));
    }
    let b = walker.required::<16>(at, CUT)?;
    let u16_at = |i: usize| order.u16([b[i], b[i + 1]]);
    let mut format = WavFormat {
        order,
        tag: u16_at(0),
        channels: u16_at(2),
        sample_rate_hz: order.u32([b[4], b[5], b[6], b[7]]),
        block_align: u16_at(12),
        bits: u16_at(14),
    };
    if format.tag == 0xfffe && size >= 40 {
        let [t0, t1, t2, t3, a0, a1, b0, b1, suffix @ ..] = walker.required::<16>(at + 24, CUT)?;
        let plain = (order.u16([a0, a1]), order.u16([b0, b1]), suffix) == (0, 0x0010, EXTENSIBLE_SUFFIX);
        if let (true, Ok(tag)) = (plain, u16::try_from(order.u32([t0, t1, t2, t3]))) {
            format.tag = tag;
        }
    }
    check_shape(format.sample_rate_hz, u64::from(format.channels))?;
    Ok(format)
}

fn read_data(
    walker: &ByteWalker<'_>,
    format: &WavFormat,
    data: &DataChunk,
    open_ended: bool,
) -> Result<AudioLayout, Fault> {
    if let (0x02 | 0x11, 4) = (format.tag, format.bits) {
        return adpcm::layout(walker, format, data);
    }
    let samples = sample_format(format)?;
    let frame_bytes = samples.bytes() as u64 * u64::from(format.channels);
    let rate = format.sample_rate_hz;
    let end = || FilePosition::frame(data.present / frame_bytes, rate);
    data.check_present(end)?;
    if open_ended && !data.size.is_multiple_of(frame_bytes) {
        return Err(Fault::truncated("its last frame is incomplete", end()));
    }
    Ok(AudioLayout::Pcm(PcmLayout {
        container: Container::Wav,
        format: samples,
        channels: format.channels,
        sample_rate_hz: rate,
        data_start: data.start,
        frames: data.size / frame_bytes,
    }))
}

/// Whether the size of the data chunk was written before the length was known, by a program that could not return to it
/// (a pipe, an interrupted recorder). The samples then extend to the end of the file.
fn is_placeholder(
    walker: &mut ByteWalker<'_>,
    start: u64,
    size: u32,
    order: ByteOrder,
) -> Result<bool, Fault> {
    let left = walker.len() - start;
    match size {
        // ffmpeg writes all ones, sox 0x7ffff000, arecord two to the power of 31.
        u32::MAX | 0x7fff_f000 | 0x7fff_ffff | 0x8000_0000 => Ok(u64::from(size) > left),
        // No samples and another chunk after them: a finished, empty file. No chunk: samples.
        0 => Ok(left > 0
            && match walker.array::<8>(start)? {
                Some([name @ .., a, b, c, d]) => {
                    let fits = u64::from(order.u32([a, b, c, d])) + 8 <= left;
                    !(fits && name.iter().all(|c| c.is_ascii_graphic() || *c == b' '))
                }
                None => true,
            }),
        _ => Ok(false),
    }
}

fn sample_format(format: &WavFormat) -> Result<SampleFormat, Fault> {
    let (order, tag, bits) = (format.order, format.tag, format.bits);
    let (channels, block_align) = (format.channels, format.block_align);
    // Odd widths such as 12 or 20 bits are left-justified in whole bytes, by the definition of the format.
    let bytes = match block_align {
        0 => bits.div_ceil(8),
        _ => block_align / channels,
    };
    if bits == 0 || bits.div_ceil(8) > bytes || !block_align.is_multiple_of(channels) {
        let reason = format!("its header puts {channels} channels of {bits} bits into {block_align} bytes");
        return Err(Fault::Unsupported(reason));
    }
    let kind = match (tag, bytes) {
        (1, 1) => SampleKind::U8,
        (1, 2) => SampleKind::I16,
        (1, 3) => SampleKind::I24,
        // Quirk(arecord): ALSA's S24_LE is 24 bits in the lower three of four bytes, and arecord says so with a block
        // size that does not fit the bits. (WAVE_FORMAT_EXTENSIBLE says 32 bits and means the upper three.)
        (1, 4) if bits == 24 && order == ByteOrder::Little => SampleKind::I24Padded,
        (1, 4) => SampleKind::I32,
        (3, 4) if bits == 32 => SampleKind::F32,
        (3, 8) if bits == 64 => SampleKind::F64,
        (6, 1) => SampleKind::ALaw,
        (7, 1) => SampleKind::MuLaw,
        (0x50 | 0x55, _) => return Err(Fault::unsupported("is MPEG audio inside WAV")),
        _ => {
            let reason =
                format!("is WAV with samples in an unknown format (format tag {tag:#06x}, {bits} bits)");
            return Err(Fault::Unsupported(reason));
        }
    };
    Ok(SampleFormat { kind, order })
}

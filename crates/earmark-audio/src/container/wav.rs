//! RIFF/WAVE, its big-endian form RIFX, and its 64-bit forms RF64 and BW64.

use super::{Coded, Container, Layout, RawPcm, check_shape};
use crate::error::{Fault, Position};
use crate::pcm::SampleFormat;
use crate::source::Walker;

/// The end of every sub-format identifier in WAVE_FORMAT_EXTENSIBLE that stands for a plain tag. Before it stand two
/// numbers of 16 bits, 0 and 0x0010, and before these the tag in 32 bits.
const EXTENSIBLE_SUFFIX: [u8; 8] = [0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

/// The order of the bytes of every number in the file, samples and sizes alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    /// RIFX: what programs on big-endian machines wrote.
    Big,
}

impl Order {
    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }
}

struct Format {
    order: Order,
    tag: u16,
    channels: u16,
    sample_rate_hz: u32,
    block_align: u16,
    bits: u16,
}

pub(super) fn inspect(walker: &mut Walker<'_>, start: u64) -> Result<Layout, Fault> {
    let order = match walker.array::<4>(start)? {
        Some([b'R', b'I', b'F', b'X']) => Order::Big,
        _ => Order::Little,
    };
    let mut format = None;
    let mut fact_frames = None;
    let mut data_size_64 = None;
    let mut at = start + 12;
    loop {
        let Some([i, d, e, n, size @ ..]) = walker.array::<8>(at)? else {
            return Err(Fault::truncated("it ends before its samples begin", walker.len()));
        };
        let size = order.u32(size);
        let body = at + 8;
        match &[i, d, e, n] {
            b"fmt " => format = Some(read_format(walker, body, size, order)?),
            b"fact" => fact_frames = walker.array::<4>(body)?.map(|b| order.u32(b)),
            b"ds64" => data_size_64 = walker.array::<16>(body)?.map(|b| le64(&b[8..])),
            b"data" => {
                let Some(format) = format else {
                    return Err(Fault::corrupt(
                        "its samples come before their description (no fmt chunk)",
                        at,
                    ));
                };
                let stored = if size == u32::MAX { data_size_64 } else { None };
                return data(walker, format, body, size, stored, fact_frames);
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        at = body + u64::from(size) + u64::from(size & 1);
    }
}

fn le64(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &b| (sum << 8) | u64::from(b))
}

fn read_format(walker: &mut Walker<'_>, at: u64, size: u32, order: Order) -> Result<Format, Fault> {
    if size < 16 {
        return Err(Fault::corrupt(
            format!("its fmt chunk has {size} bytes and not 16"),
            at,
        ));
    }
    let Some(b) = walker.array::<16>(at)? else {
        return Err(Fault::truncated("it ends within its fmt chunk", walker.len()));
    };
    let u16_at = |i: usize| order.u16([b[i], b[i + 1]]);
    let mut format = Format {
        order,
        tag: u16_at(0),
        channels: u16_at(2),
        sample_rate_hz: order.u32([b[4], b[5], b[6], b[7]]),
        block_align: u16_at(12),
        bits: u16_at(14),
    };
    if format.tag == 0xfffe && size >= 40 {
        let Some([t0, t1, t2, t3, a0, a1, b0, b1, suffix @ ..]) = walker.array::<16>(at + 24)? else {
            return Err(Fault::truncated("it ends within its fmt chunk", walker.len()));
        };
        let plain = (order.u16([a0, a1]), order.u16([b0, b1]), suffix) == (0, 0x0010, EXTENSIBLE_SUFFIX);
        if let (true, Ok(tag)) = (plain, u16::try_from(order.u32([t0, t1, t2, t3]))) {
            format.tag = tag;
        }
    }
    check_shape(format.sample_rate_hz, u64::from(format.channels))?;
    Ok(format)
}

fn data(
    walker: &mut Walker<'_>,
    format: Format,
    start: u64,
    size: u32,
    size_64: Option<u64>,
    fact_frames: Option<u32>,
) -> Result<Layout, Fault> {
    let present = walker.len() - start;
    let (size, open_ended) = match size_64 {
        Some(size) => (size, false),
        None if is_placeholder(walker, start, size, format.order)? => (present, true),
        None => (u64::from(size), false),
    };
    let samples = match (format.tag, format.bits) {
        // IMA and Microsoft ADPCM: Symphonia's work.
        (0x02 | 0x11, 4) => return adpcm(walker, &format, start, size, fact_frames),
        _ => sample_format(&format)?,
    };
    let frame_bytes = samples.bytes() as u64 * u64::from(format.channels);
    let rate = format.sample_rate_hz;
    if size > present {
        let at = Position::frame(present / frame_bytes, rate);
        return Err(Fault::Truncated(
            format!("its header says {size} bytes of samples, {present} are there"),
            at,
        ));
    }
    if open_ended && size % frame_bytes != 0 {
        let at = Position::frame(present / frame_bytes, rate);
        return Err(Fault::Truncated("its last frame is incomplete".into(), at));
    }
    Ok(Layout::Pcm(RawPcm {
        container: Container::Wav,
        format: samples,
        channels: format.channels,
        sample_rate_hz: rate,
        data_start: start,
        frames: size / frame_bytes,
    }))
}

/// Whether the size of the data chunk was written before the length was known, by a program that could not
/// return to it (a pipe, an interrupted recorder). The samples then go on to the end of the file.
fn is_placeholder(walker: &mut Walker<'_>, start: u64, size: u32, order: Order) -> Result<bool, Fault> {
    let left = walker.len() - start;
    match size {
        // ffmpeg writes all ones, sox 0x7ffff000, arecord two to the power of 31.
        u32::MAX | 0x7fff_f000 | 0x7fff_ffff | 0x8000_0000 => Ok(u64::from(size) > left),
        // No samples and another chunk behind: a finished, empty file. No chunk: samples.
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

fn sample_format(format: &Format) -> Result<SampleFormat, Fault> {
    let Format {
        order,
        tag,
        channels,
        block_align,
        bits,
        ..
    } = *format;
    // Odd widths, as 12 or 20 bits, are left-justified in whole bytes (so says the format's definition).
    let bytes = if block_align == 0 {
        bits.div_ceil(8)
    } else {
        block_align / channels
    };
    if bits == 0 || bits.div_ceil(8) > bytes || !block_align.is_multiple_of(channels) {
        let reason = format!("its header fits {channels} channels of {bits} bits into {block_align} bytes");
        return Err(Fault::Unsupported(reason));
    }
    Ok(match (tag, bytes, order) {
        (1, 1, _) => SampleFormat::U8,
        (1, 2, Order::Little) => SampleFormat::I16Le,
        (1, 2, Order::Big) => SampleFormat::I16Be,
        (1, 3, Order::Little) => SampleFormat::I24Le,
        (1, 3, Order::Big) => SampleFormat::I24Be,
        // Quirk(arecord): ALSA's S24_LE is 24 bits in the lower three of four bytes, and arecord says so with a block
        // size that does not fit the bits. (WAVE_FORMAT_EXTENSIBLE says 32 bits and means the upper three.)
        (1, 4, Order::Little) if bits == 24 => SampleFormat::I24PaddedLe,
        (1, 4, Order::Little) => SampleFormat::I32Le,
        (1, 4, Order::Big) => SampleFormat::I32Be,
        (3, 4, Order::Little) if bits == 32 => SampleFormat::F32Le,
        (3, 4, Order::Big) if bits == 32 => SampleFormat::F32Be,
        (3, 8, Order::Little) if bits == 64 => SampleFormat::F64Le,
        (3, 8, Order::Big) if bits == 64 => SampleFormat::F64Be,
        (6, 1, _) => SampleFormat::ALaw,
        (7, 1, _) => SampleFormat::MuLaw,
        (0x50 | 0x55, ..) => return Err(Fault::Unsupported("is MPEG audio inside WAV".into())),
        _ => {
            let reason =
                format!("is WAV with samples of an unknown kind (format tag {tag:#06x}, {bits} bits)");
            return Err(Fault::Unsupported(reason));
        }
    })
}

fn adpcm(
    walker: &Walker<'_>,
    format: &Format,
    start: u64,
    size: u64,
    fact_frames: Option<u32>,
) -> Result<Layout, Fault> {
    let (channels, block) = (u64::from(format.channels), u64::from(format.block_align));
    if channels > 2 {
        return Err(Fault::Unsupported(format!("is ADPCM with {channels} channels")));
    }
    if format.order == Order::Big {
        return Err(Fault::Unsupported("is ADPCM in big-endian WAV (RIFX)".into()));
    }
    // Header bytes and header frames of a channel's block.
    let (head_bytes, head_frames) = if format.tag == 2 { (7, 2) } else { (4, 1) };
    if block <= head_bytes * channels {
        return Err(Fault::corrupt(
            format!("its ADPCM blocks have {block} bytes, less than their header"),
            start,
        ));
    }
    let block_frames = (block - head_bytes * channels) * 2 / channels + head_frames;
    let present = walker.len() - start;
    let whole = size / block * block_frames;
    let frames = fact_frames
        .map(u64::from)
        .filter(|&n| n <= whole)
        .unwrap_or(whole);
    if size > present {
        let at = Position::frame(present / block * block_frames, format.sample_rate_hz);
        return Err(Fault::Truncated(
            format!("its header says {size} bytes of samples, {present} are there"),
            at,
        ));
    }
    Ok(Layout::Coded(Coded {
        container: Container::Wav,
        start: 0,
        end: walker.len(),
        skip_frames: 0,
        frames: Some(frames),
        padded: true,
        packet_bytes: None,
    }))
}

//! MP3: one frame after another, without a container.

use super::byte_walker::{ByteWalker, big_endian};
use super::layout::{CodedLayout, Container};
use super::tags::expect_trailer;
use crate::error::Fault;

/// An MP3 frame header, as far as the walk needs it.
struct Mp3Frame {
    bytes: u64,
    frames: u64,
    /// Where an encoder's information tag would be: after header and side information.
    tag_offset: u64,
    /// Version and rate, which can't change within a file.
    kind: (u8, u8),
}

const KBIT_MPEG1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBIT_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

fn mp3_header(b: [u8; 4]) -> Option<Mp3Frame> {
    let version = (b[1] >> 3) & 3; // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
    let layer = (b[1] >> 1) & 3; // 1: layer III
    let rate_index = (b[2] >> 2) & 3;
    if b[0] != 0xff || b[1] & 0xe0 != 0xe0 || version == 1 || layer != 1 || rate_index == 3 {
        return None;
    }
    let mpeg1 = version == 3;
    let table = if mpeg1 { KBIT_MPEG1 } else { KBIT_MPEG2 };
    let kbit = *table.get(usize::from(b[2] >> 4)).filter(|&&kbit| kbit > 0)?;
    // By version, of which 1 was refused.
    let divider = [4, 1, 2, 1][usize::from(version)];
    let rate = [44_100, 48_000, 32_000][usize::from(rate_index)] / divider;
    let frames = if mpeg1 { 1152 } else { 576 };
    let padding = u32::from((b[2] >> 1) & 1);
    let mono = b[3] >> 6 == 3;
    let side = match (mpeg1, mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    Some(Mp3Frame {
        bytes: u64::from(frames / 8 * kbit * 1000 / rate + padding),
        frames: u64::from(frames),
        tag_offset: 4 + side,
        kind: (version, rate_index),
    })
}

/// What the encoder says about the whole file, in place of a first frame of audio.
#[derive(Default)]
struct InfoTag {
    mpeg_frames: Option<u64>,
    /// Frames added at the start and at the end (LAME writes them), 0 where not stated.
    delay: u64,
    padding: u64,
    /// LAME and ffmpeg never count the frame of the tag itself; some others do.
    may_count_itself: bool,
}

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<CodedLayout, Fault> {
    let mut at = start;
    let mut count = 0u64;
    let mut kind = None;
    let mut frame_len = 0;
    let mut tag = None;
    while let Some(header) = walker.array::<4>(at)? {
        let Some(frame) = mp3_header(header) else { break };
        if *kind.get_or_insert(frame.kind) != frame.kind {
            return Err(Fault::corrupt("the sample rate changes here", at));
        }
        if at + frame.bytes > walker.len() {
            return Err(Fault::truncated("its last frame is incomplete", at));
        }
        frame_len = frame.frames;
        if count == 0 && tag.is_none() {
            tag = info_tag(walker, at, &frame)?;
        }
        if !(at == start && tag.is_some()) {
            count += 1;
        }
        at += frame.bytes;
    }
    if at == start {
        return Err(unsupported_mpeg(walker.array::<4>(start)?));
    }
    expect_trailer(walker, at)?;
    let tag = tag.unwrap_or_default();
    if let Some(stated) = tag.mpeg_frames {
        let reason = || format!("its header promises {stated} MPEG frames, but {count} are present");
        if stated > count + u64::from(tag.may_count_itself) {
            return Err(Fault::truncated(reason(), at));
        }
        if stated < count {
            return Err(Fault::corrupt(reason(), at));
        }
    }
    let skip_frames = tag.delay.min(count * frame_len);
    let frames = (count * frame_len - skip_frames).saturating_sub(tag.padding);
    Ok(CodedLayout {
        skip_frames,
        frames: Some(frames),
        padded: true,
        ..CodedLayout::new(Container::Mp3, start, at)
    })
}

fn unsupported_mpeg(header: Option<[u8; 4]>) -> Fault {
    match header {
        Some([0xff, second, ..]) if matches!((second >> 1) & 3, 2 | 3) => {
            Fault::unsupported("is MPEG audio of layer I or II, which is not supported")
        }
        Some(_) => Fault::unsupported("begins like MPEG audio but is not"),
        None => Fault::truncated("it ends within its header", 0_u64),
    }
}

fn info_tag(walker: &mut ByteWalker<'_>, at: u64, frame: &Mp3Frame) -> Result<Option<InfoTag>, Fault> {
    let body = at + frame.tag_offset;
    if let Some(b) = walker.array::<8>(body)?
        && (b.starts_with(b"Xing") || b.starts_with(b"Info"))
    {
        let flags = b[7];
        let stated = walker.array::<4>(body + 8)?.filter(|_| flags & 1 != 0);
        let mut tag = InfoTag {
            mpeg_frames: stated.map(|b| big_endian(&b)),
            may_count_itself: true,
            ..InfoTag::default()
        };
        // Optional fields: count, size, seek table, quality; then the encoder's name and its own fields.
        let size = |bit: u8, bytes: u64| if flags & bit != 0 { bytes } else { 0 };
        let lame = body + 8 + size(1, 4) + size(2, 4) + size(4, 100) + size(8, 4);
        if let Some(b) = walker.array::<24>(lame)?
            && (b.starts_with(b"LAME") || b.starts_with(b"Lavf") || b.starts_with(b"Lavc"))
        {
            // Two 12-bit numbers; the decoder itself delays by another 529 frames.
            tag.delay = (u64::from(b[21]) << 4 | u64::from(b[22] >> 4)) + 529;
            tag.padding = (u64::from(b[22] & 15) << 8 | u64::from(b[23])).saturating_sub(529);
            tag.may_count_itself = false;
        }
        return Ok(Some(tag));
    }
    // Fraunhofer's tag is always 32 bytes after the header; its frame count is 14 bytes into it.
    if let Some(b) = walker.array::<18>(at + 36)?
        && b.starts_with(b"VBRI")
    {
        return Ok(Some(InfoTag {
            mpeg_frames: Some(big_endian(&b[14..])),
            may_count_itself: true,
            ..InfoTag::default()
        }));
    }
    Ok(None)
}

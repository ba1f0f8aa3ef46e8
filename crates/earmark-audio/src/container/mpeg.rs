//! MP3 and ADTS (bare AAC): no container at all, one frame after the other.

use super::{Coded, Container};
use crate::error::Fault;
use crate::source::Walker;

/// An MP3 frame header, as far as the walk needs it.
struct Mp3Frame {
    bytes: u64,
    frames: u64,
    /// Where an encoder's information tag would stand: behind header and side information.
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
    let divider = match version {
        3 => 1,
        2 => 2,
        _ => 4,
    };
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

/// What the encoder says of the whole file, in place of a first frame of audio.
struct InfoTag {
    mpeg_frames: Option<u64>,
    /// Frames added at the start and at the end (LAME writes them), 0 where not told.
    delay: u64,
    padding: u64,
    /// LAME and ffmpeg never count the frame of the tag itself; some others do.
    may_count_itself: bool,
}

pub(super) fn inspect_mp3(walker: &mut Walker<'_>, start: u64) -> Result<Coded, Fault> {
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
    let (delay, padding) = match tag {
        Some(InfoTag {
            mpeg_frames: Some(told),
            delay,
            padding,
            may_count_itself,
        }) => {
            if told > count + u64::from(may_count_itself) {
                return Err(Fault::truncated(
                    format!("its header says {told} MPEG frames, {count} are there"),
                    at,
                ));
            }
            if told < count {
                let reason = format!("its header says {told} MPEG frames, {count} are there");
                return Err(Fault::corrupt(reason, at));
            }
            (delay, padding)
        }
        Some(InfoTag { delay, padding, .. }) => (delay, padding),
        None => (0, 0),
    };
    let skip_frames = delay.min(count * frame_len);
    let frames = (count * frame_len - skip_frames).saturating_sub(padding);
    Ok(Coded {
        container: Container::Mp3,
        start,
        end: at,
        skip_frames,
        frames: Some(frames),
        padded: true,
        packet_bytes: None,
    })
}

fn unsupported_mpeg(header: Option<[u8; 4]>) -> Fault {
    match header {
        Some([0xff, second, ..]) if matches!((second >> 1) & 3, 2 | 3) => {
            Fault::Unsupported("is MPEG audio of layer I or II, which is not read".into())
        }
        Some(_) => Fault::Unsupported("begins like MPEG audio but is none".into()),
        None => Fault::truncated("it ends within its header", 0),
    }
}

fn info_tag(walker: &mut Walker<'_>, at: u64, frame: &Mp3Frame) -> Result<Option<InfoTag>, Fault> {
    let body = at + frame.tag_offset;
    if let Some(b) = walker.array::<8>(body)?
        && (b.starts_with(b"Xing") || b.starts_with(b"Info"))
    {
        let flags = b[7];
        let told = if flags & 1 != 0 {
            walker.array::<4>(body + 8)?
        } else {
            None
        };
        // Optional fields: count, size, seek table, quality; then the encoder's name and its own fields.
        let size = |bit: u8, bytes: u64| if flags & bit != 0 { bytes } else { 0 };
        let lame = body + 8 + size(1, 4) + size(2, 4) + size(4, 100) + size(8, 4);
        let (mut delay, mut padding, mut may_count_itself) = (0, 0, true);
        if let Some(b) = walker.array::<24>(lame)?
            && (b.starts_with(b"LAME") || b.starts_with(b"Lavf") || b.starts_with(b"Lavc"))
        {
            // Two 12-bit numbers; the decoder itself delays by 529 frames more.
            let (d, p) = (
                u64::from(b[21]) << 4 | u64::from(b[22] >> 4),
                u64::from(b[22] & 15) << 8 | u64::from(b[23]),
            );
            may_count_itself = false;
            delay = d + 529;
            padding = p.saturating_sub(529);
        }
        return Ok(Some(InfoTag {
            mpeg_frames: told.map(|b| u64::from(u32::from_be_bytes(b))),
            delay,
            padding,
            may_count_itself,
        }));
    }
    // Fraunhofer's tag always stands 32 bytes behind the header; its frame count 14 bytes into it.
    if let Some(b) = walker.array::<18>(at + 36)?
        && b.starts_with(b"VBRI")
    {
        let told = u32::from_be_bytes([b[14], b[15], b[16], b[17]]);
        return Ok(Some(InfoTag {
            mpeg_frames: Some(u64::from(told)),
            delay: 0,
            padding: 0,
            may_count_itself: true,
        }));
    }
    Ok(None)
}

/// After the last frame there may be tags or zeros. Anything else is a recording that breaks off: what follows
/// the gap can't be told from noise.
fn expect_trailer(walker: &mut Walker<'_>, at: u64) -> Result<(), Fault> {
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

pub(super) fn inspect_adts(walker: &mut Walker<'_>, start: u64) -> Result<Coded, Fault> {
    let mut at = start;
    let mut frames = 0u64;
    while let Some(b) = walker.array::<7>(at)? {
        if b[0] != 0xff || b[1] & 0xf6 != 0xf0 {
            break;
        }
        let bytes = u64::from(b[3] & 3) << 11 | u64::from(b[4]) << 3 | u64::from(b[5] >> 5);
        if bytes < 7 {
            return Err(Fault::corrupt(
                format!("a frame claims {bytes} bytes, less than its header"),
                at,
            ));
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
    Ok(Coded {
        container: Container::Adts,
        start,
        end: at,
        skip_frames: 0,
        frames: Some(frames),
        padded: false,
        packet_bytes: None,
    })
}

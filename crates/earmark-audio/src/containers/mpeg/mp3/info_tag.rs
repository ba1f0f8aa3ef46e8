//! What an encoder says about the whole recording, in place of a first frame of sound: the tags of Xing and LAME, and Fraunhofer's.

use super::super::frame_rows::FrameHeader;
use super::frame_header::{Kind, has_checksum};
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::tags::bounded;
use crate::error::Fault;

/// Fraunhofer's tag is always this far into the frame, whatever the side information.
const VBRI_OFFSET: usize = 36;
/// Bytes of Fraunhofer's tag without its table.
const VBRI_BYTES: usize = 26;
/// Bytes of LAME's part of a tag up to the delays.
const LAME_BYTES: usize = 24;
/// The longest part of a frame that is looked at: header, side information, Xing's tag with its table, LAME's part.
const TAG_BYTES: usize = 4 + 32 + 120 + LAME_BYTES;
/// What every decoder of layer III delays by, in addition to the encoder.
const DECODER_DELAY: u64 = 529;

/// Samples that were added at both ends of a recording so that it fills whole frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delays {
    /// To leave out at the start of what comes out of the decoder.
    pub(super) start: u64,
    /// To leave out at its end.
    pub(super) end: u64,
}

impl Delays {
    /// From what an encoder states: its own delay, which the decoder adds to, and its padding, of which the decoder's delay uses a
    /// part.
    pub(super) fn of_encoder(delay: u64, padding: u64) -> Self {
        Self {
            start: delay + DECODER_DELAY,
            end: padding.saturating_sub(DECODER_DELAY),
        }
    }
}

/// The tag of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InfoTag {
    /// Frames of sound.
    pub(super) mpeg_frames: Option<u64>,
    /// Whether the frame of the tag may be one of them: LAME and ffmpeg never count it, some others do.
    pub(super) may_count_itself: bool,
    pub(super) delays: Option<Delays>,
}

/// Whether the frame is a tag, decided as Symphonia's reader does, which leaves such frames out wherever they are.
pub(super) fn is_info_tag(frame: &[u8], header: &FrameHeader) -> bool {
    let kind = Kind::from_bits(header.kind);
    kind.layer == 3 && (is_vbri(frame, header) || xing_fields(frame, header).is_some())
}

/// The tag in the frame at `at`.
pub(super) fn read_info_tag(
    walker: &mut ByteWalker<'_>,
    at: u64,
    header: &FrameHeader,
) -> Result<Option<InfoTag>, Fault> {
    let frame = frame_start(walker, at, header)?;
    if let Some(fields) = xing_fields(&frame, header) {
        return Ok(Some(xing_tag(&frame, fields)));
    }
    if is_vbri(&frame, header) {
        return Ok(Some(InfoTag {
            mpeg_frames: frame.get(VBRI_OFFSET + 14..VBRI_OFFSET + 18).map(big_endian),
            may_count_itself: true,
            delays: None,
        }));
    }
    Ok(None)
}

/// The part of a frame in which a tag can be.
pub(super) fn frame_start(
    walker: &mut ByteWalker<'_>,
    at: u64,
    header: &FrameHeader,
) -> Result<Vec<u8>, Fault> {
    bounded(walker, at, at + header.bytes, TAG_BYTES)
}

/// Where the fields of Xing's tag are in a frame.
struct XingFields {
    flags: u8,
    /// Of the number of frames, where there is one.
    frames: usize,
    /// Of LAME's part.
    lame: usize,
}

/// The place of Xing's tag: behind a side information of zeros, and inside the frame with all fields that its flags announce.
fn xing_fields(frame: &[u8], header: &FrameHeader) -> Option<XingFields> {
    let at = 4 + Kind::from_bits(header.kind).side_bytes();
    let id = frame.get(at..at + 4)?;
    if (id != b"Xing" && id != b"Info") || !is_zero(frame, at) {
        return None;
    }
    let flags = *frame.get(at + 7)?;
    // Optional fields: number of frames, of bytes, seek table, quality.
    let size = |bit: u8, bytes: usize| if flags & bit != 0 { bytes } else { 0 };
    let lame = at + 8 + size(1, 4) + size(2, 4) + size(4, 100) + size(8, 4);
    (lame as u64 <= header.bytes).then_some(XingFields {
        flags,
        frames: at + 8,
        lame,
    })
}

fn xing_tag(frame: &[u8], fields: XingFields) -> InfoTag {
    let stated = frame.get(fields.frames..fields.frames + 4);
    let mut tag = InfoTag {
        mpeg_frames: stated.filter(|_| fields.flags & 1 != 0).map(big_endian),
        may_count_itself: true,
        delays: None,
    };
    let lame = frame.get(fields.lame..fields.lame + LAME_BYTES);
    let encoders: [&[u8]; 3] = [b"LAME", b"Lavf", b"Lavc"];
    if let Some(lame) = lame.filter(|lame| encoders.iter().any(|name| lame.starts_with(name))) {
        // Two numbers of twelve bits.
        let delays = big_endian(&lame[21..24]);
        tag.delays = Some(Delays::of_encoder(delays >> 12, delays & 0xfff));
        tag.may_count_itself = false;
    }
    tag
}

fn is_vbri(frame: &[u8], header: &FrameHeader) -> bool {
    header.bytes >= (VBRI_OFFSET + VBRI_BYTES) as u64
        && frame.get(VBRI_OFFSET..VBRI_OFFSET + 6) == Some(b"VBRI\0\x01".as_slice())
        && is_zero(frame, VBRI_OFFSET)
}

/// Whether all is zero between the header, with its checksum, and the tag at `to`.
fn is_zero(frame: &[u8], to: usize) -> bool {
    let from = if has_checksum(frame) { 6 } else { 4 };
    frame
        .get(from..to)
        .is_some_and(|bytes| bytes.iter().all(|&b| b == 0))
}

#[cfg(test)]
mod tests {
    use super::super::frame_header::frame_header;
    use super::*;

    /// A frame of 417 bytes (128 kbit/s, 44.1 kHz, stereo) with these bytes at this place.
    fn frame(at: usize, bytes: &[u8]) -> (Vec<u8>, FrameHeader) {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        let header = frame_header(&frame).expect("a header");
        (frame, header)
    }

    fn tag(frame: &[u8], header: &FrameHeader) -> Option<InfoTag> {
        let mut source = std::io::Cursor::new(frame.to_vec());
        let mut walker = ByteWalker::new(&mut source).expect("readable");
        read_info_tag(&mut walker, 0, header).expect("readable")
    }

    #[test]
    fn lame_states_frames_and_delays() {
        let mut bytes = b"Info\0\0\0\x05".to_vec();
        bytes.extend(1000_u32.to_be_bytes());
        bytes.extend([0; 100]);
        bytes.extend(b"LAME3.100");
        bytes.extend([0; 12]);
        bytes.extend([0x24, 0x04, 0x65]);
        let (frame, header) = frame(36, &bytes);
        assert!(is_info_tag(&frame, &header));
        let got = tag(&frame, &header).expect("a tag");
        assert_eq!((got.mpeg_frames, got.may_count_itself), (Some(1000), false));
        // 576 and 1,125 samples.
        assert_eq!(
            got.delays,
            Some(Delays {
                start: 1105,
                end: 596
            })
        );
    }

    #[test]
    fn other_encoders_state_what_they_have() {
        let (frame, header) = frame(36, b"Xing\0\0\0\0");
        assert_eq!(tag(&frame, &header).expect("a tag").mpeg_frames, None);
        let mut bytes = b"VBRI\0\x01".to_vec();
        bytes.extend([0; 8]);
        bytes.extend(77_u32.to_be_bytes());
        let (frame, header) = self::frame(36, &bytes);
        assert_eq!(tag(&frame, &header).expect("a tag").mpeg_frames, Some(77));
    }

    #[test]
    fn sound_that_contains_a_tags_name_stays_sound() {
        // At another place; behind side information that is not empty; with another version.
        let (elsewhere, header) = frame(40, b"Xing\0\0\0\0");
        let (mut used, _) = frame(36, b"Info\0\0\0\0");
        used[20] = 1;
        let (version, _) = frame(36, b"VBRI\0\x02");
        for frame in [elsewhere, used, version] {
            assert!(!is_info_tag(&frame, &header));
            assert_eq!(tag(&frame, &header), None);
        }
    }
}

//! MPEG audio, layers I to III: one frame after another, without a container, or inside one that has no own structure
//! for it.
//!
//! A file may hold several recordings, each with an encoder's tag in place of its first frame, and tags of its owner
//! between them. Frames are followed by [`frame_rows`](super::frame_rows); [`recordings`] makes sections of their rows,
//! held to what the encoder's tag promises.

mod frame_header;
mod info_tag;
mod itunes_gapless;
mod recordings;
mod side_information;

use super::frame_rows::{FrameContent, FrameFormat, FrameHeader, FrameRows, HEADER_BYTES, Row, walk_rows};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::FileWalk;
use crate::containers::tags::{bounded, id3v2_bytes};
use crate::error::Fault;
use frame_header::{Kind, frame_header, has_checksum, unsupported_feature};
use info_tag::{frame_start, is_info_tag};
use itunes_gapless::{ItunesGapless, itunes_gapless};
use side_information::{ReservoirAtStart, SideInformation, side_information};

/// Quirk(symphonia): of mixed blocks it does not scale the band below the switch, which can be thousands of times too
/// loud, and leaves out all above it.
const MIXED_BLOCKS: &str = "its frame has mixed blocks, which the decoder gets wrong";
/// More frames with mixed blocks than this are no accident: the encoder makes them, and the file is refused.
const MAX_MIXED_FRAMES: u64 = 8;

/// Walks over a file of MPEG audio from `start` on, behind the tags at its beginning. The first frame may begin up to
/// 64 KiB later.
///
/// # Errors
///
/// Without any frame that can be decoded, or with an encoder's feature that the decoder gets wrong.
pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let leading = leading_comment(walker, start)?;
    let end = walker.len();
    walk(walker, start, end, Container::Mp3, leading)
}

/// Walks over MPEG audio in the bytes from `start` to `end` of a WAV file.
///
/// # Errors
///
/// As [`inspect`].
pub(in crate::containers) fn inspect_range(
    walker: &mut ByteWalker<'_>,
    start: u64,
    end: u64,
) -> Result<FileWalk, Fault> {
    let end = end.min(walker.len());
    walk(walker, start, end, Container::Wav, None)
}

fn walk(
    walker: &mut ByteWalker<'_>,
    start: u64,
    end: u64,
    container: Container,
    leading: Option<ItunesGapless>,
) -> Result<FileWalk, Fault> {
    let found = walk_rows(walker, &MpegFrames, start, end)?;
    if found.unreadable > MAX_MIXED_FRAMES {
        let frames = found.unreadable;
        let reason = format!("uses mixed blocks in {frames} MPEG frames, which the decoder gets wrong");
        return Err(Fault::Unsupported(reason));
    }
    if found.rows.is_empty() {
        let head = bounded(walker, start, end, HEADER_BYTES)?;
        return Err(no_frames(&head, &found, start));
    }
    recordings::to_sections(walker, found, container, leading)
}

/// Why there is no sound.
fn no_frames(head: &[u8], found: &FrameRows, start: u64) -> Fault {
    if let Some(what) = unsupported_feature(head) {
        return Fault::Unsupported(format!("is MPEG audio with {what}, which is not supported"));
    }
    match &found.gap_at_end {
        Some(gap) if gap.is_cut_off => Fault::truncated(gap.reason.as_str(), gap.at),
        Some(gap) if found.unreadable > 0 => Fault::unsupported(gap.reason.as_str()),
        _ if head.len() < 4 => Fault::truncated("it ends within its header", start),
        _ => Fault::unsupported("begins like MPEG audio but is not"),
    }
}

/// The delays that iTunes states in the tags before `start`.
fn leading_comment(walker: &mut ByteWalker<'_>, start: u64) -> Result<Option<ItunesGapless>, Fault> {
    let mut at = 0;
    while at < start
        && let Some(header) = walker.array::<10>(at)?
        && header.starts_with(b"ID3")
    {
        if let Some(found) = itunes_gapless(walker, at)? {
            return Ok(Some(found));
        }
        at += id3v2_bytes(header);
    }
    Ok(None)
}

/// The frames of MPEG audio.
pub(super) struct MpegFrames;

impl FrameFormat for MpegFrames {
    fn header(&self, bytes: &[u8]) -> Option<FrameHeader> {
        frame_header(bytes)
    }

    fn is_sync(&self, first: u8, second: u8) -> bool {
        first == 0xff && second & 0xe0 == 0xe0
    }

    fn content(
        &self,
        walker: &mut ByteWalker<'_>,
        at: u64,
        header: &FrameHeader,
    ) -> Result<FrameContent, Fault> {
        if Kind::from_bits(header.kind).layer != 3 {
            return Ok(FrameContent::Sound);
        }
        let frame = frame_start(walker, at, header)?;
        Ok(match side_of(&frame, header) {
            _ if is_info_tag(&frame, header) => FrameContent::InfoTag,
            Some((side, _)) if side.has_mixed_blocks => FrameContent::Unreadable(MIXED_BLOCKS),
            _ => FrameContent::Sound,
        })
    }
}

/// The side information of a frame of layer III, and how many bytes of main data follow it.
fn side_of(frame: &[u8], header: &FrameHeader) -> Option<(SideInformation, u64)> {
    let kind = Kind::from_bits(header.kind);
    let at = if has_checksum(frame) { 6 } else { 4 };
    let side = side_information(frame.get(at..)?, kind)?;
    let before = (at + kind.side_bytes()) as u64;
    Some((side, header.bytes.saturating_sub(before)))
}

/// How many samples at the start of a row are silent because a decoder that begins there lacks the frames before.
fn silent_samples(walker: &mut ByteWalker<'_>, row: &Row) -> Result<u64, Fault> {
    let mut reservoir = ReservoirAtStart::default();
    let mut at = row.start;
    let mut is_tag = row.has_info_tag;
    while at < row.end {
        let Some(header) = frame_header(walker.peek(at, HEADER_BYTES)?) else {
            break;
        };
        if Kind::from_bits(header.kind).layer != 3 {
            break;
        }
        let frame = frame_start(walker, at, &header)?;
        let Some((side, main_data_bytes)) = side_of(&frame, &header) else {
            break;
        };
        // The reader keeps the tag from the decoder.
        if !is_tag && !reservoir.add(&side, main_data_bytes) {
            break;
        }
        is_tag = false;
        at += header.bytes;
    }
    Ok(reservoir.silent_granules * side_information::GRANULE_SAMPLES)
}

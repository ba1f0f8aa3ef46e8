//! Rows of frames without a container around them, as MP3 and ADTS files are: every frame states its own length.
//!
//! The walk follows the frames of a file in rows. A row is what one decoder can read in one go: frames of the same version, rate
//! and channels. Tags and padding lie between frames; they stay inside a row where the decoder's reader passes over them by
//! itself, so that what a decoder keeps from frame to frame (the bit reservoir, the overlap of the transform) is not lost. Where
//! a frame does not follow, the walk looks for the next consistent frames and notes a [`Gap`].

mod find_frames;
mod gap;
mod go_on_behind_damage;
mod walk;

pub(crate) use find_frames::{SearchRange, find_frames};
pub(crate) use gap::Gap;
pub(crate) use walk::walk_rows;

use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::error::Fault;

/// The most bytes that a header needs.
pub(crate) const HEADER_BYTES: usize = 7;

/// How far frames are looked for at the start of a file.
pub(crate) const START_SEARCH_BYTES: u64 = 64 * 1024;

/// A frame header, as far as the walk needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Of the whole frame with its header.
    pub(crate) bytes: u64,
    /// Per channel.
    pub(crate) samples: u64,
    pub(crate) sample_rate_hz: u32,
    /// What can't change within a row, in bits of the format's own.
    pub(crate) kind: u32,
}

/// What a frame holds for a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameContent {
    Sound,
    /// An encoder's remarks in place of sound; a recording begins here.
    InfoTag,
    /// Sound that the decoder gets wrong: why.
    Unreadable(&'static str),
}

/// A format of bare frames.
pub(crate) trait FrameFormat {
    /// The header that these bytes begin with, at most [`HEADER_BYTES`] of them.
    fn header(&self, bytes: &[u8]) -> Option<FrameHeader>;

    /// Whether the decoder's reader would stop at these two bytes while it looks for a frame.
    fn is_sync(&self, first: u8, second: u8) -> bool;

    /// What the whole frame at `at` holds.
    fn content(
        &self,
        walker: &mut ByteWalker<'_>,
        at: u64,
        header: &FrameHeader,
    ) -> Result<FrameContent, Fault>;
}

/// Frames that one decoder reads in one go.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// First byte of the first frame.
    pub(crate) start: u64,
    /// Behind the last frame.
    pub(crate) end: u64,
    /// Of the first frame.
    pub(crate) header: FrameHeader,
    pub(crate) has_info_tag: bool,
    /// Frames of sound, without an information tag.
    pub(crate) frames: u64,
    /// What they give, per channel.
    pub(crate) samples: u64,
    /// Bytes of the shortest and of the longest of them.
    pub(crate) frame_bytes: (u64, u64),
    /// What is missing before the row.
    pub(crate) gap: Option<Gap>,
    /// Where an ID3v2 tag right before the row begins.
    pub(crate) tag_before: Option<u64>,
}

impl Row {
    /// All frames, with an information tag.
    fn all_frames(&self) -> u64 {
        self.frames + u64::from(self.has_info_tag)
    }

    /// Whether all frames are equally long except for a slot of padding.
    fn is_constant_rate(&self) -> bool {
        let (shortest, longest) = self.frame_bytes;
        longest <= shortest.saturating_add(4)
    }
}

/// All rows of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameRows {
    pub(crate) rows: Vec<Row>,
    /// What is missing, or not understood, behind the last row.
    pub(crate) gap_at_end: Option<Gap>,
    /// Frames that were left out because the decoder would get them wrong, and why.
    pub(crate) unreadable: u64,
    pub(crate) notes: Vec<ClipNote>,
}

//! What walking over a container finds: where the audio is, and what must come out of it.

use super::container::Container;
use super::flac::layout::FlacLayout;
use super::packet_layout::PacketLayout;
use crate::clip::{ClipNote, LostSound};
use crate::decoding::{BlockCodec, SampleFormat};

/// Where uncompressed samples are.
#[derive(Clone, Debug)]
pub(crate) struct PcmLayout {
    pub(crate) container: Container,
    pub(crate) format: SampleFormat,
    pub(crate) channels: u16,
    pub(crate) sample_rate_hz: u32,
    /// All samples in order, in most files in one part.
    pub(crate) parts: Vec<PcmPart>,
}

impl PcmLayout {
    pub(crate) fn frame_bytes(&self) -> usize {
        self.format.bytes() * usize::from(self.channels)
    }

    /// Frames of all parts.
    pub(crate) fn frames(&self) -> u64 {
        self.parts.iter().map(|part| part.frames).sum()
    }
}

/// Samples that follow each other in the file, or silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcmPart {
    /// First byte of the first sample; `None`: silence.
    pub(crate) start: Option<u64>,
    /// Whole frames, all of them inside the file.
    pub(crate) frames: u64,
}

/// Where samples in blocks of one size are: ADPCM and GSM.
#[derive(Clone, Debug)]
pub(crate) struct BlockLayout {
    pub(crate) container: Container,
    pub(crate) codec: BlockCodec,
    pub(crate) channels: u16,
    pub(crate) sample_rate_hz: u32,
    /// First byte of the first block.
    pub(crate) data_start: u64,
    /// Bytes of all blocks, all of them inside the file. The last block may be short.
    pub(crate) data_bytes: u64,
    /// Frames that come out of them, without what fills up the last block.
    pub(crate) frames: u64,
}

/// Where compressed audio is, and what must come out of it.
#[derive(Clone, Debug)]
pub(crate) struct CodedLayout {
    pub(crate) container: Container,
    /// Parts of the file, in order. Each is opened by a decoder of its own, so that a recording may continue behind a
    /// tag, or with other parameters; rates other than the first section's are converted to it. Never empty.
    ///
    /// A section of MPEG audio in a WAV file has the container `Wav`: what it begins with says who reads it.
    pub(crate) sections: Vec<CodedSection>,
}

/// A part of a file that one decoder reads from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct CodedSection {
    /// The bytes that the decoder sees.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Decoded frames to drop at the start: priming that the decoder does not drop by itself.
    pub(crate) skip_frames: u64,
    /// Frames after that, where the file states them exactly.
    pub(crate) frames: Option<u64>,
    /// Whether decoding gives more than `frames`, to be cut off, because the last packet is padded.
    pub(crate) padded: bool,
    /// Total bytes of the packets, for a format where nothing else shows that the last one is cut off.
    pub(crate) packet_bytes: Option<u64>,
    /// Sound that is missing before this section. Where its length is known (at most ten minutes), silence replaces it.
    pub(crate) loss_before: Option<LostSound>,
}

impl CodedSection {
    /// All frames of the bytes from `start` to `end`, of unknown number.
    pub(crate) fn new(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            skip_frames: 0,
            frames: None,
            padded: false,
            packet_bytes: None,
            loss_before: None,
        }
    }
}

/// How the audio of a file is stored.
#[derive(Clone, Debug)]
pub(crate) enum AudioLayout {
    Pcm(PcmLayout),
    Blocks(BlockLayout),
    Coded(CodedLayout),
    Flac(FlacLayout),
    Packets(PacketLayout),
}

/// What walking over a file found. Walkers resume behind damage wherever sound can still be found; whether a loss is an
/// error is decided by the reader ([`Damaged`](crate::Damaged)).
#[derive(Clone, Debug)]
pub(crate) struct FileWalk {
    pub(crate) layout: AudioLayout,
    /// What contradicts the sound without costing any.
    pub(crate) notes: Vec<ClipNote>,
    /// Sound that is missing at the end of the file, or in it, other than before sections.
    pub(crate) losses: Vec<LostSound>,
}

impl From<AudioLayout> for FileWalk {
    fn from(layout: AudioLayout) -> Self {
        Self {
            layout,
            notes: Vec::new(),
            losses: Vec::new(),
        }
    }
}

//! What walking over a container finds: where the audio is, and what must come out of it.

use crate::decoding::SampleFormat;

/// The supported file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Aiff,
    Flac,
    Ogg,
    Mp3,
    Adts,
    Mp4,
}

impl Container {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Aiff => "AIFF",
            Container::Flac => "FLAC",
            Container::Ogg => "Ogg",
            Container::Mp3 => "MP3",
            Container::Adts => "ADTS",
            Container::Mp4 => "MP4",
        }
    }
}

/// Where uncompressed samples are.
#[derive(Clone, Debug)]
pub(crate) struct PcmLayout {
    pub(crate) container: Container,
    pub(crate) format: SampleFormat,
    pub(crate) channels: u16,
    pub(crate) sample_rate_hz: u32,
    /// First byte of the first sample.
    pub(crate) data_start: u64,
    /// Whole frames, all of them inside the file.
    pub(crate) frames: u64,
}

impl PcmLayout {
    pub(crate) fn frame_bytes(&self) -> usize {
        self.format.bytes() * usize::from(self.channels)
    }
}

/// Where compressed audio is, and what must come out of it.
#[derive(Clone, Debug)]
pub(crate) struct CodedLayout {
    pub(crate) container: Container,
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
}

impl CodedLayout {
    /// All frames of the bytes from `start` to `end`, of unknown number.
    pub(crate) fn new(container: Container, start: u64, end: u64) -> Self {
        Self {
            container,
            start,
            end,
            skip_frames: 0,
            frames: None,
            padded: false,
            packet_bytes: None,
        }
    }
}

/// A file whose structure is intact.
#[derive(Clone, Debug)]
pub(crate) enum AudioLayout {
    Pcm(PcmLayout),
    Coded(CodedLayout),
}

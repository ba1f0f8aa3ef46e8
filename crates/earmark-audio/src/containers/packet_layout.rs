//! Where the packets of a recording are, for the containers that are split into packets here and not by Symphonia: Ogg,
//! Matroska, and MP4 with an index.

use symphonia::core::codecs::audio::AudioCodecParameters;

use super::codec_headers::opus::OpusHead;
use super::container::Container;
use super::matroska::blocks::MatroskaBlocks;
use crate::clip::LostSound;
use crate::decoding::SampleFormat;
use crate::error::Fault;

/// The packets of a file, and what they decode to.
#[derive(Clone, Debug)]
pub(crate) struct PacketLayout {
    pub(crate) container: Container,
    /// Parts of the file in order, each with a decoder of its own; other rates are converted to the first one's. Never
    /// empty.
    pub(crate) sections: Vec<PacketSection>,
    /// The first damage that the walk saw and the reader will meet again: what is reported at once where damaged
    /// recordings are refused.
    pub(crate) damage: Option<LostSound>,
}

impl PacketLayout {
    /// Length in frames at the first section's rate, where every section states its own at that rate.
    pub(crate) fn frames(&self) -> Option<u64> {
        let rate = self.sections.first()?.codec.sample_rate_hz();
        let one = |section: &PacketSection| section.frames.filter(|_| section.codec.sample_rate_hz() == rate);
        let add = |sum: u64, section| sum.checked_add(one(section)?);
        self.sections.iter().try_fold(0, add)
    }
}

/// A row of packets of one codec.
#[derive(Clone, Debug)]
pub(crate) struct PacketSection {
    pub(crate) codec: PacketCodec,
    pub(crate) place: PacketPlace,
    /// Decoded frames to drop at the start: what the encoder needed to settle.
    pub(crate) skip_frames: u64,
    /// Frames after that, where the file states them.
    pub(crate) frames: Option<u64>,
    /// Whether decoding gives more than `frames`, to be cut off. (In Ogg the position of the last page does that.)
    pub(crate) is_cut_to_frames: bool,
}

/// What decodes the packets.
#[derive(Clone, Debug)]
pub(crate) enum PacketCodec {
    Opus(OpusHead),
    Symphonia(SymphoniaCodec),
    /// Uncompressed samples in Matroska.
    Pcm {
        format: SampleFormat,
        channels: u16,
        sample_rate_hz: u32,
    },
}

/// A codec of Symphonia, with what its header says.
#[derive(Clone, Debug)]
pub(crate) struct SymphoniaCodec {
    pub(crate) name: &'static str,
    pub(crate) params: AudioCodecParameters,
    /// Where the header states them; otherwise the first packet shows them.
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: u16,
    /// Whether decoded samples can exceed full scale only by an error.
    pub(crate) is_lossy: bool,
}

impl PacketCodec {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            PacketCodec::Opus(_) => "Opus",
            PacketCodec::Symphonia(codec) => codec.name,
            PacketCodec::Pcm { format, .. } => format.name(),
        }
    }

    pub(crate) fn sample_rate_hz(&self) -> u32 {
        match self {
            PacketCodec::Opus(_) => OpusHead::SAMPLE_RATE_HZ,
            PacketCodec::Symphonia(codec) => codec.sample_rate_hz,
            PacketCodec::Pcm { sample_rate_hz, .. } => *sample_rate_hz,
        }
    }

    pub(crate) fn channels(&self) -> u16 {
        match self {
            PacketCodec::Opus(head) => u16::from(head.channels),
            PacketCodec::Symphonia(codec) => codec.channels,
            PacketCodec::Pcm { channels, .. } => *channels,
        }
    }
}

/// Where the packets of a section are.
#[derive(Clone, Debug)]
pub(crate) enum PacketPlace {
    /// The pages of one logical stream between two bytes.
    Ogg { start: u64, end: u64, serial: u32 },
    /// The blocks of one track.
    Matroska(MatroskaBlocks),
    /// Every packet by itself.
    Listed(PacketList),
}

/// The packets of a file with an index, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct PacketList {
    pub(crate) packets: Vec<ListedPacket>,
    /// Frames in which nothing was recorded, before packets of these numbers, which grow.
    pub(crate) holes: Vec<(usize, u64)>,
}

/// A packet of a file with an index. A list of them is shorter than the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListedPacket {
    pub(crate) at: u64,
    pub(crate) bytes: u32,
    /// How long it lasts by the index, in frames at the codec's rate.
    pub(crate) frames: u32,
}

/// The fault of a file in which this loss leaves no sound.
pub(super) fn without_sound(loss: LostSound) -> Fault {
    match loss.is_cut_off {
        true => Fault::truncated(loss.reason, loss.at),
        false => Fault::corrupt(loss.reason, loss.at),
    }
}

/// What is wrong, without the remedy.
pub(super) fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Unsupported(reason) => reason.clone(),
        Fault::Truncated(reason, ..) | Fault::Corrupt(reason, ..) => format!("is damaged ({reason})"),
        other => other.to_string(),
    }
}

/// Bytes that no sound was had from.
pub(super) fn unused(bytes: u64, at: u64, reason: &str) -> LostSound {
    LostSound {
        bytes: Some(bytes),
        ..LostSound::damaged(reason, at)
    }
}

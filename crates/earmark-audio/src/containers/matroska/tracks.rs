//! The tracks of Matroska: what they are encoded with.

use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::ebml::Element;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::codec_headers::aac::AacConfig;
use crate::containers::codec_headers::opus::OpusHead;
use crate::containers::codec_headers::{flac, vorbis};
use crate::containers::packet_layout::{PacketCodec, SymphoniaCodec};
use crate::decoding::{ByteOrder, SampleFormat, SampleKind};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// Identifiers of the elements of a track.
mod id {
    pub(super) const ENTRY: u32 = 0xae;
    pub(super) const NUMBER: u32 = 0xd7;
    pub(super) const TYPE: u32 = 0x83;
    pub(super) const CODEC: u32 = 0x86;
    pub(super) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(super) const CODEC_DELAY: u32 = 0x56aa;
    pub(super) const ENCODINGS: u32 = 0x6d80;
    pub(super) const AUDIO: u32 = 0xe1;
    pub(super) const RATE: u32 = 0xb5;
    pub(super) const OUTPUT_RATE: u32 = 0x78b5;
    pub(super) const CHANNELS: u32 = 0x9f;
    pub(super) const BITS: u32 = 0x6264;
}

/// Most bytes of the headers of a codec; those of Vorbis contain comments, perhaps with a picture.
const MOST_PRIVATE_BYTES: usize = 16 << 20;

/// A track, as its entry describes it.
pub(super) struct Track {
    pub(super) number: u64,
    kind: u64,
    codec_id: String,
    private: Option<Element>,
    delay_ns: u64,
    is_encoded: bool,
    sample_rate_hz: f64,
    output_rate_hz: f64,
    channels: u64,
    bits: u64,
}

impl Track {
    pub(super) fn is_audio(&self) -> bool {
        self.kind == 2
    }

    /// Whether it is audio of a codec that is known here.
    pub(super) fn is_readable(&self) -> bool {
        let id = self.codec_id.as_str();
        let known = [
            "A_OPUS",
            "A_VORBIS",
            "A_FLAC",
            "A_ALAC",
            "A_PCM/INT/LIT",
            "A_PCM/INT/BIG",
            "A_PCM/FLOAT/IEEE",
        ];
        self.is_audio() && (known.contains(&id) || id.starts_with("A_AAC") || id.starts_with("A_MPEG/L"))
    }

    pub(super) fn codec_name(&self) -> &str {
        self.codec_id.strip_prefix("A_").unwrap_or(&self.codec_id)
    }

    /// What decodes its packets.
    pub(super) fn codec(&self, walker: &mut ByteWalker<'_>) -> Result<PacketCodec, Fault> {
        if self.is_encoded {
            return Err(Fault::unsupported(
                "is Matroska whose blocks are compressed or encrypted",
            ));
        }
        let private = match &self.private {
            Some(element) => element.bytes(walker, MOST_PRIVATE_BYTES)?.to_vec(),
            None => Vec::new(),
        };
        match self.codec_id.as_str() {
            "A_OPUS" if private.is_empty() => Ok(PacketCodec::Opus(OpusHead::plain(self.channels == 1))),
            "A_OPUS" => Ok(PacketCodec::Opus(OpusHead::from_ogg(&private)?)),
            "A_VORBIS" => vorbis(&private),
            // The stream's mark and the header of its first block come before STREAMINFO.
            "A_FLAC" => match private.get(8..42) {
                Some(info) => Ok(PacketCodec::Symphonia(flac::codec(info)?)),
                None => Err(Fault::corrupt("its FLAC header is too short", 0_u64)),
            },
            "A_ALAC" => self.symphonia("ALAC", codec::CODEC_ID_ALAC, private, false),
            "A_MPEG/L1" => self.symphonia("MP1", codec::CODEC_ID_MP1, Vec::new(), true),
            "A_MPEG/L2" => self.symphonia("MP2", codec::CODEC_ID_MP2, Vec::new(), true),
            "A_MPEG/L3" => self.symphonia("MP3", codec::CODEC_ID_MP3, Vec::new(), true),
            id if id.starts_with("A_AAC") => {
                if let Some(config) = AacConfig::read(&private) {
                    config.refuse_sbr(self.rate().max(self.output_rate_hz as u32))?;
                } else if id.contains("SBR") {
                    return Err(Fault::unsupported("is HE-AAC (SBR) in Matroska"));
                }
                self.symphonia("AAC", codec::CODEC_ID_AAC, private, true)
            }
            _ => self.pcm(),
        }
    }

    /// Frames to drop at the start.
    pub(super) fn skip_frames(&self, codec: &PacketCodec) -> u64 {
        match codec {
            PacketCodec::Opus(head) => u64::from(head.pre_skip),
            other => {
                let frames = u128::from(self.delay_ns) * u128::from(other.sample_rate_hz()) + 500_000_000;
                u64::try_from(frames / 1_000_000_000).unwrap_or(0)
            }
        }
    }

    fn rate(&self) -> u32 {
        self.sample_rate_hz.round() as u32
    }

    fn symphonia(
        &self,
        name: &'static str,
        id: AudioCodecId,
        private: Vec<u8>,
        is_lossy: bool,
    ) -> Result<PacketCodec, Fault> {
        check_shape(self.rate(), self.channels)?;
        let mut params = AudioCodecParameters::new();
        params.for_codec(id).with_sample_rate(self.rate());
        if !private.is_empty() {
            params.with_extra_data(private.into_boxed_slice());
        }
        Ok(PacketCodec::Symphonia(SymphoniaCodec {
            name,
            params,
            sample_rate_hz: self.rate(),
            channels: self.channels as u16,
            is_lossy,
        }))
    }

    fn pcm(&self) -> Result<PacketCodec, Fault> {
        check_shape(self.rate(), self.channels)?;
        let is_float = self.codec_id == "A_PCM/FLOAT/IEEE";
        let kind = match (is_float, self.bits) {
            (true, 32) => SampleKind::F32,
            (true, 64) => SampleKind::F64,
            (false, 8) => SampleKind::U8,
            (false, 16) => SampleKind::I16,
            (false, 24) => SampleKind::I24,
            (false, 32) => SampleKind::I32,
            _ => {
                let reason = format!("is Matroska with {} of {} bits", self.codec_name(), self.bits);
                return Err(Fault::Unsupported(reason));
            }
        };
        let order = match self.codec_id.as_str() {
            "A_PCM/INT/BIG" => ByteOrder::Big,
            _ => ByteOrder::Little,
        };
        Ok(PacketCodec::Pcm {
            format: SampleFormat { kind, order },
            channels: self.channels as u16,
            sample_rate_hz: self.rate(),
        })
    }
}

/// Reads the entries of all tracks.
pub(super) fn read_tracks(walker: &mut ByteWalker<'_>, element: &Element) -> Result<Vec<Track>, Fault> {
    let mut tracks = Vec::new();
    for entry in element.children(walker)? {
        if entry.id == id::ENTRY {
            tracks.push(read_track(walker, &entry)?);
        }
    }
    Ok(tracks)
}

fn read_track(walker: &mut ByteWalker<'_>, entry: &Element) -> Result<Track, Fault> {
    let mut track = Track {
        number: 0,
        kind: 0,
        codec_id: String::new(),
        private: None,
        delay_ns: 0,
        is_encoded: false,
        // What holds where the entry does not say otherwise.
        sample_rate_hz: 8_000.0,
        output_rate_hz: 0.0,
        channels: 1,
        bits: 0,
    };
    for child in entry.children(walker)? {
        match child.id {
            id::NUMBER => track.number = child.unsigned(walker)?,
            id::TYPE => track.kind = child.unsigned(walker)?,
            id::CODEC => {
                let text = String::from_utf8_lossy(child.bytes(walker, 64)?);
                track.codec_id = text
                    .trim_end_matches('\0')
                    .chars()
                    .filter(|c| !c.is_control())
                    .collect();
            }
            id::CODEC_PRIVATE => track.private = Some(child),
            id::CODEC_DELAY => track.delay_ns = child.unsigned(walker)?,
            id::ENCODINGS => track.is_encoded = child.body < child.end,
            id::AUDIO => read_audio(walker, &child, &mut track)?,
            _ => {}
        }
    }
    Ok(track)
}

fn read_audio(walker: &mut ByteWalker<'_>, audio: &Element, track: &mut Track) -> Result<(), Fault> {
    for child in audio.children(walker)? {
        match child.id {
            id::RATE => track.sample_rate_hz = child.float(walker)?,
            id::OUTPUT_RATE => track.output_rate_hz = child.float(walker)?,
            id::CHANNELS => track.channels = child.unsigned(walker)?,
            id::BITS => track.bits = child.unsigned(walker)?,
            _ => {}
        }
    }
    Ok(())
}

/// Vorbis from its three header packets in one piece: their number minus one, the lengths of the first two in bytes of 255
/// and a last one below, then the packets.
fn vorbis(private: &[u8]) -> Result<PacketCodec, Fault> {
    let bad = || Fault::corrupt("its Vorbis headers contradict themselves", 0_u64);
    let mut rest = private.strip_prefix(&[2]).ok_or_else(bad)?;
    let mut length = || {
        let full = rest.iter().take_while(|byte| **byte == 255).count();
        let last = usize::from(*rest.get(full)?);
        rest = &rest[full + 1..];
        Some(255 * full + last)
    };
    let lengths = length().zip(length());
    let (first, comment) = lengths.ok_or_else(bad)?;
    let (first, rest) = rest.split_at_checked(first).ok_or_else(bad)?;
    let setup = rest.get(comment..).ok_or_else(bad)?;
    Ok(PacketCodec::Symphonia(vorbis::codec(first, setup, 0)?))
}

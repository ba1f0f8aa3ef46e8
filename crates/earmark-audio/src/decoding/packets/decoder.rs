//! One packet after another to mono samples, whatever codec they are of.

use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::opus_decoder::OpusStreams;
use super::symphonia_decoder::SymphoniaDecoder;
use crate::clip::ClipNote;
use crate::containers::{PacketCodec, packet_samples};
use crate::decoding::channels::{DownMix, LARGEST, are_within, peak};
use crate::decoding::flac::{frames_of_packet, is_frame_whole};
use crate::decoding::pcm::SampleFormat;
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// The largest sample that a lossy codec gives for any recording, where 1 is full scale. Encoders overshoot by a few
/// decibels; 30 dB above full scale is a decoder that reads noise.
const LOUDEST: f32 = 32.0;

enum Decoder {
    Opus(OpusStreams),
    Symphonia(SymphoniaDecoder),
    Pcm(SampleFormat),
}

/// Decodes the packets of one section.
pub(super) struct PacketDecoder {
    codec: PacketCodec,
    decoder: Decoder,
    /// Rate and channels: those of the first packet, or those of the header until then.
    sample_rate_hz: u32,
    channels: usize,
    is_shape_known: bool,
    /// Whether the decoder has returned from every call: behind a panic it is not used again.
    is_whole: bool,
    mix: DownMix,
    interleaved: Vec<f32>,
}

impl PacketDecoder {
    /// # Errors
    /// An unsupported kind of the codec, or a damaged header.
    pub(super) fn new(codec: PacketCodec) -> Result<Self, Fault> {
        let decoder = open(&codec)?;
        Ok(Self {
            sample_rate_hz: codec.sample_rate_hz(),
            channels: usize::from(codec.channels()),
            is_shape_known: !matches!(codec, PacketCodec::Symphonia(_)),
            is_whole: true,
            mix: DownMix::default(),
            interleaved: Vec::new(),
            decoder,
            codec,
        })
    }

    pub(super) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn name(&self) -> &'static str {
        self.codec.name()
    }

    /// The note on channels that cancel each other out so far, where they do.
    pub(super) fn channel_note(&self) -> Option<ClipNote> {
        self.mix.note()
    }

    /// Appends the mean of the channels of this packet; returns the number of frames.
    ///
    /// # Errors
    /// What is wrong with the packet.
    pub(super) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Result<usize, String> {
        if self.is_flac() && !is_frame_whole(packet) {
            return Err("its frame does not match its checksum (CRC-16)".into());
        }
        self.is_whole = false;
        let decoded = self.decode_channels(packet);
        self.is_whole = true;
        decoded?;
        if self.interleaved.is_empty() {
            return Ok(0);
        }
        if !are_within(&self.interleaved, LARGEST) {
            return Err("a sample is infinite, not a number, or too large for audio".into());
        }
        if self.is_lossy() && !are_within(&self.interleaved, LOUDEST) {
            let loudest = peak(&self.interleaved);
            return Err(format!("a sample is {loudest}, where 1 is full scale"));
        }
        self.mix.mix(&self.interleaved, self.channels, out);
        Ok(self.interleaved.len() / self.channels)
    }

    fn is_flac(&self) -> bool {
        self.codec.name() == "FLAC"
    }

    fn is_lossy(&self) -> bool {
        match &self.codec {
            PacketCodec::Opus(_) => true,
            PacketCodec::Symphonia(codec) => codec.is_lossy,
            PacketCodec::Pcm { .. } => false,
        }
    }

    fn decode_channels(&mut self, packet: &[u8]) -> Result<(), String> {
        self.interleaved.clear();
        match &mut self.decoder {
            Decoder::Opus(streams) => streams.decode(packet, &mut self.interleaved)?,
            Decoder::Symphonia(decoder) => {
                let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, packet);
                let buffer = decoder.decode(&packet);
                let buffer = buffer.map_err(|e| format!("its decoder reports {:?}", e.to_string()))?;
                if buffer.frames() == 0 {
                    return Ok(());
                }
                let shape = (buffer.spec().rate(), buffer.spec().channels().count());
                if check_shape(shape.0, shape.1 as u64).is_err() {
                    return Err(format!("it has {} channels at {} Hz", shape.1, shape.0));
                }
                if self.is_shape_known && shape != (self.sample_rate_hz, self.channels) {
                    return Err("its sample rate or number of channels changes".into());
                }
                (self.sample_rate_hz, self.channels) = shape;
                self.is_shape_known = true;
                buffer.copy_to_vec_interleaved(&mut self.interleaved);
            }
            Decoder::Pcm(format) => {
                let whole = packet.len() - packet.len() % (format.bytes() * self.channels);
                format.convert(&packet[..whole], &mut self.interleaved);
            }
        }
        Ok(())
    }

    /// Frames of a packet that was not decoded, where its first bytes show them.
    pub(super) fn frames_of(&self, packet: &[u8]) -> Option<u64> {
        match self.decoder {
            Decoder::Opus(_) => packet_samples(packet),
            Decoder::Symphonia(_) if self.is_flac() => frames_of_packet(packet),
            _ => None,
        }
    }

    /// Resumes behind a gap, or behind a packet that could not be decoded.
    ///
    /// # Errors
    /// As [`new`](Self::new), for a decoder that has to be replaced.
    pub(super) fn go_on(&mut self, is_gap: bool) -> Result<(), Fault> {
        if !self.is_whole {
            self.decoder = open(&self.codec)?;
            self.is_whole = true;
            return Ok(());
        }
        match &mut self.decoder {
            // Opus converges by itself; what is known of the sound before helps more than it harms.
            Decoder::Opus(streams) if !is_gap => streams.reset().map_err(|e| Fault::corrupt(e, 0_u64))?,
            Decoder::Symphonia(decoder) => decoder.reset(),
            Decoder::Opus(_) | Decoder::Pcm(_) => {}
        }
        Ok(())
    }

    /// Whether the samples match their checksum, where the codec has one; only if nothing is missing.
    pub(super) fn checksum(&mut self) -> Option<bool> {
        match &mut self.decoder {
            Decoder::Symphonia(decoder) => decoder.verify(),
            _ => None,
        }
    }

    /// Whether this is a header packet, which a stream begins with and decoders don't take.
    pub(super) fn is_header(&self, packet: &[u8]) -> bool {
        match &self.codec {
            PacketCodec::Opus(_) => packet.starts_with(b"OpusHead") || packet.starts_with(b"OpusTags"),
            PacketCodec::Symphonia(codec) => match codec.name {
                "Vorbis" => packet.first().is_none_or(|first| first & 1 == 1),
                "FLAC" => packet.first() != Some(&0xff),
                _ => false,
            },
            PacketCodec::Pcm { .. } => false,
        }
    }
}

fn open(codec: &PacketCodec) -> Result<Decoder, Fault> {
    Ok(match codec {
        PacketCodec::Opus(head) => {
            let streams = OpusStreams::new(head.clone());
            Decoder::Opus(streams.map_err(|e| Fault::corrupt(format!("its Opus header: {e}"), 0_u64))?)
        }
        PacketCodec::Symphonia(codec) => Decoder::Symphonia(SymphoniaDecoder::open(codec)?),
        PacketCodec::Pcm { format, .. } => Decoder::Pcm(*format),
    })
}

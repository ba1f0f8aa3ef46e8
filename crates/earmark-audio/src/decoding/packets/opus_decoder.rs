//! Opus packets to samples.
//!
//! The crate `opus-pure` decodes the frames. Of the decoders in pure Rust it alone agrees with libopus in all three modes
//! and across their changes (bench/opus_against_libopus.py), gives floats without clipping, and has no dependencies, no
//! build script and no logging; hostile packets made none of it panic or read out of bounds. The version is pinned, because
//! its results are ours.
//!
//! Two things are done here instead of there. The streams of a multistream packet are split, because its decoder for
//! several streams takes a mapping family, but no table of channels. And frames of one byte or none, which stand for a lost
//! or silent frame (RFC 6716, section 3.2.1), are concealed, because it would decode them. For both, packets are divided into
//! frames and each is decoded as a packet of its own, which gives the same samples.
//!
//! The crate has `unsafe` code for SIMD instructions, and uses fused multiply-adds where the processor has them: results
//! of different processors may differ by rounding, some 120 dB below full scale.

use opus_pure::OpusDecoder;

use crate::containers::{OpusHead, OpusPacket};

/// Samples per channel of the longest packet.
const LONGEST_PACKET: u64 = 5_760;

/// Decodes the packets of one stream of packets, which may contain several streams of Opus.
pub(super) struct OpusStreams {
    head: OpusHead,
    streams: Vec<OpusStream>,
    /// The gain of the header, as a factor.
    gain: f32,
}

struct OpusStream {
    decoder: OpusDecoder,
    channels: usize,
    /// What the current packet decodes to, interleaved.
    samples: Vec<f32>,
    /// A frame as a packet of its own.
    single: Vec<u8>,
}

impl OpusStreams {
    /// # Errors
    /// What the decoder reports.
    pub(super) fn new(head: OpusHead) -> Result<Self, String> {
        let stream = |index: u8| OpusStream::new(if index < head.coupled { 2 } else { 1 });
        let streams: Result<Vec<_>, _> = (0..head.streams).map(stream).collect();
        let gain_db = f32::from(head.gain_q8_db) / 256.0;
        Ok(Self {
            streams: streams?,
            gain: 10_f32.powf(gain_db / 20.0),
            head,
        })
    }

    /// Forgets what came before.
    ///
    /// # Errors
    /// What the decoder reports.
    pub(super) fn reset(&mut self) -> Result<(), String> {
        let reset = |stream: &mut OpusStream| stream.decoder.reset_state();
        self.streams
            .iter_mut()
            .try_for_each(reset)
            .map_err(|e| e.to_string())
    }

    /// Replaces `interleaved` by the samples of a packet.
    ///
    /// # Errors
    /// What is wrong with the packet.
    pub(super) fn decode(&mut self, packet: &[u8], interleaved: &mut Vec<f32>) -> Result<(), String> {
        interleaved.clear();
        let mut rest = packet;
        let mut parts = Vec::with_capacity(self.streams.len());
        for index in 1..=self.streams.len() {
            let (part, left) = OpusPacket::parse(rest, index < self.streams.len())?;
            parts.push(part);
            rest = left;
        }
        let length = |part: &OpusPacket<'_>| part.frames.len() as u64 * part.frame_samples();
        let samples = parts.first().map_or(0, length);
        if samples > LONGEST_PACKET || parts.iter().any(|part| length(part) != samples) {
            return Err("the streams of a packet are not of equal length, or longer than 120 ms".into());
        }
        for (stream, part) in self.streams.iter_mut().zip(&parts) {
            stream.decode(part)?;
        }
        for sample in 0..samples as usize {
            for &decoded in &self.head.mapping {
                interleaved.push(self.value(decoded, sample) * self.gain);
            }
        }
        Ok(())
    }

    /// A sample of a decoded channel: those of the stereo streams come first.
    fn value(&self, decoded: u8, sample: usize) -> f32 {
        let (decoded, coupled) = (usize::from(decoded), usize::from(self.head.coupled));
        let (stream, channel) = match decoded {
            // No stream has it.
            255 => return 0.0,
            _ if decoded < 2 * coupled => (decoded / 2, decoded % 2),
            _ => (decoded - coupled, 0),
        };
        let stream = self.streams.get(stream);
        let value = stream.and_then(|stream| stream.samples.get(sample * stream.channels + channel));
        value.copied().unwrap_or(0.0)
    }
}

impl OpusStream {
    fn new(channels: usize) -> Result<Self, String> {
        let decoder = OpusDecoder::new(OpusHead::SAMPLE_RATE_HZ.cast_signed(), channels);
        Ok(Self {
            decoder: decoder.map_err(|e| e.to_string())?,
            channels,
            samples: Vec::new(),
            single: Vec::new(),
        })
    }

    /// Replaces the samples by those of this part of a packet.
    fn decode(&mut self, part: &OpusPacket<'_>) -> Result<(), String> {
        let length = part.frame_samples() as usize;
        self.samples.clear();
        for frame in &part.frames {
            self.single.clear();
            if frame.len() > 1 {
                // The same first byte with another number of frames.
                self.single.push(part.toc & !3);
                self.single.extend_from_slice(frame);
            }
            let start = self.samples.len();
            self.samples.resize(start + length * self.channels, 0.0);
            let out = &mut self.samples[start..];
            // Without any bytes it makes up a frame of this length.
            let got = self.decoder.decode(&self.single, length, out);
            let got = got.map_err(|e| e.to_string())?;
            if got != length {
                return Err(format!("a frame gives {got} samples"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of a frame of silence: CELT, 20 ms, stereo or mono.
    const STEREO: u8 = 0xfc;
    const MONO: u8 = 0xf8;

    fn head(streams: u8, coupled: u8, mapping: &[u8], gain_q8_db: i16) -> OpusHead {
        OpusHead {
            channels: mapping.len() as u8,
            pre_skip: 0,
            gain_q8_db,
            streams,
            coupled,
            mapping: mapping.to_vec(),
        }
    }

    /// Frames of CELT with arbitrary contents, which decode to some sound.
    fn noisy(toc: u8, seed: u8) -> Vec<u8> {
        let body = (0..60_u8).map(|i| i.wrapping_mul(37).wrapping_add(seed) ^ 0x15);
        std::iter::once(toc).chain(body).collect()
    }

    fn decode(streams: &mut OpusStreams, packet: &[u8]) -> Vec<f32> {
        let mut out = Vec::new();
        streams.decode(packet, &mut out).expect("a packet");
        out
    }

    #[test]
    fn streams_of_a_packet_go_to_their_channels() {
        let (pair, single) = (noisy(STEREO, 3), noisy(MONO, 90));
        let mut packet = vec![pair[0], 60];
        packet.extend_from_slice(&pair[1..]);
        packet.extend_from_slice(&single);
        let mut all = OpusStreams::new(head(2, 1, &[2, 1, 255, 0], 0)).expect("streams");
        let got = decode(&mut all, &packet);
        let pair = decode(
            &mut OpusStreams::new(head(1, 1, &[0, 1], 0)).expect("a stream"),
            &pair,
        );
        let single = decode(
            &mut OpusStreams::new(head(1, 0, &[0], 0)).expect("a stream"),
            &single,
        );
        assert_eq!((got.len(), pair.len(), single.len()), (4 * 960, 2 * 960, 960));
        assert!(single.iter().any(|x| x.abs() > 1e-3) && pair.iter().any(|x| x.abs() > 1e-3));
        for (sample, four) in got.chunks(4).enumerate() {
            let wanted = [single[sample], pair[2 * sample + 1], 0.0, pair[2 * sample]];
            assert_eq!(four, wanted);
        }
    }

    #[test]
    fn gain_goes_beyond_full_scale() {
        let packet = noisy(MONO, 3);
        let plain = decode(
            &mut OpusStreams::new(head(1, 0, &[0], 0)).expect("a stream"),
            &packet,
        );
        let peak = plain.iter().fold(0_f32, |peak, x| peak.max(x.abs()));
        // As loud as the header can make it: 128 dB.
        let mut louder = OpusStreams::new(head(1, 0, &[0], i16::MAX)).expect("a stream");
        let louder = decode(&mut louder, &packet);
        assert!(louder.iter().any(|x| x.abs() > 1e5 * peak && x.abs() > 2.0));
    }

    #[test]
    fn frames_without_contents_last_as_long_as_others() {
        let mut streams = OpusStreams::new(head(1, 0, &[0], 0)).expect("a stream");
        let lost = decode(&mut streams, &[MONO]);
        assert_eq!(lost, [0.0; 960], "nothing came before");
        let sound = decode(&mut streams, &noisy(MONO, 3));
        // Two frames of equal length: none, and one byte each.
        for packet in [&[MONO | 1][..], &[MONO | 1, 7, 9]] {
            let made_up = decode(&mut streams, packet);
            assert_eq!(made_up.len(), 2 * sound.len());
            assert!(made_up.iter().all(|x| x.is_finite()));
        }
        streams.reset().expect("a reset");
        assert_eq!(decode(&mut streams, &[MONO]), lost, "forgotten");
    }
}

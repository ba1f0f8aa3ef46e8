//! The section of a compressed file that is being decoded, and what it should give.

use std::ops::Range;

use symphonia::core::packet::Packet;

use super::decoder::{SectionDecoder, Shape};
use super::file_section::SharedSource;
use crate::clip::LostSound;
use crate::containers::{CodedSection, Container};
use crate::decoding::channels::{are_within, peak};
use crate::decoding::symphonia_errors::is_lossy;
use crate::error::{Fault, FilePosition};
use crate::limit_checks::check_shape;

/// The largest sample of a lossy codec, where 1 is full scale. Rounding overshoots full scale by a few decibels, and loud masters
/// a little more; 30 dB come from a decoder that takes something else for sound.
const LOUDEST: f32 = 32.0;

/// Packets in sequence that last twice as long as what they decode to, after which this is not an accident.
const DOUBLED: u32 = 2;

pub(super) struct SectionInWork {
    pub(super) decoder: SectionDecoder,
    layout: CodedSection,
    /// Frames (samples per channel) that came out of the decoder or were lost, before any are dropped.
    decoded: u64,
    /// Rate and channels of the last packet, or of the header before the first one.
    sample_rate_hz: u32,
    channels: usize,
    /// Packets in sequence that last twice as long as what they decode to.
    doubled: u32,
}

impl SectionInWork {
    pub(super) fn open(
        source: &SharedSource,
        container: Container,
        layout: CodedSection,
    ) -> Result<Self, Fault> {
        let decoder = SectionDecoder::open(source, container, &layout)?;
        Ok(Self {
            sample_rate_hz: decoder.stated_rate_hz,
            channels: decoder.stated_channels,
            decoder,
            layout,
            decoded: 0,
            doubled: 0,
        })
    }

    pub(super) fn codec(&self) -> &'static str {
        self.decoder.codec
    }

    pub(super) fn rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn set_shape(&mut self, shape: Shape) {
        (self.sample_rate_hz, self.channels) = (shape.sample_rate_hz, shape.channels);
    }

    /// Frames so far, without those that are dropped at the start.
    fn kept(&self) -> u64 {
        self.decoded.saturating_sub(self.layout.skip_frames)
    }

    /// The part of the next `frames` frames that belongs to the recording; counts them as decoded.
    pub(super) fn wanted_of(&mut self, frames: u64) -> Range<u64> {
        let first = self.decoded;
        self.decoded = first.saturating_add(frames);
        let skip = self.layout.skip_frames;
        let begin = skip.clamp(first, self.decoded);
        let end = match self.layout.frames.filter(|_| self.layout.padded) {
            Some(keep) => skip.saturating_add(keep).clamp(begin, self.decoded),
            None => self.decoded,
        };
        begin - first..end - first
    }

    /// Refuses samples that can't be those of a recording.
    pub(super) fn check_samples(
        &self,
        interleaved: &[f32],
        shape: Shape,
        here: FilePosition,
    ) -> Result<Shape, Fault> {
        if shape.frames == 0 {
            return Ok(shape);
        }
        check_shape(shape.sample_rate_hz, shape.channels as u64)?;
        if are_within(interleaved, LOUDEST) {
            return Ok(shape);
        }
        let peak = peak(interleaved);
        let reason = if !peak.is_finite() {
            "its decoder gives samples that are no numbers".to_string()
        } else if is_lossy(self.codec()) && peak > LOUDEST {
            format!("its decoder gives samples of {peak:.0} times full scale, which no recording has")
        } else {
            return Ok(shape);
        };
        Err(Fault::corrupt(reason, here))
    }

    /// Refuses HE-AAC that is read as AAC-LC: its packets last twice as long as what they decode to.
    pub(super) fn check_length(&mut self, packet: &Packet, shape: &Shape) -> Result<(), Fault> {
        if self.codec() != "AAC" || shape.frames == 0 {
            return Ok(());
        }
        let Some(lasts) = self.decoder.frames_by_time(packet, shape.sample_rate_hz) else {
            return Ok(());
        };
        let ratio = lasts as f64 / shape.frames as f64;
        self.doubled = if (1.95..2.05).contains(&ratio) {
            self.doubled + 1
        } else {
            0
        };
        if self.doubled < DOUBLED {
            return Ok(());
        }
        Err(Fault::unsupported(
            "is HE-AAC (SBR), of which only the lower half could be decoded",
        ))
    }

    /// How much of what the section states has not come, in seconds.
    pub(super) fn missing_seconds(&self) -> Option<f64> {
        let missing = self.layout.frames?.checked_sub(self.kept())?;
        Some(missing as f64 / f64::from(self.sample_rate_hz.max(1)))
    }

    /// What has not come, at the end of the section.
    pub(super) fn loss_at_end(&self, here: FilePosition) -> Option<LostSound> {
        let stated = self.layout.frames.unwrap_or(0);
        if self.kept() < stated {
            let reason = format!("its header promises {stated} frames");
            return Some(LostSound {
                seconds: self.missing_seconds(),
                ..LostSound::cut_off(reason, here)
            });
        }
        let bytes = self.layout.packet_bytes.unwrap_or(0);
        (self.decoder.packet_bytes < bytes).then(|| LostSound {
            bytes: Some(bytes - self.decoder.packet_bytes),
            ..LostSound::cut_off("its last frame is incomplete", here)
        })
    }

    /// What is said of a section that gives more than it states.
    pub(super) fn surplus(&self) -> Option<String> {
        let stated = self.layout.frames.filter(|_| !self.layout.padded)?;
        let kept = self.kept();
        (kept > stated).then(|| format!("it has {kept} frames, more than the {stated} of its header"))
    }
}

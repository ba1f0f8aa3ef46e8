//! What decoding gives: mono samples at the rate of the first part of a recording, and silence in the place of lost
//! sound.

use super::channels::DownMix;
use super::losses::{Losses, SILENT_BLOCK};
use super::to_first_rate::ToFirstRate;
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::error::{Fault, FilePosition};
use crate::limit_checks::LONGEST_SILENCE_SECONDS;

/// Notes that are kept: the later ones of an odd file say nothing new.
const MOST_NOTES: usize = 16;

/// What is said of samples that are not those of their checksum.
pub(super) const WRONG_SUM: &str = "the samples do not match their checksum (MD5)";

pub(super) struct MonoOutput {
    /// What the file says about itself; rate and channels are those of the first packet.
    pub(super) info: AudioInfo,
    pub(super) losses: Losses,
    rate: ToFirstRate,
    mix: DownMix,
    notes: Vec<ClipNote>,
    /// Samples given so far, silence included.
    given: u64,
    /// Silence that is to be given next.
    silence: u64,
    mono: Vec<f32>,
}

impl MonoOutput {
    /// Nothing yet, of a file of this many bytes.
    pub(super) fn new(info: AudioInfo, damaged: Damaged, file_bytes: u64) -> Self {
        Self {
            rate: ToFirstRate::new(info.sample_rate_hz),
            info,
            losses: Losses::new(damaged, file_bytes),
            mix: DownMix::default(),
            notes: Vec::new(),
            given: 0,
            silence: 0,
            mono: Vec::new(),
        }
    }

    /// Takes what the header of the first part says.
    pub(super) fn describe(&mut self, info: AudioInfo) {
        self.rate = ToFirstRate::new(info.sample_rate_hz);
        self.info = info;
    }

    pub(super) fn here(&self) -> FilePosition {
        FilePosition::frame(self.given, self.info.sample_rate_hz)
    }

    /// Whether anything has been given.
    pub(super) fn is_begun(&self) -> bool {
        self.given > 0
    }

    /// Whether sound of this rate can be given.
    pub(super) fn accepts(&self, rate_hz: u32) -> bool {
        !self.is_begun() || self.rate.accepts(rate_hz)
    }

    /// Whether silence is due; appends some of it.
    pub(super) fn give_silence(&mut self, out: &mut Vec<f32>) -> bool {
        let count = self.silence.min(SILENT_BLOCK);
        self.silence -= count;
        self.given += count;
        out.resize(out.len() + count as usize, 0.0);
        count > 0
    }

    /// Appends the mean of these channels.
    pub(super) fn give(
        &mut self,
        interleaved: &[f32],
        rate_hz: u32,
        channels: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), Fault> {
        self.note_shape(rate_hz, channels);
        let before = out.len();
        if self.rate.keeps(rate_hz) {
            self.mix.mix(interleaved, channels, out);
        } else {
            self.mono.clear();
            self.mix.mix(interleaved, channels, &mut self.mono);
            self.rate.push(&self.mono, rate_hz, out)?;
        }
        self.given += (out.len() - before) as u64;
        Ok(())
    }

    /// Remembers the shape of the first packet; later ones that differ are noted.
    fn note_shape(&mut self, rate_hz: u32, channels: usize) {
        let (first_hz, first) = (self.info.sample_rate_hz, usize::from(self.info.channels));
        if (rate_hz, channels) == (first_hz, first) {
            return;
        }
        if self.is_begun() {
            self.note(format!(
                "it changes from {first_hz} Hz and {first} channels to {rate_hz} Hz and {channels}, and is read on"
            ));
            return;
        }
        self.info.sample_rate_hz = rate_hz;
        self.info.channels = u16::try_from(channels).unwrap_or(u16::MAX);
        self.rate = ToFirstRate::new(rate_hz);
    }

    /// Appends what is left of sound at other rates, at the end or before silence.
    pub(super) fn flush(&mut self, out: &mut Vec<f32>) {
        let before = out.len();
        self.rate.flush(out);
        self.given += (out.len() - before) as u64;
    }

    /// Notes the loss of `frames` samples at the rate of the output. Silence replaces them if they are not too many.
    pub(super) fn lose(&mut self, loss: LostSound, frames: u64, out: &mut Vec<f32>) -> Result<(), Fault> {
        self.flush(out);
        self.silence += self
            .losses
            .add_gap(loss, self.given, frames, self.info.sample_rate_hz)?;
        Ok(())
    }

    /// Notes a loss of which the length may be known.
    pub(super) fn lose_seconds(&mut self, loss: LostSound, out: &mut Vec<f32>) -> Result<(), Fault> {
        let rate_hz = self.info.sample_rate_hz;
        let longest = LONGEST_SILENCE_SECONDS as f64;
        let is_short = |seconds: &f64| (0.0..=longest).contains(seconds) && rate_hz > 0;
        match loss.seconds.filter(is_short) {
            Some(seconds) => self.lose(loss, (seconds * f64::from(rate_hz)).round() as u64, out),
            None => self.losses.add(LostSound {
                is_silence: false,
                ..loss
            }),
        }
    }

    /// Notes a contradiction that costs no sound.
    pub(super) fn note(&mut self, what: String) {
        let note = ClipNote::Contradiction(what);
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes samples that are not those of their checksum; where damage is refused, they are the fault.
    pub(super) fn refuse_sum(&mut self) -> Result<(), Fault> {
        if !self.losses.is_salvage() {
            return Err(LostSound::damaged(WRONG_SUM, self.here()).into_fault());
        }
        self.note(WRONG_SUM.into());
        Ok(())
    }

    pub(super) fn notes(&self) -> Vec<ClipNote> {
        self.notes.iter().cloned().chain(self.mix.note()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(sample_rate_hz: u32) -> MonoOutput {
        let info = AudioInfo::new("FLAC", "FLAC", sample_rate_hz, 2, None);
        MonoOutput::new(info, Damaged::Salvage, u64::MAX)
    }

    #[test]
    fn silence_stands_between_what_is_given() {
        let (mut output, mut out) = (output(1_000), Vec::new());
        output.give(&[0.5; 20], 1_000, 2, &mut out).unwrap();
        output
            .lose(LostSound::damaged("bad", 3_u64), 40_000, &mut out)
            .unwrap();
        while output.give_silence(&mut out) {}
        output.give(&[0.25; 20], 1_000, 2, &mut out).unwrap();
        assert_eq!(out.len(), 10 + 40_000 + 10);
        assert_eq!(output.here(), FilePosition::frame(40_020, 1_000));
        assert!(out[..10] == [0.5; 10] && out[40_010..] == [0.25; 10]);
        assert!(out[10..40_010].iter().all(|x| *x == 0.0));
        assert_eq!(output.losses.found()[0].seconds, Some(40.0));
        assert!(output.notes().is_empty());
    }

    #[test]
    fn other_rates_and_channels_are_noted_and_converted() {
        let (mut output, mut out) = (output(8_000), Vec::new());
        // The first packet decides.
        output.give(&[0.5; 400], 4_000, 1, &mut out).unwrap();
        assert_eq!((output.info.sample_rate_hz, output.info.channels), (4_000, 1));
        assert!(output.notes().is_empty());
        output.give(&[0.5; 1_600], 8_000, 2, &mut out).unwrap();
        output.give(&[0.5; 1_600], 8_000, 2, &mut out).unwrap();
        output.flush(&mut out);
        assert_eq!(out.len(), 400 + 400 + 400);
        let notes = output.notes();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].to_string().contains("to 8000 Hz and 2"), "{notes:?}");
        assert!(output.accepts(48_000) && !output.accepts(1_000_000));
    }

    #[test]
    fn a_loss_of_unknown_or_great_length_is_closed() {
        let (mut output, mut out) = (output(1_000), Vec::new());
        for seconds in [None, Some(601.0), Some(f64::NAN)] {
            let loss = LostSound {
                seconds,
                ..LostSound::damaged("bad", 3_u64)
            };
            output.lose_seconds(loss, &mut out).unwrap();
            assert!(!output.give_silence(&mut out));
        }
        assert_eq!(output.losses.found().len(), 3);
    }
}

//! Changes the pitch at the same tempo: stretched, then resampled to the old length.

use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::interface::{WaveformAugmentation, WaveformChange, when};
use super::time_stretch::Stretch;
use crate::augment::bounds::check_ends;
use crate::settings::settings;

settings! {
    /// Changes the pitch of a clip.
    pub struct PitchShift {
        /// Probability that a clip is changed.
        pub prob: f64 = 0.5,
        /// Lowest shift in semitones.
        pub min_semitones: f64 = -2.0,
        /// Highest shift in semitones.
        pub max_semitones: f64 = 2.0,
    }
}

impl PitchShift {
    fn ends(&self) -> [(&'static str, f64); 2] {
        [
            ("min-semitones", self.min_semitones),
            ("max-semitones", self.max_semitones),
        ]
    }
}

impl Check for PitchShift {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let [low, high] = self.ends();
        check_ends(low, high, -24.0..=24.0)
    }
}

impl WaveformAugmentation for PitchShift {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        let semitones = random::uniform(rng, self.min_semitones, self.max_semitones);
        when(drawn, Pitch { semitones })
    }

    /// Refuses shifts that would need a sample rate beyond those of the resampler.
    fn check_rate(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let range = MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ;
        let remedy = format!(
            "is too far for {sample_rate_hz} Hz: the sound would pass through a rate outside of {} to {} Hz",
            range.start(),
            range.end()
        );
        self.ends().into_iter().try_for_each(|(key, semitones)| {
            let possible = range.contains(&intermediate_hz(semitones, sample_rate_hz));
            ConfigError::unless(possible, key, semitones, remedy.as_str())
        })
    }
}

/// A shift as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("pitch {semitones:+.2} semitones")]
pub struct Pitch {
    /// Twelve are an octave.
    pub semitones: f64,
}

impl WaveformChange for Pitch {
    /// The clip at its new pitch: as many samples as before.
    fn apply(&self, samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        let rate = libm::exp2(-self.semitones / 12.0);
        let stretched = Stretch { rate }.stretch(&samples);
        let from_hz = intermediate_hz(self.semitones, sample_rate_hz);
        let Ok(mut out) = earmark_audio::resample(&stretched, from_hz, sample_rate_hz) else {
            // `check_rate` has refused such shifts.
            return samples;
        };
        out.resize(samples.len(), 0.0);
        out
    }
}

/// The rate that the stretched sound is taken to have, in whole hertz: less than a tenth of a cent off at 16 kHz.
fn intermediate_hz(semitones: f64, sample_rate_hz: u32) -> u32 {
    (f64::from(sample_rate_hz) * libm::exp2(semitones / 12.0)).round() as u32
}

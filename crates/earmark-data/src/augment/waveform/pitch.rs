//! Higher or lower at the same pace: stretched, then resampled to the old length.

use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use serde::{Deserialize, Serialize};

use super::check_bounds;
use super::stretch::Stretch;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Changes the pitch of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PitchShift {
    /// Probability that a clip is changed.
    pub prob: f64,
    /// Lowest shift in semitones.
    pub min_semitones: f64,
    /// Highest shift in semitones.
    pub max_semitones: f64,
}

impl Default for PitchShift {
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_semitones: -2.0,
            max_semitones: 2.0,
        }
    }
}

/// A shift as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pitch {
    /// Twelve are an octave.
    pub semitones: f64,
}

impl PitchShift {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_bounds(
            section,
            ("min-semitones", self.min_semitones),
            ("max-semitones", self.max_semitones),
            (-24.0, 24.0),
        )
    }

    /// Refuses shifts that would need a sample rate beyond those of the resampler.
    pub(in crate::augment) fn check_rate(
        &self,
        section: &str,
        sample_rate_hz: u32,
    ) -> Result<(), SettingError> {
        let (least, most) = (MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ);
        for (key, semitones) in [
            ("min-semitones", self.min_semitones),
            ("max-semitones", self.max_semitones),
        ] {
            if !(least..=most).contains(&intermediate_hz(semitones, sample_rate_hz)) {
                let remedy = format!(
                    "is too far for {sample_rate_hz} Hz: the sound would pass through a rate outside of {least} to {most} Hz"
                );
                return Err(SettingError::new(section, key, semitones, remedy));
            }
        }
        Ok(())
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<Pitch> {
        let drawn = random::chance(rng, self.prob);
        let semitones = random::uniform(rng, self.min_semitones, self.max_semitones);
        drawn.then_some(Pitch { semitones })
    }
}

impl Pitch {
    /// The clip at its new pitch: as many samples as before.
    pub fn apply(&self, samples: &[f32], sample_rate_hz: u32) -> Vec<f32> {
        let rate = libm::exp2(-self.semitones / 12.0);
        let stretched = Stretch { rate }.apply(samples);
        let from_hz = intermediate_hz(self.semitones, sample_rate_hz);
        let Ok(mut out) = earmark_audio::resample(&stretched, from_hz, sample_rate_hz) else {
            // `check_rate` has refused such shifts.
            return samples.to_vec();
        };
        out.resize(samples.len(), 0.0);
        out
    }
}

/// The rate that the stretched sound is taken to have, in whole hertz: less than a tenth of a cent off at 16 kHz.
fn intermediate_hz(semitones: f64, sample_rate_hz: u32) -> u32 {
    (f64::from(sample_rate_hz) * libm::exp2(semitones / 12.0)).round() as u32
}

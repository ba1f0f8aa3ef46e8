//! Noise at a ratio to the signal.

use rand::Rng;
use realfft::num_complex::Complex;
use serde::{Deserialize, Serialize};

use super::check_bounds;
use super::fourier::Fourier;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Adds noise of a power that is drawn relative to that of the clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoundNoise {
    /// Probability that a clip gets noise.
    pub prob: f64,
    /// Lowest ratio of signal to noise in decibels: the loudest noise.
    pub min_snr_db: f64,
    /// Highest ratio of signal to noise in decibels.
    pub max_snr_db: f64,
    /// What the noise sounds like.
    pub colour: Colour,
}

/// What noise sounds like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// The same power in every hertz.
    #[default]
    White,
    /// The same power in every octave: 3 dB less in each hertz with every doubling.
    Pink,
    /// One of the two, each equally likely.
    Any,
}

impl Default for SoundNoise {
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_snr_db: 10.0,
            max_snr_db: 40.0,
            colour: Colour::White,
        }
    }
}

/// Noise as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Static {
    /// Ratio of signal to noise in decibels.
    pub snr_db: f64,
    /// White or pink.
    pub colour: Colour,
    /// The key of the stream that its numbers come from.
    pub key: u64,
}

impl SoundNoise {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_bounds(
            section,
            ("min-snr-db", self.min_snr_db),
            ("max-snr-db", self.max_snr_db),
            (-60.0, 120.0),
        )
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<Static> {
        let drawn = random::chance(rng, self.prob);
        let snr_db = random::uniform(rng, self.min_snr_db, self.max_snr_db);
        let key = rng.next_u64();
        let colour = match self.colour {
            Colour::Any => [Colour::White, Colour::Pink][random::below(rng, 2)],
            colour => colour,
        };
        drawn.then_some(Static { snr_db, colour, key })
    }
}

impl Static {
    /// The clip with noise: exactly at the ratio, over the whole clip. Silence stays silent.
    pub fn apply(&self, mut samples: Vec<f32>) -> Vec<f32> {
        let power = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let signal = power(&mut samples.iter().map(|&sample| f64::from(sample)));
        if signal == 0.0 {
            return samples;
        }
        let mut rng = random::stream(self.key, &[]);
        let white: Vec<f64> = samples.iter().map(|_| random::normal_f64(&mut rng)).collect();
        let noise = match self.colour {
            Colour::Pink => pink(&white),
            Colour::White | Colour::Any => white,
        };
        let noise_power = power(&mut noise.iter().copied());
        if noise_power > 0.0 {
            let factor = (signal / noise_power).sqrt() * libm::pow(10.0, -self.snr_db / 20.0);
            samples
                .iter_mut()
                .zip(noise)
                .for_each(|(sample, noise)| *sample += (factor * noise) as f32);
        }
        samples
    }
}

/// White noise with its spectrum divided by the root of the frequency; the constant part goes.
fn pink(white: &[f64]) -> Vec<f64> {
    let fourier = Fourier::new(white.len().next_power_of_two().max(2));
    let mut bins = fourier.spectrum(white.iter().copied());
    for (bin, value) in bins.iter_mut().enumerate() {
        *value = match bin {
            0 => Complex::default(),
            bin => *value / (bin as f64).sqrt(),
        };
    }
    let mut out = fourier.samples(bins);
    out.truncate(white.len());
    out
}

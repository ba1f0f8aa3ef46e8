//! Adds noise at a ratio to the signal.

use derive_more::Display;
use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use rand::Rng;
use realfft::num_complex::Complex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fourier::Fourier;
use super::interface::{WaveformAugmentation, WaveformChange, energy, when};
use crate::augment::bounds::check_ends;
use crate::settings::settings;

settings! {
    /// Adds noise at a random signal-to-noise ratio.
    pub struct WaveformNoise {
        /// Probability that a clip gets noise.
        pub prob: f64 = 0.5,
        /// Lowest signal-to-noise ratio in decibels: the loudest noise.
        pub min_snr_db: f64 = 10.0,
        /// Highest signal-to-noise ratio in decibels.
        pub max_snr_db: f64 = 40.0,
        /// The colour of the noise.
        pub colour: Colour = Colour::White,
    }
}

/// The colour of noise.
#[derive(Clone, Copy, Debug, Default, Display, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[display(rename_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// The same power in every hertz.
    #[default]
    White,
    /// The same power in every octave: 3 dB less per hertz with every doubling.
    Pink,
    /// White or pink, each equally likely.
    Any,
}

impl Check for WaveformNoise {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let (low, high) = (self.min_snr_db, self.max_snr_db);
        check_ends(("min-snr-db", low), ("max-snr-db", high), -60.0..=120.0)
    }
}

impl WaveformAugmentation for WaveformNoise {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        let snr_db = random::uniform(rng, self.min_snr_db, self.max_snr_db);
        let key = rng.next_u64();
        let colour = match self.colour {
            Colour::Any => [Colour::White, Colour::Pink][random::below(rng, 2)],
            colour => colour,
        };
        when(drawn, AddedNoise { snr_db, colour, key })
    }
}

/// Noise as drawn.
#[derive(Clone, Copy, Debug, Display, PartialEq)]
#[display("{colour} noise at {snr_db:.1} dB")]
pub struct AddedNoise {
    /// Signal-to-noise ratio in decibels.
    pub snr_db: f64,
    /// White or pink.
    pub colour: Colour,
    /// Key of the random stream that its numbers come from.
    pub key: u64,
}

impl WaveformChange for AddedNoise {
    /// The clip with noise: exactly at the ratio, over the whole clip. Silence stays silent.
    fn apply(&self, mut samples: Vec<f32>, _: u32) -> Vec<f32> {
        let signal = energy(samples.iter().map(|&sample| f64::from(sample)));
        if signal == 0.0 {
            return samples;
        }
        let mut rng = random::stream(self.key, &[]);
        let white: Vec<f64> = samples.iter().map(|_| random::normal_f64(&mut rng)).collect();
        let noise = match self.colour {
            Colour::Pink => pink(&white),
            Colour::White | Colour::Any => white,
        };
        let noise_energy = energy(noise.iter().copied());
        if noise_energy > 0.0 {
            let factor = (signal / noise_energy).sqrt() * libm::pow(10.0, -self.snr_db / 20.0);
            for (sample, noise) in samples.iter_mut().zip(noise) {
                *sample += (factor * noise) as f32;
            }
        }
        samples
    }
}

/// White noise with its spectrum divided by the root of the frequency; the constant part is removed.
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

//! Between-class mixing: two sounds at once, as loud to the ear as their labels say (Tokozume, Ushiku and Harada 2018,
//! "Learning from Between-class Examples for Deep Sound Recognition").

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::fourier::{Fourier, hann};
use crate::settings::settings;
use std::cell::Cell;

settings! {
    /// Mixes the samples of a clip with those of a partner from the epoch, by a ratio that is uniform between 0 and 1. The labels are
    /// mixed by the same ratio.
    pub struct BetweenClass {
        /// Probability that a clip is mixed.
        pub prob: f64 = 1.0,
        /// Whether a partner comes from the same subset.
        pub same_subset: bool = true,
    }
}

/// The lowest level that counts as a sound, in decibels.
const FLOOR_DB: f64 = -80.0;

impl Check for BetweenClass {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)
    }
}

impl BetweenClass {
    /// Draws the share of the first sound; `None` where it is not mixed.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Option<f64> {
        let drawn = random::chance(rng, self.prob);
        let ratio = random::unit(rng);
        drawn.then_some(ratio)
    }
}

/// Both sounds, the first with the share `ratio` of the loudness; as long as the first. A longer partner is cut at its
/// end, a shorter one is followed by silence: crop to one length first so that the sounds overlap fully.
///
/// The weights make up for the loudness of the two, and the sum is scaled so that energies, and not amplitudes, add up.
pub fn mix_by_pressure(first: &[f32], second: &[f32], ratio: f64, sample_rate_hz: u32) -> Vec<f32> {
    let louder = pressure_db(first, sample_rate_hz) - pressure_db(second, sample_rate_hz);
    let weight = match ratio {
        ratio if ratio <= 0.0 => 0.0,
        ratio => 1.0 / (1.0 + libm::pow(10.0, louder / 20.0) * (1.0 - ratio) / ratio),
    };
    let scale = 1.0 / (weight * weight + (1.0 - weight) * (1.0 - weight)).sqrt();
    let (own, other) = (weight * scale, (1.0 - weight) * scale);
    let partner = second.iter().copied().chain(std::iter::repeat(0.0));
    first
        .iter()
        .zip(partner)
        .map(|(&a, b)| (own * f64::from(a) + other * f64::from(b)) as f32)
        .collect()
}

/// How loud a sound is at its loudest, in decibels: the largest A-weighted power of a window of about a tenth of a second,
/// at least -80 dB.
pub fn pressure_db(samples: &[f32], sample_rate_hz: u32) -> f64 {
    let kept = MEASURE
        .take()
        .filter(|measure| measure.sample_rate_hz == sample_rate_hz);
    let measure = kept.unwrap_or_else(|| Measure::new(sample_rate_hz));
    let loudest = measure.loudest(samples);
    MEASURE.set(Some(measure));
    10.0 * libm::log10(loudest.max(libm::pow(10.0, FLOOR_DB / 10.0)))
}

thread_local! {
    /// That of the sample rate that this thread met last: a training measures every clip, and making it takes as long as a second of sound.
    static MEASURE: Cell<Option<Measure>> = const { Cell::new(None) };
}

/// What measures loudness at a sample rate.
struct Measure {
    sample_rate_hz: u32,
    fourier: Fourier,
    hann: Vec<f64>,
    /// Factors for the powers of the bins.
    weights: Vec<f64>,
}

impl Measure {
    fn new(sample_rate_hz: u32) -> Self {
        let window = window_samples(sample_rate_hz);
        let weight = |bin: usize| {
            let hz = bin as f64 * f64::from(sample_rate_hz) / window as f64;
            libm::pow(10.0, a_weight_db(hz).max(FLOOR_DB) / 10.0)
        };
        Self {
            sample_rate_hz,
            fourier: Fourier::new(window),
            hann: hann(window),
            weights: (0..=window / 2).map(weight).collect(),
        }
    }

    /// The largest weighted power of a window.
    fn loudest(&self, samples: &[f32]) -> f64 {
        let window = self.hann.len();
        let last = samples.len().saturating_sub(window);
        let power = |start: usize| {
            let windowed = samples[start..].iter().zip(&self.hann);
            let bins = self
                .fourier
                .spectrum(windowed.map(|(&sample, weight)| f64::from(sample) * weight));
            bins.iter()
                .zip(&self.weights)
                .map(|(bin, weight)| bin.norm_sqr() * weight)
                .sum::<f64>()
        };
        (0..=last).step_by(window / 2).map(power).fold(0.0, f64::max)
    }
}

/// The power of two nearest to a tenth of a second: 4096 at 44.1 kHz, 2048 at 16 kHz.
fn window_samples(sample_rate_hz: u32) -> usize {
    let power = libm::log2(f64::from(sample_rate_hz) / 10.0).round();
    1 << (power as u32).clamp(4, 20)
}

/// A-weighting (IEC 61672) in decibels; 0 at about 1 kHz.
fn a_weight_db(hz: f64) -> f64 {
    let square = hz * hz;
    let [low, second, third, high] = [20.598_997, 107.652_65, 737.862_23, 12_194.217].map(|hz: f64| hz * hz);
    let gain = high * square * square
        / ((square + low) * (square + high) * ((square + second) * (square + third)).sqrt());
    if gain > 0.0 {
        2.0 + 20.0 * libm::log10(gain)
    } else {
        f64::NEG_INFINITY
    }
}

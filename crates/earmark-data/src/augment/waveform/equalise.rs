//! Boosts and cuts some frequencies: another microphone.

use std::f64::consts::TAU;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::interface::{WaveformAugmentation, WaveformChange, when};
use crate::augment::bounds::{check_between, check_ends, check_gains};
use crate::settings::settings;

settings! {
    /// Boosts or cuts a few random frequencies, each with a second-order peaking filter (Bristow-Johnson's audio equaliser
    /// cookbook).
    pub struct Equalise {
        /// Probability that a clip is changed.
        pub prob: f64 = 0.5,
        /// Largest number of peaks; the smallest is 1.
        pub max_peaks: u32 = 3,
        /// Deepest dip in decibels.
        pub min_db: f64 = -12.0,
        /// Highest peak in decibels.
        pub max_db: f64 = 12.0,
        /// Lowest centre frequency in hertz.
        pub min_hz: f64 = 60.0,
        /// Highest centre frequency in hertz; limited to 0.45 times the sample rate.
        pub max_hz: f64 = 16_000.0,
        /// Centre frequency divided by bandwidth: larger is narrower.
        pub quality: f64 = 1.0,
    }
}

/// Filters as drawn.
#[derive(Clone, Debug, derive_more::Display, PartialEq)]
#[display("equalised: {}", peaks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct Equaliser {
    /// They are applied one after the other.
    pub peaks: Vec<Peak>,
}

/// One peaking filter.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("{gain_db:+.1} dB at {centre_hz:.0} Hz")]
pub struct Peak {
    /// Centre frequency in hertz.
    pub centre_hz: f64,
    /// Gain at the centre, in decibels.
    pub gain_db: f64,
    /// Centre frequency divided by bandwidth.
    pub quality: f64,
}

impl Check for Equalise {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        check_between("max-peaks", f64::from(self.max_peaks), 1.0..=100.0)?;
        check_gains(self.min_db, self.max_db, 40.0)?;
        check_ends(("min-hz", self.min_hz), ("max-hz", self.max_hz), 1.0..=1e6)?;
        check_between("quality", self.quality, 0.05..=100.0)
    }
}

impl WaveformAugmentation for Equalise {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, rate_hz: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        let top = self.max_hz.min(0.45 * f64::from(rate_hz));
        let (low, high) = (libm::log(self.min_hz.min(top)), libm::log(top));
        let peaks = (0..1 + random::below(rng, self.max_peaks as usize))
            .map(|_| Peak {
                centre_hz: libm::exp(random::uniform(rng, low, high)),
                gain_db: random::uniform(rng, self.min_db, self.max_db),
                quality: self.quality,
            })
            .collect();
        when(drawn, Equaliser { peaks })
    }
}

impl WaveformChange for Equaliser {
    /// The clip through all filters, from silence.
    fn apply(&self, mut samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        for peak in &self.peaks {
            peak.filter(&mut samples, sample_rate_hz);
        }
        samples
    }
}

impl Peak {
    fn filter(&self, samples: &mut [f32], sample_rate_hz: u32) {
        let angle = TAU * self.centre_hz / f64::from(sample_rate_hz);
        let amplitude = libm::pow(10.0, self.gain_db / 40.0);
        let alpha = angle.sin() / (2.0 * self.quality);
        let a0 = 1.0 + alpha / amplitude;
        let b = [
            1.0 + alpha * amplitude,
            -2.0 * angle.cos(),
            1.0 - alpha * amplitude,
        ]
        .map(|b| b / a0);
        let a = [-2.0 * angle.cos() / a0, (1.0 - alpha / amplitude) / a0];
        // Transposed direct form II.
        let (mut first, mut second) = (0.0, 0.0);
        for sample in samples {
            let x = f64::from(*sample);
            let y = b[0] * x + first;
            first = b[1] * x - a[0] * y + second;
            second = b[2] * x - a[1] * y;
            *sample = y as f32;
        }
    }
}

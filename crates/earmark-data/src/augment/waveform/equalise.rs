//! Some frequencies louder or softer: another microphone.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{check_between, check_bounds};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// A few peaks and dips at random frequencies, each a peaking filter of second order (Bristow-Johnson's audio equaliser cookbook).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Equalise {
    /// Probability that a clip is changed.
    pub prob: f64,
    /// Most peaks; their number is uniform from 1.
    pub max_peaks: u32,
    /// Deepest dip in decibels.
    pub min_db: f64,
    /// Highest peak in decibels.
    pub max_db: f64,
    /// Lowest centre in hertz.
    pub min_hz: f64,
    /// Highest centre in hertz; none lies above nine tenths of half the sample rate.
    pub max_hz: f64,
    /// Centre frequency by bandwidth: larger is narrower.
    pub quality: f64,
}

impl Default for Equalise {
    fn default() -> Self {
        Self {
            prob: 0.5,
            max_peaks: 3,
            min_db: -12.0,
            max_db: 12.0,
            min_hz: 60.0,
            max_hz: 16_000.0,
            quality: 1.0,
        }
    }
}

/// Filters as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Equaliser {
    /// They are applied one after the other.
    pub peaks: Vec<Peak>,
}

/// One peaking filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Where it acts most, in hertz.
    pub centre_hz: f64,
    /// How much there, in decibels.
    pub gain_db: f64,
    /// Centre frequency by bandwidth.
    pub quality: f64,
}

impl Equalise {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_between(section, "max-peaks", f64::from(self.max_peaks), 1.0, 100.0)?;
        let (db, hz) = (
            [("min-db", self.min_db), ("max-db", self.max_db)],
            [("min-hz", self.min_hz), ("max-hz", self.max_hz)],
        );
        check_bounds(section, db[0], db[1], (-40.0, 40.0))?;
        check_bounds(section, hz[0], hz[1], (1.0, 1e6))?;
        check_between(section, "quality", self.quality, 0.05, 100.0)
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng, sample_rate_hz: u32) -> Option<Equaliser> {
        let drawn = random::chance(rng, self.prob);
        let top = self.max_hz.min(0.45 * f64::from(sample_rate_hz));
        let (low, high) = (libm::log(self.min_hz.min(top)), libm::log(top));
        let peaks = (0..1 + random::below(rng, self.max_peaks as usize))
            .map(|_| Peak {
                centre_hz: libm::exp(random::uniform(rng, low, high)),
                gain_db: random::uniform(rng, self.min_db, self.max_db),
                quality: self.quality,
            })
            .collect();
        drawn.then_some(Equaliser { peaks })
    }
}

impl Equaliser {
    /// The clip through all filters, from silence.
    pub fn apply(&self, mut samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        self.peaks
            .iter()
            .for_each(|peak| peak.filter(&mut samples, sample_rate_hz));
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

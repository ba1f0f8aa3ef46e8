//! Per-channel energy normalisation (Wang et al., "Trainable Frontend for Robust and Far-Field Keyword Spotting",
//! 2017).

use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Divides each band by a slow average of itself, then compresses: `(E / (eps + M)^gain + bias)^power - bias^power`,
/// with `M` a first-order low-pass of `E` over time. Defaults and start (`M = 1` before the first frame) are those of
/// librosa's `pcen`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pcen {
    /// Factor that the mel energies are multiplied by first. Default: 2^31, for samples in -1 to 1: the published
    /// constants were found on integers, and librosa asks for the same scaling.
    pub input_scale: f64,
    /// How much of the loudness is normalised away: 0 none, 1 all. Default: 0.98.
    pub gain: f64,
    /// Added before the root. Default: 2.
    pub bias: f64,
    /// The root as an exponent. Default: 0.5.
    pub power: f64,
    /// Time constant of the average in seconds. Default: 0.4.
    pub time_constant_seconds: f64,
    /// Keeps the division finite in silence. Default: 1e-6.
    pub eps: f64,
}

impl Default for Pcen {
    fn default() -> Self {
        Self {
            input_scale: 2_147_483_648.0,
            gain: 0.98,
            bias: 2.0,
            power: 0.5,
            time_constant_seconds: 0.4,
            eps: 1e-6,
        }
    }
}

impl Check for Pcen {
    fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("input-scale", self.input_scale),
            ("bias", self.bias),
            ("power", self.power),
            ("time-constant-seconds", self.time_constant_seconds),
            ("eps", self.eps),
        ];
        for (key, value) in positive {
            let remedy = "must be above 0; leave it out for the published value";
            ConfigError::unless(value > 0.0 && value.is_finite(), key, value, remedy)?;
        }
        let remedy = "must be 0 to 2; leave it out for the published 0.98";
        ConfigError::check_range("gain", self.gain, 0.0..=2.0, remedy)
    }
}

impl Pcen {
    /// Applies it to `[bands, frames]`, with double precision inside: the average runs over thousands of frames. It
    /// continues that of the frames before, one per band.
    pub(super) fn apply(
        &self,
        data: &mut [f32],
        frames: usize,
        frames_per_second: f64,
        averages: &mut [f64],
    ) {
        let t = self.time_constant_seconds * frames_per_second;
        // The low-pass whose response at time constant t matches a one-pole filter: librosa's choice of b.
        let b = ((1.0 + 4.0 * t * t).sqrt() - 1.0) / (2.0 * t * t);
        let floor = self.bias.powf(self.power);
        for (band, kept) in data.chunks_exact_mut(frames.max(1)).zip(averages) {
            let mut average = *kept;
            for x in band {
                let energy = f64::from(*x) * self.input_scale;
                average += b * (energy - average);
                let normalised = energy * (-self.gain * (self.eps + average).ln()).exp();
                *x = (floor * (self.power * (normalised / self.bias).ln_1p()).exp_m1()) as f32;
            }
            *kept = average;
        }
    }
}

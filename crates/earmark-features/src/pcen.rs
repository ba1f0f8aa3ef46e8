//! Per-channel energy normalisation (Wang et al., "Trainable Frontend for Robust and Far-Field Keyword Spotting", 2017).

use crate::error::ConfigError;
use serde::{Deserialize, Serialize};

/// Divides each band by a slow average of itself, then compresses: `(E / (eps + M)^gain + bias)^power - bias^power`, with `M` a
/// first-order low-pass of `E` over time. Numbers and start (`M = 1` before the first frame) are librosa's `pcen`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pcen {
    /// Multiplies the mel first. Its default, 2^31, is for samples in -1 to 1: the published constants were found on
    /// integers, and librosa asks for the same scaling.
    pub input_scale: f64,
    /// How much of the loudness is divided away: 0 none, 1 all.
    pub gain: f64,
    /// Added before the root.
    pub bias: f64,
    /// The root as an exponent.
    pub power: f64,
    /// Time constant of the average, in seconds.
    pub time_constant_seconds: f64,
    /// Keeps the division finite in silence.
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

impl Pcen {
    /// Checks all keys.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("input-scale", self.input_scale),
            ("bias", self.bias),
            ("power", self.power),
            ("time-constant-seconds", self.time_constant_seconds),
            ("eps", self.eps),
        ];
        for (key, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ConfigError::new(
                    &format!("level.pcen.{key}"),
                    value,
                    "is not above 0",
                    "leave it out for the published value",
                ));
            }
        }
        if !(0.0..=2.0).contains(&self.gain) {
            return Err(ConfigError::new(
                "level.pcen.gain",
                self.gain,
                "is outside 0 to 2",
                "leave it out for the published 0.98",
            ));
        }
        Ok(())
    }

    /// Applies it to `[bands, frames]`, in double precision inside: the average runs over thousands of frames.
    pub(crate) fn apply(&self, data: &mut [f32], frames: usize, frames_per_second: f64) {
        let t = self.time_constant_seconds * frames_per_second;
        // The low-pass whose response at time constant t matches a one-pole filter: librosa's choice of b.
        let b = ((1.0 + 4.0 * t * t).sqrt() - 1.0) / (2.0 * t * t);
        let floor = self.bias.powf(self.power);
        for band in data.chunks_exact_mut(frames.max(1)) {
            let mut average = 1.0;
            for x in band {
                let energy = f64::from(*x) * self.input_scale;
                average += b * (energy - average);
                let normalised = energy * (-self.gain * (self.eps + average).ln()).exp();
                *x = (floor * (self.power * (normalised / self.bias).ln_1p()).exp_m1()) as f32;
            }
        }
    }
}

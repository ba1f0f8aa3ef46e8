//! The second half of a front end, after augmentation: deltas and scaling.

use crate::{band_scale::BandScale, error::ConfigError, error::FeatureError, features::Features, whole};
use serde::{Deserialize, Serialize};

/// What is done to features after augmentation and before mixing. What is left out is not done.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Finish {
    /// Shifts and scales the levels, each band by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<BandScale>,
    /// Adds first and second derivatives over time as channels: `[c, ...]` becomes `[3 c, ...]`, values first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deltas: Option<Deltas>,
    /// Shifts and scales all channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
}

/// Derivatives over time by Savitzky-Golay filters: the slope of a fitted line and the second derivative of a fitted
/// parabola, per frame. The first and last half windows repeat the nearest full one, which is what
/// `librosa.feature.delta(mode="interp")` comes to: a line's slope and a parabola's bend are the same all along the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deltas {
    /// Frames that a fit spans, odd; librosa's default is 9.
    #[serde(deserialize_with = "whole::whole")]
    pub width_frames: u32,
}

impl Default for Deltas {
    fn default() -> Self {
        Self { width_frames: 9 }
    }
}

/// `(x - subtract) / divide`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scale {
    /// What is subtracted first.
    pub subtract: f64,
    /// What is divided by then.
    pub divide: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            subtract: 0.0,
            divide: 1.0,
        }
    }
}

impl Finish {
    /// Checks all keys; `example_frames` is the length of examples where they have one.
    pub(crate) fn check(&self, bands: usize, example_frames: Option<usize>) -> Result<(), ConfigError> {
        if let Some(scale) = &self.bands {
            scale.check(bands)?;
        }
        if let Some(Deltas { width_frames: width }) = self.deltas {
            let key = "finish.deltas.width-frames";
            if !(3..=255).contains(&width) || width.is_multiple_of(2) {
                return Err(ConfigError::new(
                    key,
                    width,
                    "is not an odd number from 3 to 255",
                    "usual is 9",
                ));
            }
            if let Some(frames) = example_frames.filter(|frames| *frames < width as usize) {
                return Err(ConfigError::new(
                    key,
                    width,
                    format!("is more than the {frames} frames of an example"),
                    "make examples longer or the width smaller",
                ));
            }
        }
        if let Some(Scale { subtract, divide }) = self.scale {
            if !subtract.is_finite() {
                return Err(ConfigError::new(
                    "finish.scale.subtract",
                    subtract,
                    "is no number to compute with",
                    "give one, for example 0.0",
                ));
            }
            if !(divide.is_finite() && divide.abs() >= 1e-30) {
                return Err(ConfigError::new(
                    "finish.scale.divide",
                    divide,
                    "cannot be divided by",
                    "give a number other than 0, for example 100",
                ));
            }
        }
        Ok(())
    }

    /// Channels after finishing, of `channels` before.
    pub(crate) fn channels(&self, channels: usize) -> usize {
        if self.deltas.is_some() {
            3 * channels
        } else {
            channels
        }
    }

    /// Finishes features of any length.
    pub(crate) fn apply(&self, features: &Features) -> Result<Features, FeatureError> {
        let mut data = features.data.clone();
        if let Some(bands) = &self.bands {
            bands.apply(&mut data[..features.bands * features.frames], features.frames);
        }
        if let Some(deltas) = &self.deltas {
            let width = deltas.width_frames as usize;
            if features.frames < width {
                return Err(FeatureError::TooFewFrames {
                    frames: features.frames,
                    width,
                });
            }
            let one = features.data.len();
            data.resize(3 * one, 0.0);
            let (values, derivatives) = data.split_at_mut(one);
            let (first, second) = derivatives.split_at_mut(one);
            let taps = derivative_taps(width / 2);
            let rows = values.chunks_exact(features.frames);
            let first = first.chunks_exact_mut(features.frames);
            for ((row, first), second) in rows.zip(first).zip(second.chunks_exact_mut(features.frames)) {
                derive(row, &taps, first, second);
            }
        }
        if let Some(Scale { subtract, divide }) = self.scale {
            let (subtract, factor) = (subtract as f32, (1.0 / divide) as f32);
            for x in &mut data {
                *x = (*x - subtract) * factor;
            }
        }
        Ok(Features {
            channels: self.channels(features.channels),
            data,
            side: Vec::new(),
            ..*features
        })
    }
}

/// Weights of a fit's slope and second derivative at `-half..=half`, in double precision.
pub(crate) fn derivative_taps(half: usize) -> [Vec<f64>; 2] {
    // Least squares over n = -half..=half: the slope is sum(n x) / sum(n^2); the parabola's second derivative is
    // 2 sum(q x) / sum(q^2) with q = n^2 - mean(n^2).
    let places = 0..=2 * half;
    let n = |i: usize| i as f64 - half as f64;
    let squares: f64 = places.clone().map(|i| n(i).powi(2)).sum();
    let bend = |i: usize| n(i).powi(2) - squares / (2 * half + 1) as f64;
    let bends: f64 = places.clone().map(|i| bend(i).powi(2)).sum();
    [
        places.clone().map(|i| n(i) / squares).collect(),
        places.map(|i| 2.0 * bend(i) / bends).collect(),
    ]
}

/// First and second derivative of one row with at least `2 half + 1` frames; both outputs start as zeros.
fn derive(row: &[f32], [slopes, curves]: &[Vec<f64>; 2], first: &mut [f32], second: &mut [f32]) {
    let half = slopes.len() / 2;
    let inside = row.len() - 2 * half;
    let middle = &row[half..][..inside];
    for n in 1..=half {
        // As the bends sum to 0, x may be taken relative to the middle, which keeps large levels out of the sums.
        let (slope, curve) = (slopes[half + n] as f32, curves[half + n] as f32);
        let (left, right) = (&row[half - n..][..inside], &row[half + n..][..inside]);
        let (first, second) = (&mut first[half..][..inside], &mut second[half..][..inside]);
        for t in 0..inside {
            first[t] += slope * (right[t] - left[t]);
            second[t] += curve * ((right[t] - middle[t]) + (left[t] - middle[t]));
        }
    }
    for derivative in [first, second] {
        let (head, tail) = (derivative[half], derivative[half + inside - 1]);
        derivative[..half].fill(head);
        derivative[half + inside..].fill(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_has_its_own_derivatives() {
        let row: Vec<f32> = (0..30)
            .map(|t| 2.0 + 3.0 * t as f32 + 0.5 * (t * t) as f32)
            .collect();
        let features = Features::new(1, 1, 30, row).unwrap();
        let finish = Finish {
            deltas: Some(Deltas::default()),
            ..Finish::default()
        };
        let out = finish.apply(&features).unwrap();
        assert_eq!((out.channels, out.frames), (3, 30));
        for t in 4..26 {
            assert!(
                (out.data[30 + t] - (3.0 + t as f32)).abs() < 1e-4,
                "slope at {t}: {}",
                out.data[30 + t]
            );
        }
        assert!(out.data[60..].iter().all(|bend| (bend - 1.0).abs() < 1e-4));
        let short = Features::new(1, 1, 8, vec![0.0; 8]).unwrap();
        let message = finish.apply(&short).unwrap_err().to_string();
        assert!(
            message.starts_with("deltas over 9 frames need at least 9, and this has 8"),
            "{message}"
        );
    }
}

//! Derivatives over time.

use crate::{error::FeatureError, positive_integer};
use earmark_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Derivatives over time by Savitzky-Golay filters: the slope of a fitted line and the second derivative of a fitted
/// parabola, per frame. The first and last half windows repeat the nearest full one, which equals
/// `librosa.feature.delta(mode="interp")`: slope and curvature are constant along a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deltas {
    /// Frames that a fit spans, odd, 3 to 255. Default: 9, as in librosa.
    #[serde(deserialize_with = "positive_integer::required")]
    pub width_frames: u32,
}

impl Default for Deltas {
    fn default() -> Self {
        Self { width_frames: 9 }
    }
}

impl Deltas {
    pub(super) fn check(&self, segment_frames: Option<usize>) -> Result<(), ConfigError> {
        let (key, width) = ("width-frames", self.width_frames);
        let odd = (3..=255).contains(&width) && !width.is_multiple_of(2);
        ConfigError::unless(odd, key, width, "must be an odd number from 3 to 255; usual is 9")?;
        let frames = segment_frames.unwrap_or(usize::MAX);
        let remedy = "make segments longer or the width smaller";
        ConfigError::unless(frames >= width as usize, key, width, remedy)
            .map_err(|error| error.because(format!("is more than the {frames} frames of a segment")))
    }

    /// Appends first and second derivatives to rows of `frames` values.
    pub(super) fn append(&self, data: &mut Vec<f32>, frames: usize) -> Result<(), FeatureError> {
        let width = self.width_frames as usize;
        if frames < width {
            return Err(FeatureError::TooFewFrames { frames, width });
        }
        let values = data.len();
        data.resize(3 * values, 0.0);
        let (values, derivatives) = data.split_at_mut(values);
        let (first, second) = derivatives.split_at_mut(values.len());
        let taps = derivative_taps(width / 2);
        let rows = values.chunks_exact(frames).zip(first.chunks_exact_mut(frames));
        for ((row, first), second) in rows.zip(second.chunks_exact_mut(frames)) {
            derive(row, &taps, first, second);
        }
        Ok(())
    }
}

/// Weights of the slope and of the second derivative of a fit at `-half..=half`, in double precision.
pub(crate) fn derivative_taps(half: usize) -> [Vec<f64>; 2] {
    // Least squares over n = -half..=half: the slope is sum(n x) / sum(n^2); the parabola's second derivative is
    // 2 sum(q x) / sum(q^2) with q = n^2 - mean(n^2).
    let positions = 0..=2 * half;
    let n = |i: usize| i as f64 - half as f64;
    let squares: f64 = positions.clone().map(|i| n(i).powi(2)).sum();
    let curve = |i: usize| n(i).powi(2) - squares / (2 * half + 1) as f64;
    let curves: f64 = positions.clone().map(|i| curve(i).powi(2)).sum();
    [
        positions.clone().map(|i| n(i) / squares).collect(),
        positions.map(|i| 2.0 * curve(i) / curves).collect(),
    ]
}

/// First and second derivative of one row with at least `2 half + 1` frames; both outputs start as zeros.
fn derive(row: &[f32], [slopes, curves]: &[Vec<f64>; 2], first: &mut [f32], second: &mut [f32]) {
    let half = slopes.len() / 2;
    let inside = row.len() - 2 * half;
    let middle = &row[half..][..inside];
    for n in 1..=half {
        // The curve weights sum to 0, so x may be taken relative to the middle, which keeps large values out of the
        // sums.
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
    use crate::{Features, Postprocess};

    #[test]
    fn derivatives_of_a_parabola_are_exact() {
        let row: Vec<f32> = (0..30)
            .map(|t| 2.0 + 3.0 * t as f32 + 0.5 * (t * t) as f32)
            .collect();
        let features = Features::new(1, 1, 30, row).unwrap();
        let postprocess = Postprocess {
            deltas: Some(Deltas::default()),
            ..Postprocess::default()
        };
        let out = postprocess.apply(&features).unwrap();
        assert_eq!((out.channels, out.frames), (3, 30));
        for t in 4..26 {
            assert!(
                (out.data[30 + t] - (3.0 + t as f32)).abs() < 1e-4,
                "slope at {t}: {}",
                out.data[30 + t]
            );
        }
        assert!(out.data[60..].iter().all(|curve| (curve - 1.0).abs() < 1e-4));
        let short = Features::new(1, 1, 8, vec![0.0; 8]).unwrap();
        let message = postprocess.apply(&short).unwrap_err().to_string();
        assert!(
            message.starts_with("deltas over 9 frames need at least 9, and there are 8"),
            "{message}"
        );
    }
}

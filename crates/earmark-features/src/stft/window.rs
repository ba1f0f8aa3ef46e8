//! Window functions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The window function that a frame is multiplied by. Unless the name says "symmetric" it is the periodic form: the
/// window of `n` samples is the first `n` of a symmetric one of `n + 1`, as in TensorFlow's `hann_window` and
/// librosa's `fftbins=True`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WindowFunction {
    /// `0.5 - 0.5 cos(2 pi i / n)`: used by all four published systems.
    #[default]
    Hann,
    /// `0.54 - 0.46 cos(2 pi i / n)`: does not fall to zero at its ends.
    Hamming,
    /// `0.5 - 0.5 cos(2 pi i / (n - 1))`: zero at both ends (PyTorch's `hann_window(periodic=False)`; EfficientAT).
    SymmetricHann,
}

impl WindowFunction {
    /// The window's `n` coefficients, computed in double precision.
    pub(crate) fn coefficients(self, n: usize) -> Vec<f64> {
        let (mean, swing, period) = match self {
            WindowFunction::Hann => (0.5, 0.5, n),
            WindowFunction::Hamming => (0.54, 0.46, n),
            WindowFunction::SymmetricHann if n == 1 => return vec![1.0],
            WindowFunction::SymmetricHann => (0.5, 0.5, n - 1),
        };
        (0..n)
            .map(|i| mean - swing * (TAU * i as f64 / period as f64).cos())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_periodic() {
        // scipy.signal.get_window(name, 5, fftbins=True), scipy 1.17.1
        let hann = [
            0.0,
            0.34549150281252633,
            0.9045084971874737,
            0.9045084971874737,
            0.34549150281252633,
        ];
        let hamming = [
            0.08,
            0.3978521825875242,
            0.9121478174124757,
            0.9121478174124757,
            0.3978521825875242,
        ];
        for (window, expected) in [(WindowFunction::Hann, hann), (WindowFunction::Hamming, hamming)] {
            for (got, want) in window.coefficients(5).iter().zip(expected) {
                assert!((got - want).abs() < 1e-15, "{window:?}: {got} is not {want}");
            }
        }
    }

    #[test]
    fn a_symmetric_window_is_a_periodic_one_with_its_end_point() {
        for n in [2, 3, 8, 801] {
            let periodic = WindowFunction::Hann.coefficients(n - 1);
            let symmetric = WindowFunction::SymmetricHann.coefficients(n);
            for (i, (got, want)) in symmetric.iter().zip(periodic.iter().chain([&0.0])).enumerate() {
                assert!((got - want).abs() < 1e-15, "{i} of {n}: {got} is not {want}");
            }
        }
        // PyTorch's only window of one sample.
        assert_eq!(WindowFunction::SymmetricHann.coefficients(1), [1.0]);
    }
}

//! Analysis windows.

use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The shape that a frame is multiplied by, always in its periodic form: the window of `n` samples is the first `n` of a
/// symmetric one of `n + 1`, as TensorFlow's `hann_window` and librosa's `fftbins=True` have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// `0.5 - 0.5 cos(2 pi i / n)`: all four published systems use it.
    #[default]
    Hann,
    /// `0.54 - 0.46 cos(2 pi i / n)`: does not fall to zero at its ends.
    Hamming,
}

impl Window {
    /// The window's `n` coefficients, computed in double precision.
    pub(crate) fn coefficients(self, n: usize) -> Vec<f64> {
        let (mean, swing) = match self {
            Window::Hann => (0.5, 0.5),
            Window::Hamming => (0.54, 0.46),
        };
        (0..n)
            .map(|i| mean - swing * (TAU * i as f64 / n as f64).cos())
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
        for (window, expected) in [(Window::Hann, hann), (Window::Hamming, hamming)] {
            for (got, want) in window.coefficients(5).iter().zip(expected) {
                assert!((got - want).abs() < 1e-15, "{window:?}: {got} is not {want}");
            }
        }
    }
}

//! Transforms of real signals, for whoever needs one outside of a front end.
//!
//! rustfft's code is generic and large: planned here, it is in a program once for each precision and not once for each
//! crate. In single precision, it is in earmark-audio, whose resampler needs it.

use earmark_audio::fourier;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// From `length` samples to `length / 2 + 1` bins, in double precision.
pub fn forward(length: usize) -> Arc<dyn RealToComplex<f64>> {
    RealFftPlanner::new().plan_fft_forward(length)
}

/// From `length / 2 + 1` bins to `length` samples, `length` times too large, in double precision.
pub fn inverse(length: usize) -> Arc<dyn ComplexToReal<f64>> {
    RealFftPlanner::new().plan_fft_inverse(length)
}

/// From `length` samples to `length / 2 + 1` bins, in single precision.
pub fn forward_f32(length: usize) -> Arc<dyn RealToComplex<f32>> {
    fourier::plan_real(length)
}

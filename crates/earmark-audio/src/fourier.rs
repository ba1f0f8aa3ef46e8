//! Plans of Fourier transforms in single precision.
//!
//! rustfft's code is generic and large. The resampler has a copy in this crate, which whoever plans here shares.

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// From `length` complex numbers to as many bins.
pub fn plan(length: usize) -> Arc<dyn Fft<f32>> {
    FftPlanner::new().plan_fft_forward(length)
}

/// From `length` samples to `length / 2 + 1` bins.
pub fn plan_real(length: usize) -> Arc<dyn RealToComplex<f32>> {
    RealFftPlanner::new().plan_fft_forward(length)
}

//! Transforms of real signals, in double precision.

use earmark_features::real_fft;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A forward and an inverse transform of one length.
pub(super) struct Fourier {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    length: usize,
}

impl Fourier {
    /// Transforms of `length` samples, which must be even and above 0.
    pub(super) fn new(length: usize) -> Self {
        Self {
            forward: real_fft::forward(length),
            inverse: real_fft::inverse(length),
            length,
        }
    }

    /// Samples (followed by zeros, as far as they are fewer) to `length / 2 + 1` bins.
    pub(super) fn spectrum(&self, samples: impl Iterator<Item = f64>) -> Vec<Complex<f64>> {
        let mut input = self.forward.make_input_vec();
        input.iter_mut().zip(samples).for_each(|(to, from)| *to = from);
        let mut out = self.forward.make_output_vec();
        self.forward
            .process(&mut input, &mut out)
            .expect("the buffers are those of the plan");
        out
    }

    /// Bins to `length` samples: the inverse of [`spectrum`](Self::spectrum).
    pub(super) fn samples(&self, mut bins: Vec<Complex<f64>>) -> Vec<f64> {
        // The transform of a real signal has real ends.
        let last = bins.len() - 1;
        bins[0].im = 0.0;
        bins[last].im = 0.0;
        let mut out = self.inverse.make_output_vec();
        self.inverse
            .process(&mut bins, &mut out)
            .expect("the buffers are those of the plan");
        let scale = 1.0 / self.length as f64;
        out.iter_mut().for_each(|sample| *sample *= scale);
        out
    }
}

/// The periodic Hann window.
pub(super) fn hann(length: usize) -> Vec<f64> {
    (0..length)
        .map(|n| 0.5 - 0.5 * (TAU * n as f64 / length as f64).cos())
        .collect()
}

/// The first `samples.len()` samples of the convolution with `response`.
pub(super) fn convolve(samples: &[f32], response: &[f64]) -> Vec<f64> {
    let length = (samples.len() + response.len()).next_power_of_two().max(2);
    let fourier = Fourier::new(length);
    let mut product = fourier.spectrum(samples.iter().map(|&sample| f64::from(sample)));
    let response = fourier.spectrum(response.iter().copied());
    product.iter_mut().zip(response).for_each(|(a, b)| *a *= b);
    let mut out = fourier.samples(product);
    out.truncate(samples.len());
    out
}

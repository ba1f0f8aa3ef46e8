//! From one sample rate to another: an FFT for rates with a sizeable common divisor, a windowed sinc for the others.

mod fft_for_related_rates;
mod resampler;
mod sinc_for_unrelated_rates;

pub use resampler::{Resampler, resample, resampled_len};

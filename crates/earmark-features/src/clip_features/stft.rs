//! The short-time Fourier transform of the handcrafted features, and its inverse.
//!
//! 2,048 samples every 512, periodic Hann, centred, the clip mirrored at its ends: `librosa.stft` of 0.6.2 with its
//! defaults. Sums are in double precision, results in single precision: features such as the minimum of a band are
//! 100 dB below the loudest one, where a transform in single precision would show its own noise.

use crate::stft::{WindowFunction, mirror};
use rustfft::{
    Fft, FftPlanner,
    num_complex::{Complex32, Complex64},
};
use std::sync::Arc;

/// Samples of a frame.
pub(super) const FFT: usize = 2048;
/// Samples from frame to frame.
pub(super) const HOP: usize = 512;
/// Bins of a spectrum.
pub(super) const BINS: usize = FFT / 2 + 1;

/// Plans and window, shared by threads.
pub(super) struct InvertibleStft {
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
}

/// Number of frames of a clip of `samples`.
pub(super) fn frames_of(samples: usize) -> usize {
    if samples == 0 { 0 } else { 1 + samples / HOP }
}

/// Magnitudes `[frames, BINS]`.
pub(super) fn magnitudes(spectra: &[Complex32]) -> Vec<f32> {
    spectra.iter().map(|z| z.norm()).collect()
}

impl InvertibleStft {
    pub fn new() -> Self {
        let mut planner = FftPlanner::new();
        Self {
            forward: planner.plan_fft_forward(FFT),
            inverse: planner.plan_fft_inverse(FFT),
            window: WindowFunction::Hann.coefficients(FFT),
        }
    }

    /// Spectra, `[frames, BINS]`; none for an empty clip.
    pub fn spectra(&self, samples: &[f32]) -> Vec<Complex32> {
        let frames = frames_of(samples.len());
        let mut out = vec![Complex32::default(); frames * BINS];
        let mut z = vec![Complex64::default(); FFT];
        let mut scratch = vec![Complex64::default(); self.forward.get_inplace_scratch_len()];
        // Two real frames are transformed as one complex frame; a last single frame is paired with zeros.
        for (pair, out) in out.chunks_mut(2 * BINS).enumerate() {
            let both = out.len() > BINS;
            let sample = |frame: usize, i: usize| {
                f64::from(samples[mirror(frame * HOP + i, FFT / 2, samples.len())]) * self.window[i]
            };
            // Silence stays silence: rounding would leak some of the other frame into it, and chroma is loud however
            // soft a frame is.
            let mut audible = [false; 2];
            for (i, z) in z.iter_mut().enumerate() {
                let second = if both { sample(2 * pair + 1, i) } else { 0.0 };
                *z = Complex64::new(sample(2 * pair, i), second);
                audible = [audible[0] || z.re != 0.0, audible[1] || z.im != 0.0];
            }
            self.forward.process_with_scratch(&mut z, &mut scratch);
            let ends = |k: usize| (z[k], z[(FFT - k) % FFT].conj());
            let (first, second) = out.split_at_mut(BINS);
            if audible[0] {
                for (k, out) in first.iter_mut().enumerate() {
                    let (a, b) = ends(k);
                    *out = single((a + b) * 0.5);
                }
            }
            if audible[1] {
                for (k, out) in second.iter_mut().enumerate() {
                    let (a, b) = ends(k);
                    *out = single((a - b) * Complex64::new(0.0, -0.5));
                }
            }
        }
        out
    }

    /// The signal of `samples` samples whose spectra are closest to these (Griffin and Lim 1984): windowed frames are
    /// added and divided by the sum of squared windows.
    pub fn signal(&self, spectra: &[Complex32], samples: usize) -> Vec<f32> {
        let mut sums = vec![0.0_f64; samples + 2 * FFT];
        let mut weights = vec![0.0_f64; samples + 2 * FFT];
        let mut z = vec![Complex64::default(); FFT];
        let mut scratch = vec![Complex64::default(); self.inverse.get_inplace_scratch_len()];
        for (pair, spectra) in spectra.chunks(2 * BINS).enumerate() {
            let (first, second) = spectra.split_at(BINS);
            let bin = |k: usize| {
                let other = second.get(k).copied().unwrap_or_default();
                (double(first[k]), double(other) * Complex64::i())
            };
            for k in 0..BINS {
                let (mut a, mut b) = bin(k);
                if k == 0 || k == FFT / 2 {
                    // The first and last bin of a real signal are real.
                    (a.im, b.re) = (0.0, 0.0);
                }
                z[k] = a + b;
                if k > 0 && k < FFT / 2 {
                    // The second frame carries a factor of i, which its mirror image keeps.
                    z[FFT - k] = a.conj() - b.conj();
                }
            }
            self.inverse.process_with_scratch(&mut z, &mut scratch);
            for (frame, spectrum) in [first, second].into_iter().enumerate() {
                if spectrum.is_empty() {
                    break;
                }
                let silent = spectrum.iter().all(|z| *z == Complex32::default());
                let start = (2 * pair + frame) * HOP;
                for (i, z) in z.iter().enumerate() {
                    let x = match frame {
                        _ if silent => 0.0,
                        0 => z.re,
                        _ => z.im,
                    };
                    if let (Some(sum), Some(weight)) = (sums.get_mut(start + i), weights.get_mut(start + i)) {
                        *sum += x / FFT as f64 * self.window[i];
                        *weight += self.window[i] * self.window[i];
                    }
                }
            }
        }
        let inside = sums.iter().zip(&weights).skip(FFT / 2).take(samples);
        let level = |(sum, weight): (&f64, &f64)| {
            let covered = *weight > f64::from(f32::MIN_POSITIVE);
            (if covered { sum / weight } else { *sum }) as f32
        };
        inside.map(level).collect()
    }
}

fn single(z: Complex64) -> Complex32 {
    Complex32::new(z.re as f32, z.im as f32)
}

fn double(z: Complex32) -> Complex64 {
    Complex64::new(f64::from(z.re), f64::from(z.im))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn pattern(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * i * 31 + 7 * i) % 113) as f32 / 56.0 - 1.0)
            .collect()
    }

    #[test]
    fn spectra_agree_with_the_definition() {
        let x = pattern(1700); // 4 frames, all of which reach beyond the clip
        let (stft, window) = (InvertibleStft::new(), WindowFunction::Hann.coefficients(FFT));
        let spectra = stft.spectra(&x);
        assert_eq!(spectra.len(), 4 * BINS);
        for (frame, k) in [(0, 0), (0, 17), (1, 600), (2, 1024), (3, 1)] {
            let mut exact = Complex64::default();
            for (i, w) in window.iter().enumerate() {
                let x = f64::from(x[mirror(frame * HOP + i, FFT / 2, x.len())]) * w;
                exact += Complex64::from_polar(x, -TAU * ((i * k) % FFT) as f64 / FFT as f64);
            }
            let got = double(spectra[frame * BINS + k]);
            assert!(
                (got - exact).norm() < 1e-4,
                "frame {frame}, bin {k}: {got} is not {exact}"
            );
        }
    }

    #[test]
    fn silence_stays_silence() {
        let mut x = pattern(20_000);
        x[4_000..12_000].fill(0.0);
        let stft = InvertibleStft::new();
        let spectra = stft.spectra(&x);
        // Frames 10 to 21 are between the two sounds.
        assert!(
            spectra[10 * BINS..22 * BINS]
                .iter()
                .all(|z| *z == Complex32::default())
        );
        assert!(
            stft.signal(&spectra, 20_000)[6_500..9_500]
                .iter()
                .all(|x| *x == 0.0)
        );
    }

    #[test]
    fn signals_round_trip() {
        let stft = InvertibleStft::new();
        for n in [1, 2, 511, 512, 3_000, 5_121] {
            let x = pattern(n);
            let back = stft.signal(&stft.spectra(&x), n);
            assert_eq!(back.len(), n);
            for (i, (x, y)) in x.iter().zip(&back).enumerate() {
                // Samples after the last frame's middle are still under several windows.
                assert!((x - y).abs() < 1e-5, "{n} samples, sample {i}: {y} is not {x}");
            }
        }
    }
}

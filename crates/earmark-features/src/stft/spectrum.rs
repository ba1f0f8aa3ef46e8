//! The spectrum of one frame: window, real FFT of any length, and the value of each bin.
//!
//! An even transform of `n` real samples is one complex transform of `n / 2`: even samples are its real parts, odd
//! ones its imaginary parts, and two bins at a time are separated again (`X[k] = E[k] + W^k O[k]`, with `E` and `O`
//! the transforms of the even and odd samples). An odd transform is a complex one with imaginary parts of zero.

use super::framing::Framing;
use crate::simd::LANES;
use earmark_audio::fourier;
use rustfft::{Fft, num_complex::Complex32};
use std::{f64::consts::TAU, sync::Arc};

/// Window, plan and twiddles for one length; shared by threads.
pub(crate) struct FrameSpectrum {
    fft: Arc<dyn Fft<f32>>,
    samples: usize,
    /// Zeros before the window in the transform.
    lead: usize,
    window: Vec<f32>,
    /// Twiddle factors `exp(-2 pi i k / n)` for `k` up to `n / 4`, real and imaginary parts apart.
    twiddle_re: Vec<f32>,
    twiddle_im: Vec<f32>,
}

/// Working memory of one thread.
#[derive(Debug, Clone)]
pub(crate) struct FrameBuffer {
    /// The windowed frame between zeros.
    packed: Vec<Complex32>,
    transformed: Vec<Complex32>,
    fft: Vec<Complex32>,
    re: Vec<f32>,
    im: Vec<f32>,
}

impl FrameSpectrum {
    pub fn new(framing: &Framing, window: &[f64]) -> Self {
        let samples = framing.fft;
        let even = samples.is_multiple_of(2);
        let fft = fourier::plan(if even { samples / 2 } else { samples });
        // Separating two bins needs a factor of one half, which the window includes at no cost.
        let scale = if even { 0.5 } else { 1.0 };
        let angle = |k: usize| -TAU * k as f64 / samples as f64;
        Self {
            fft,
            samples,
            lead: framing.lead(),
            window: window.iter().map(|w| (w * scale) as f32).collect(),
            twiddle_re: (0..=samples / 4).map(|k| angle(k).cos() as f32).collect(),
            twiddle_im: (0..=samples / 4).map(|k| angle(k).sin() as f32).collect(),
        }
    }

    pub fn buffer(&self) -> FrameBuffer {
        FrameBuffer {
            packed: vec![Complex32::default(); self.fft.len()],
            transformed: vec![Complex32::default(); self.fft.len()],
            fft: vec![Complex32::default(); self.fft.get_immutable_scratch_len()],
            re: vec![0.0; self.fft.len()],
            im: vec![0.0; self.fft.len()],
        }
    }

    fn is_even(&self) -> bool {
        self.fft.len() != self.samples
    }

    /// Windows `samples` (as many as the window has) and packs them for the transform. `packed` stays zero around the
    /// window.
    #[inline(always)]
    pub fn load(&self, samples: &[f32], frame: &mut FrameBuffer) {
        let samples = &samples[..self.window.len()];
        if !self.is_even() {
            let packed = frame.packed[self.lead..].iter_mut();
            for ((out, x), w) in packed.zip(samples).zip(&self.window) {
                out.re = x * w;
            }
            return;
        }
        // A window at an odd offset starts with an imaginary part.
        let odd = self.lead % 2;
        if odd == 1 {
            frame.packed[self.lead / 2].im = samples[0] * self.window[0];
        }
        let (pairs, last) = samples[odd..].as_chunks::<2>();
        let (weights, last_weight) = self.window[odd..].as_chunks::<2>();
        let packed = &mut frame.packed[self.lead.div_ceil(2)..];
        for ((out, x), w) in packed.iter_mut().zip(pairs).zip(weights) {
            *out = Complex32::new(x[0] * w[0], x[1] * w[1]);
        }
        if let ([x], [w]) = (last, last_weight) {
            packed[pairs.len()].re = x * w;
        }
    }

    /// The transform itself; rustfft chooses its own vector instructions.
    pub fn transform(&self, frame: &mut FrameBuffer) {
        self.fft
            .process_immutable_with_scratch(&frame.packed, &mut frame.transformed, &mut frame.fft);
    }

    /// Splits real and imaginary parts, so that [`Self::read`] runs over plain numbers.
    #[inline(always)]
    pub fn split(&self, frame: &mut FrameBuffer) {
        for ((z, re), im) in frame.transformed.iter().zip(&mut frame.re).zip(&mut frame.im) {
            *re = z.re;
            *im = z.im;
        }
    }

    /// Writes `of(re, im)` of bins 0 to `n / 2` to `bins`, after [`Self::split`].
    #[inline(always)]
    pub fn read(&self, frame: &FrameBuffer, bins: &mut [f32], of: impl Fn(f32, f32) -> f32) {
        let (re, im) = (&frame.re[..], &frame.im[..]);
        if !self.is_even() {
            for ((out, re), im) in bins[..=self.samples / 2].iter_mut().zip(re).zip(im) {
                *out = of(*re, *im);
            }
            return;
        }
        let m = re.len();
        bins[0] = of(2.0 * (re[0] + im[0]), 0.0);
        bins[m] = of(2.0 * (re[0] - im[0]), 0.0);
        // Bins k and m - k together, in blocks that are loaded before any is stored, so that the compiler need not
        // check whether they overlap. The last block may repeat some pairs; a short transform has single pairs only.
        let pairs = (m - 1) / 2;
        if pairs >= LANES {
            let blocks = (0..pairs / LANES).map(|block| 1 + block * LANES);
            for k in blocks.chain([pairs + 1 - LANES]) {
                self.read_pairs::<LANES>(re, im, k, bins, &of);
            }
        } else {
            for k in 1..=pairs {
                self.read_pairs::<1>(re, im, k, bins, &of);
            }
        }
        if m.is_multiple_of(2) {
            bins[m / 2] = of(2.0 * re[m / 2], -2.0 * im[m / 2]);
        }
    }

    /// Bins `k..k + N` and their mirror images.
    #[inline(always)]
    fn read_pairs<const N: usize>(
        &self,
        re: &[f32],
        im: &[f32],
        k: usize,
        bins: &mut [f32],
        of: &impl Fn(f32, f32) -> f32,
    ) {
        let mirrored = re.len() + 1 - k - N;
        let (a, b) = (load::<N>(re, k), load::<N>(im, k));
        let (c, d) = (reverse(load::<N>(re, mirrored)), reverse(load::<N>(im, mirrored)));
        let (twiddle_re, twiddle_im) = (load::<N>(&self.twiddle_re, k), load::<N>(&self.twiddle_im, k));
        let (mut low, mut high) = ([0.0; N], [0.0; N]);
        for i in 0..N {
            let (even_re, even_im) = (a[i] + c[i], b[i] - d[i]);
            let (odd_re, odd_im) = (b[i] + d[i], c[i] - a[i]);
            let turned_re = twiddle_re[i] * odd_re - twiddle_im[i] * odd_im;
            let turned_im = twiddle_re[i] * odd_im + twiddle_im[i] * odd_re;
            low[i] = of(even_re + turned_re, even_im + turned_im);
            high[i] = of(even_re - turned_re, turned_im - even_im);
        }
        bins[k..k + N].copy_from_slice(&low);
        bins[mirrored..mirrored + N].copy_from_slice(&reverse(high));
    }
}

#[inline(always)]
fn load<const N: usize>(from: &[f32], start: usize) -> [f32; N] {
    let mut out = [0.0; N];
    out.copy_from_slice(&from[start..start + N]);
    out
}

#[inline(always)]
fn reverse<const N: usize>(x: [f32; N]) -> [f32; N] {
    std::array::from_fn(|i| x[N - 1 - i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stft::Centre;

    #[test]
    fn any_length_agrees_with_the_definition() {
        for (n, window, centre) in [
            (2, 2, Centre::None),
            (3, 3, Centre::None),
            (4, 3, Centre::Zero),
            (6, 5, Centre::None),
            (15, 12, Centre::Zero),
            (16, 9, Centre::Zero),
            (97, 97, Centre::None),
            (202, 101, Centre::Zero),
            (512, 400, Centre::None),
            (1764, 1764, Centre::Zero),
        ] {
            let framing = Framing {
                window,
                hop: 1,
                fft: n,
                centre,
            };
            let weights: Vec<f64> = (0..window).map(|i| 1.0 + (i % 7) as f64 / 8.0).collect();
            let samples: Vec<f32> = (0..window)
                .map(|i| ((i * i * 31 + 7 * i) % 113) as f32 / 56.0 - 1.0)
                .collect();
            let spectrum = FrameSpectrum::new(&framing, &weights);
            let mut frame = spectrum.buffer();
            let (mut re, mut im) = (vec![0.0; n / 2 + 1], vec![0.0; n / 2 + 1]);
            spectrum.load(&samples, &mut frame);
            spectrum.transform(&mut frame);
            spectrum.split(&mut frame);
            spectrum.read(&frame, &mut re, |re, _| re);
            spectrum.read(&frame, &mut im, |_, im| im);
            for k in 0..=n / 2 {
                let (mut exact_re, mut exact_im) = (0.0, 0.0);
                for i in 0..window {
                    // The product is taken modulo n, which keeps the angle exact.
                    let angle = -TAU * (((i + framing.lead()) * k) % n) as f64 / n as f64;
                    exact_re += f64::from(samples[i]) * weights[i] * angle.cos();
                    exact_im += f64::from(samples[i]) * weights[i] * angle.sin();
                }
                let error = (f64::from(re[k]) - exact_re)
                    .abs()
                    .max((f64::from(im[k]) - exact_im).abs());
                assert!(
                    error < 1e-6 * (n as f64).max(8.0),
                    "length {n}, bin {k}: off by {error:e}"
                );
            }
        }
    }
}

//! Changes the tempo at the same pitch, by a phase vocoder (Flanagan and Golden 1966; Laroche and Dolson 1999) in librosa's form.

use std::f64::consts::TAU;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use realfft::num_complex::Complex;

use super::fourier::{Fourier, hann};
use super::interface::{WaveformAugmentation, WaveformChange, when};
use crate::augment::bounds::check_ends;
use crate::settings::settings;

settings! {
    /// Changes the tempo of a clip.
    pub struct TimeStretch {
        /// Probability that a clip is changed.
        pub prob: f64 = 0.5,
        /// Slowest tempo: 0.5 is twice as long.
        pub min_rate: f64 = 0.8,
        /// Fastest tempo: 2 is half as long.
        pub max_rate: f64 = 1.25,
    }
}

/// A tempo as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("tempo x {rate:.3}")]
pub struct Stretch {
    /// Above 1 is faster.
    pub rate: f64,
}

/// Samples in a window, and between windows.
const WINDOW: usize = 2048;
const HOP: usize = 512;

impl Check for TimeStretch {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let (low, high) = (self.min_rate, self.max_rate);
        check_ends(("min-rate", low), ("max-rate", high), 0.25..=4.0)
    }
}

impl WaveformAugmentation for TimeStretch {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        // Uniform in its logarithm: half as fast is as likely as twice as fast.
        let (low, high) = (libm::log(self.min_rate), libm::log(self.max_rate));
        let rate = libm::exp(random::uniform(rng, low, high));
        when(drawn, Stretch { rate })
    }
}

impl WaveformChange for Stretch {
    fn apply(&self, samples: Vec<f32>, _: u32) -> Vec<f32> {
        self.stretch(&samples)
    }
}

impl Stretch {
    /// The clip at its new tempo: `samples / rate` samples, halves to even.
    pub fn stretch(&self, samples: &[f32]) -> Vec<f32> {
        if samples.is_empty() || self.rate.is_nan() || self.rate <= 0.0 {
            return samples.to_vec();
        }
        let length = (samples.len() as f64 / self.rate).round_ties_even() as usize;
        let (fourier, window) = (Fourier::new(WINDOW), hann(WINDOW));
        let spectra = analyse(samples, &fourier, &window);
        let frames = (length + WINDOW).div_ceil(HOP);
        synthesise(&vocode(&spectra, self.rate, frames), &fourier, &window, length)
    }
}

/// Spectra of windows centred at every hop, with zeros around the clip.
fn analyse(samples: &[f32], fourier: &Fourier, window: &[f64]) -> Vec<Vec<Complex<f64>>> {
    let sample = |at: usize| match at.checked_sub(WINDOW / 2).and_then(|at| samples.get(at)) {
        Some(&sample) => f64::from(sample),
        None => 0.0,
    };
    (0..=samples.len() / HOP)
        .map(|frame| fourier.spectrum((0..WINDOW).map(|n| window[n] * sample(frame * HOP + n))))
        .collect()
}

/// Reads the spectra at steps of `rate`: magnitudes between neighbours, phases that advance as fast as they do there.
fn vocode(spectra: &[Vec<Complex<f64>>], rate: f64, most: usize) -> Vec<Vec<Complex<f64>>> {
    let bins = WINDOW / 2 + 1;
    let silence = vec![Complex::default(); bins];
    let at = |frame: usize| spectra.get(frame).unwrap_or(&silence);
    let mut phases: Vec<f64> = spectra[0].iter().map(|bin| bin.arg()).collect();
    let steps = (0..most).map(|step| step as f64 * rate);
    steps
        .take_while(|step| *step < spectra.len() as f64)
        .map(|step| {
            let (frame, share) = (step.floor() as usize, step.fract());
            let (now, next) = (at(frame), at(frame + 1));
            (0..bins)
                .map(|bin| {
                    let magnitude = (1.0 - share) * now[bin].norm() + share * next[bin].norm();
                    let out = Complex::from_polar(magnitude, phases[bin]);
                    let expected = TAU * (HOP * bin) as f64 / WINDOW as f64;
                    let more = next[bin].arg() - now[bin].arg() - expected;
                    phases[bin] += expected + more - TAU * (more / TAU).round_ties_even();
                    out
                })
                .collect()
        })
        .collect()
}

/// Overlapping windows added up, divided by the sum of their squares.
fn synthesise(spectra: &[Vec<Complex<f64>>], fourier: &Fourier, window: &[f64], length: usize) -> Vec<f32> {
    let whole = WINDOW + HOP * spectra.len().saturating_sub(1);
    let (mut sum, mut weight) = (vec![0.0; whole], vec![0.0; whole]);
    for (frame, spectrum) in spectra.iter().enumerate() {
        let samples = fourier.samples(spectrum.clone());
        for (n, sample) in samples.into_iter().enumerate() {
            sum[frame * HOP + n] += window[n] * sample;
            weight[frame * HOP + n] += window[n] * window[n];
        }
    }
    (WINDOW / 2..WINDOW / 2 + length)
        .map(|at| match (sum.get(at), weight.get(at)) {
            (Some(sum), Some(weight)) if *weight > f64::from(f32::MIN_POSITIVE) => (sum / weight) as f32,
            (Some(sum), _) => *sum as f32,
            _ => 0.0,
        })
        .collect()
}

//! Constant-Q transform: seven octaves of semitones from C1, folded into notes and tonal centroids.
//!
//! After `librosa.feature.chroma_cqt` of 0.6.2 (Brown 1991; Schörkhuber and Klapuri 2010): filters of the top octave
//! run over the signal, whose rate is then halved for the octave below, and so on. librosa filters in the frequency
//! domain; here it is a plain sum over time, which is equivalent and, with filters this short, faster.

use super::chroma::NOTES;
use super::stft::{FFT, HOP, frames_of};
use crate::stft::{WindowFunction, mirror};
use rustfft::{FftPlanner, num_complex::Complex64};
use std::f64::consts::{PI, TAU};

const OCTAVES: u32 = 7;
/// The lowest note, C1, in hertz.
const LOWEST_HZ: f64 = 32.703_195_662_574_83;
/// Half the length of librosa's transform at the rate of the top octave; filters are centred in it.
const HALF: usize = 128;
/// Share of a filter's spectrum that is dropped.
const DROPPED_SHARE: f64 = 0.01;

/// A filter of one note: coefficients of the `2 * HALF` samples around a frame's middle.
struct Filter {
    taps: Vec<Complex64>,
    weight: f64,
}

impl Filter {
    /// A filter for `hz` at `rate`. Of its spectrum up to half the rate, the smallest bins that sum to a hundredth are
    /// dropped.
    ///
    /// Quirk(librosa 0.6.2): the rest responds slightly, some 100 dB down, to samples beyond the filter's length, and
    /// in silent frames that response is all there is.
    fn new(hz: f64, rate: f64) -> Self {
        let q = 1.0 / (2.0_f64.powf(1.0 / NOTES as f64) - 1.0);
        let length = q * rate / hz;
        let first = (-length / 2.0).floor();
        let count = ((length / 2.0).floor() - first) as usize;
        let window = WindowFunction::Hann.coefficients(count);
        let sum: f64 = window.iter().sum();
        let lead = HALF - count.div_ceil(2);
        let mut taps = vec![Complex64::default(); 2 * HALF];
        for (j, w) in window.iter().enumerate() {
            taps[lead + j] = Complex64::from_polar(w / sum, TAU * hz / rate * (first + j as f64));
        }
        let fft = FftPlanner::new().plan_fft_forward(2 * HALF);
        fft.process(&mut taps);
        let (kept, negative) = taps.split_at_mut(HALF + 1);
        negative.fill(Complex64::default());
        let mut sizes: Vec<f64> = kept.iter().map(|z| z.norm()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let total: f64 = sizes.iter().sum();
        let mut sum = 0.0;
        let least = sizes.iter().find(|size| {
            sum += **size / total;
            sum >= DROPPED_SHARE
        });
        let least = least.copied().unwrap_or(0.0);
        let dropped = kept.iter_mut().filter(|z| z.norm() < least);
        dropped.for_each(|z| *z = Complex64::default());
        // Multiplying a frame's spectrum with these bins and summing equals a sum over the frame with their transform.
        fft.process(&mut taps);
        taps.iter_mut().for_each(|z| *z /= (2 * HALF) as f64);
        Self {
            taps,
            weight: length.sqrt(),
        }
    }

    /// The level around sample `middle` of a signal that starts `HALF` samples into `padded`.
    fn level(&self, padded: &[f32], middle: usize) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (tap, x) in self.taps.iter().zip(&padded[middle..]) {
            re += tap.re * f64::from(*x);
            im += tap.im * f64::from(*x);
        }
        re.hypot(im)
    }
}

/// Level of each note in each frame, summed over octaves: `[frames][NOTES]`. Higher notes count less, by the square
/// root of their filter's length; `tuning` is in semitones.
pub(super) fn notes(samples: &[f32], rate: f64, tuning: f64) -> Vec<[f64; NOTES]> {
    let frames = frames_of(samples.len());
    let mut out = vec![[0.0; NOTES]; frames];
    if frames == 0 {
        return out;
    }
    let lowest = LOWEST_HZ * 2.0_f64.powf(tuning / NOTES as f64);
    let top = lowest * f64::from(1 << (OCTAVES - 1));
    let filters: [Filter; NOTES] =
        std::array::from_fn(|note| Filter::new(top * 2.0_f64.powf(note as f64 / NOTES as f64), rate / 2.0));
    let mut signal = halved(samples);
    let mut hop = HOP / 2;
    for octave in 0..OCTAVES {
        if octave > 0 {
            signal = halved(&signal);
            hop /= 2;
        }
        let longer = f64::from(1 << octave).sqrt();
        let length = signal.len() + 4 * HALF + hop;
        let mirrored = |i| signal[mirror(i, HALF, signal.len())];
        let padded: Vec<f32> = (0..length).map(mirrored).collect();
        for (t, notes) in out.iter_mut().enumerate() {
            for (note, filter) in notes.iter_mut().zip(&filters) {
                *note += filter.level(&padded, t * hop) * filter.weight * longer;
            }
        }
    }
    out
}

/// Taps on each side of the half-band filter.
const SIDE: usize = 23;

/// Halves the rate: a Kaiser-windowed sinc, flat to a fifth of the old rate and more than 80 dB down from 0.3 of it.
/// Notes end at 0.094 of it, and aliases of them start at 0.406.
fn halved(samples: &[f32]) -> Vec<f32> {
    // Every other tap of a half-band filter is zero, except the middle one, which is one half.
    let tap = |k: usize| {
        let x = PI * k as f64 / 2.0;
        let position = k as f64 / (SIDE + 1) as f64;
        0.5 * x.sin() / x * bessel_i0(8.0 * (1.0 - position * position).sqrt()) / bessel_i0(8.0)
    };
    let taps: Vec<f64> = (1..=SIDE).step_by(2).map(tap).collect();
    let at = |i: Option<usize>| i.and_then(|i| samples.get(i)).map_or(0.0, |x| f64::from(*x));
    let halved = |i: usize| {
        let middle = 2 * i;
        let sides = taps.iter().enumerate().map(|(tap, w)| {
            let k = 2 * tap + 1;
            w * (at(middle.checked_sub(k)) + at(middle.checked_add(k)))
        });
        (0.5 * at(Some(middle)) + sides.sum::<f64>()) as f32
    };
    (0..samples.len().div_ceil(2)).map(halved).collect()
}

/// The modified Bessel function of order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= (x / 2.0 / k).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// Tonal centroids of notes (Harte, Sandler and Gasser 2006; `librosa.feature.tonnetz`): fifths, minor and major
/// thirds, each as a point on a circle.
pub(super) fn tonal_centroid(notes: &[f64; NOTES]) -> [f64; 6] {
    let sum: f64 = notes.iter().sum();
    // librosa leaves near-silence unchanged.
    let silent = sum < f64::from(f32::MIN_POSITIVE);
    let sum = if silent { 1.0 } else { sum };
    const STEPS: [(f64, f64); 3] = [(7.0 / 6.0, 1.0), (3.0 / 2.0, 1.0), (2.0 / 3.0, 0.5)];
    std::array::from_fn(|i| {
        let (step, radius) = STEPS[i / 2];
        let sine = if i % 2 == 0 { 0.5 } else { 0.0 };
        let part = |(note, level): (usize, &f64)| (PI * (step * note as f64 - sine)).cos() * level;
        radius * notes.iter().enumerate().map(part).sum::<f64>() / sum
    })
}

const _: () = assert!(FFT / HOP == 4, "frames of both transforms coincide");

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: f64, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|i| (TAU * hz * i as f64 / rate).sin() as f32)
            .collect()
    }

    #[test]
    fn halving_keeps_notes_and_drops_aliases() {
        let middle = |hz: f64| {
            let x = halved(&tone(hz, 44_100.0, 2_000));
            assert_eq!(x.len(), 1_000);
            x[100..900].iter().fold(0.0_f32, |top, x| top.max(x.abs()))
        };
        assert!((middle(1_000.0) - 1.0).abs() < 1e-3);
        assert!((middle(4_127.0) - 1.0).abs() < 1e-2, "{}", middle(4_127.0));
        for hz in [17_900.0, 19_000.0, 21_000.0] {
            assert!(middle(hz) < 1e-4, "{hz}: {}", middle(hz));
        }
        assert_eq!(halved(&[]).len() + halved(&[1.0]).len(), 1);
    }

    #[test]
    fn tones_are_their_notes_in_every_octave() {
        for (hz, note) in [(65.41, 0), (220.0, 9), (493.88, 11), (1_396.9, 5), (3_729.3, 10)] {
            let notes = notes(&tone(hz, 44_100.0, 88_200), 44_100.0, 0.0);
            assert_eq!(notes.len(), 173);
            let frame = &notes[80];
            let loudest = frame.iter().copied().fold(0.0, f64::max);
            assert_eq!(frame[note], loudest, "{hz} Hz: {frame:?}");
            // One half (a real tone is two complex ones) times the square root of the filter's length.
            let length = 16.817 * 22_050.0 / hz;
            assert!(
                (loudest / (0.5 * length.sqrt()) - 1.0).abs() < 0.02,
                "{hz}: {loudest}"
            );
        }
        assert!(notes(&[], 44_100.0, 0.0).is_empty());
        assert_eq!(notes(&[0.5], 44_100.0, 0.0).len(), 1);
    }

    #[test]
    fn centroids_of_a_fifth() {
        // By hand: C is (0, 1) on every circle.
        let mut c = [0.0; NOTES];
        c[0] = 0.7;
        let got = tonal_centroid(&c);
        for (got, want) in got.iter().zip([0.0, 1.0, 0.0, 1.0, 0.0, 0.5]) {
            assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        }
        c[7] = 0.7; // with G
        let got = tonal_centroid(&c);
        let angle = 7.0 / 6.0 * PI * 7.0;
        assert!((got[1] - (1.0 + angle.cos()) / 2.0).abs() < 1e-12);
        assert!((got[0] - angle.sin() / 2.0).abs() < 1e-12);
        assert_eq!(tonal_centroid(&[0.0; NOTES]), [0.0; 6]);
    }
}

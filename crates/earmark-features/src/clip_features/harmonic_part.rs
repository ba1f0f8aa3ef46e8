//! The harmonic part of a sound: sustained tones without percussive strokes.
//!
//! After `librosa.effects.harmonic` of 0.6.2 (Fitzgerald, "Harmonic/percussive separation using median filtering",
//! 2010; Driedger, Müller and Disch 2014): medians along time keep sustained tones, medians along frequency keep
//! strokes, and each bin is shared between the two in proportion to their squares.

use super::stft::BINS;
use rustfft::num_complex::Complex32;

/// Frames or bins under a median.
const WIDTH: usize = 31;

/// Reduces spectra `[frames, BINS]` to their harmonic part.
pub(super) fn keep_harmonic(spectra: &mut [Complex32], magnitudes: &[f32]) {
    let frames = magnitudes.len() / BINS;
    let mut harmonic = vec![0.0_f32; magnitudes.len()];
    let (mut column, mut medians) = (vec![0.0_f32; frames], vec![0.0_f32; frames]);
    for bin in 0..BINS {
        for (x, frame) in column.iter_mut().zip(magnitudes.chunks_exact(BINS)) {
            *x = frame[bin];
        }
        sliding_medians(&column, &mut medians);
        for (frame, median) in harmonic.chunks_exact_mut(BINS).zip(&medians) {
            frame[bin] = *median;
        }
    }
    let mut percussive = vec![0.0_f32; BINS];
    let spectra = spectra.chunks_exact_mut(BINS).zip(magnitudes.chunks_exact(BINS));
    for ((spectrum, frame), harmonic) in spectra.zip(harmonic.chunks_exact(BINS)) {
        sliding_medians(frame, &mut percussive);
        for ((z, h), p) in spectrum.iter_mut().zip(harmonic).zip(&percussive) {
            *z *= share(*h, *p);
        }
    }
}

/// `h^2 / (h^2 + p^2)`, and one half where both are zero.
fn share(h: f32, p: f32) -> f32 {
    let greater = h.max(p);
    if greater < f32::MIN_POSITIVE {
        return 0.5;
    }
    let (h, p) = ((h / greater).powi(2), (p / greater).powi(2));
    h / (h + p)
}

/// The values under a window, ascending; one element more than the window, so that counting uses whole vector
/// registers.
type Sorted = [f32; WIDTH + 1];

/// The median around each value of `row`, which is mirrored at its ends with the end value repeated (SciPy's "reflect").
fn sliding_medians(row: &[f32], out: &mut [f32]) {
    let (n, half) = (row.len(), WIDTH / 2);
    // The value at `i - half`.
    let at = |i: usize| {
        let index = (i + 2 * n * half.div_ceil(2 * n) - half) % (2 * n);
        row[if index < n { index } else { 2 * n - 1 - index }]
    };
    if n == 0 {
        return;
    }
    let mut sorted: Sorted = [f32::INFINITY; WIDTH + 1];
    for (i, x) in sorted[..WIDTH].iter_mut().enumerate() {
        *x = at(i);
    }
    sorted[..WIDTH].sort_unstable_by(f32::total_cmp);
    out[0] = sorted[half];
    for (i, out) in out.iter_mut().enumerate().take(n).skip(1) {
        replace(&mut sorted, at(i - 1), at(i - 1 + WIDTH));
        *out = sorted[half];
    }
}

/// Replaces `old` by `new`.
fn replace(sorted: &mut Sorted, old: f32, new: f32) {
    let below = |limit: f32| sorted.iter().map(|x| usize::from(*x < limit)).sum::<usize>();
    let (from, to) = (below(old), below(new));
    if to > from {
        sorted.copy_within(from + 1..to, from);
        sorted[to - 1] = new;
    } else {
        sorted.copy_within(to..from, to + 1);
        sorted[to] = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorts each window.
    fn oracle(row: &[f32]) -> Vec<f32> {
        let n = row.len();
        let at = |i: usize| {
            let index = i % (2 * n);
            row[if index < n { index } else { 2 * n - 1 - index }]
        };
        (0..n)
            .map(|i| {
                // 30 periods on, where no index is negative.
                let middle = i + 60 * n;
                let mut window: Vec<f32> = (middle - 15..=middle + 15).map(at).collect();
                window.sort_unstable_by(f32::total_cmp);
                window[15]
            })
            .collect()
    }

    #[test]
    fn sliding_medians_equal_medians_of_sorted_windows() {
        for n in [1, 2, 5, 14, 15, 16, 31, 40, 200] {
            // Few different values, so that many are equal.
            let row: Vec<f32> = (0..n).map(|i| ((i * i * 7 + i) % 11) as f32 / 10.0).collect();
            let mut out = vec![0.0; n];
            sliding_medians(&row, &mut out);
            assert_eq!(out, oracle(&row), "{n} values");
            sliding_medians(&row, &mut out);
            assert_eq!(out, oracle(&row), "{n} values, used again");
        }
    }

    #[test]
    fn tones_stay_and_strokes_go() {
        let frames = 60;
        let mut magnitudes = vec![0.0_f32; frames * BINS];
        (0..frames).for_each(|t| magnitudes[t * BINS + 300] = 1.0);
        (0..BINS).for_each(|k| magnitudes[30 * BINS + k] = 1.0);
        let mut spectra = vec![Complex32::new(1.0, 0.0); frames * BINS];
        keep_harmonic(&mut spectra, &magnitudes);
        let left = |t: usize, k: usize| spectra[t * BINS + k].re;
        assert_eq!((left(3, 300), left(30, 700)), (1.0, 0.0));
        assert_eq!((left(30, 300), left(3, 700)), (0.5, 0.5));
    }
}

//! Tuning: how far a recording deviates from A = 440 Hz.
//!
//! After `librosa.estimate_tuning` of 0.6.2: the peaks of all spectra between 150 and 4,000 Hz are interpolated
//! between bins by a parabola, and the louder half of them vote for a deviation from the semitones.

use super::stft::{BINS, FFT};

/// Peaks below this share of their frame's largest magnitude are ignored.
const THRESHOLD: f64 = 0.1;
const LOWEST_HZ: f64 = 150.0;
const HIGHEST_HZ: f64 = 4_000.0;

/// Deviation in semitones, from -0.5 to 0.48 in hundredths; 0 without any pitch. `magnitudes` is `[frames, BINS]`.
pub(super) fn tuning(magnitudes: &[f32], rate: f64) -> f64 {
    let frames = magnitudes.chunks_exact(BINS);
    let peaks: Vec<(f64, f64)> = frames.flat_map(|frame| peaks(frame, rate)).collect();
    let mut levels: Vec<f64> = peaks.iter().map(|(_, level)| *level).collect();
    let median = median(&mut levels);
    let loud = peaks.iter().filter(|(_, level)| *level >= median);
    // Quirk(librosa 0.6.2): 99 bins between edges of -0.50 to 0.49, so that peaks above 0.49 do not vote.
    let edges: Vec<f64> = (0..100).map(|i| -0.5 + 0.01 * f64::from(i)).collect();
    let mut votes = [0_usize; 99];
    for (hz, _) in loud {
        let residual = (12.0 * (hz / 27.5).log2()).rem_euclid(1.0);
        let residual = if residual >= 0.5 { residual - 1.0 } else { residual };
        if residual <= edges[99] {
            let bin = edges.partition_point(|edge| *edge <= residual);
            votes[bin.saturating_sub(1).min(98)] += 1;
        }
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    if peaks.is_empty() {
        return 0.0;
    }
    edges[votes.iter().position(|n| *n == most).unwrap_or(0)]
}

/// Frequency and magnitude of each peak of a spectrum.
fn peaks(frame: &[f32], rate: f64) -> Vec<(f64, f64)> {
    let least = THRESHOLD * f64::from(frame.iter().copied().fold(0.0, f32::max));
    let bin_hz = rate / FFT as f64;
    let level = |k: usize| f64::from(frame[k]);
    let kept = |k: usize| if level(k) > least { level(k) } else { 0.0 };
    (1..BINS - 1)
        .filter(|&k| (LOWEST_HZ..HIGHEST_HZ).contains(&(k as f64 * bin_hz)))
        .filter(|&k| kept(k) > kept(k - 1) && kept(k) >= kept(k + 1))
        .map(|k| {
            let slope = 0.5 * (level(k + 1) - level(k - 1));
            let bend = 2.0 * level(k) - level(k + 1) - level(k - 1);
            let shift = if bend == 0.0 { 0.0 } else { slope / bend };
            ((k as f64 + shift) * bin_hz, level(k) + 0.5 * slope * shift)
        })
        .collect()
}

/// The median; 0 without values.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n.is_multiple_of(2) => 0.5 * (values[n / 2 - 1] + values[n / 2]),
        n => values[n / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip_features::stft::{InvertibleStft, magnitudes};

    #[test]
    fn the_tuning_of_a_tone_is_found() {
        for cents in [-0.31, -0.1, 0.0, 0.22, 0.4] {
            let hz = 440.0 * 2.0_f64.powf(cents / 12.0);
            let x: Vec<f32> = (0..20_000)
                .map(|i| (std::f64::consts::TAU * hz * f64::from(i) / 44_100.0).sin() as f32)
                .collect();
            let found = tuning(&magnitudes(&InvertibleStft::new().spectra(&x)), 44_100.0);
            // A parabola through magnitudes is off by some hundredths of a semitone at 440 Hz, where a bin is 0.8
            // semitones wide.
            assert!((found - cents).abs() < 0.06, "{found} is not {cents}");
        }
        assert_eq!(tuning(&[0.0; 3 * BINS], 44_100.0), 0.0);
        assert_eq!(tuning(&[], 44_100.0), 0.0);
    }
}

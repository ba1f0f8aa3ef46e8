//! The zero-crossing rate of each frame.

use super::stft::{FFT, HOP, frames_of};

/// Share of neighbouring samples that differ in sign, in the frames of the transform, with the clip's end samples
/// repeated beyond it. Samples closer to zero than 1e-10 count as positive.
pub(super) fn zero_crossings(samples: &[f32]) -> Vec<f64> {
    let Some(last) = samples.len().checked_sub(1) else {
        return Vec::new();
    };
    let negative = |i: usize| samples[i] < -1e-10;
    // Crossings up to each sample.
    let mut counts = vec![0_u32; samples.len()];
    for i in 1..samples.len() {
        counts[i] = counts[i - 1] + u32::from(negative(i) != negative(i - 1));
    }
    let count_at = |i: usize| counts[i.saturating_sub(FFT / 2).min(last)];
    (0..frames_of(samples.len()))
        .map(|t| f64::from(count_at(t * HOP + FFT - 1) - count_at(t * HOP)) / FFT as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_of_a_square_wave() {
        let x: Vec<f32> = (0..44_100)
            .map(|i| if i / 50 % 2 == 0 { 0.5 } else { -0.5 })
            .collect();
        let rates = zero_crossings(&x);
        assert_eq!(rates.len(), 87);
        assert!(rates[10..70].iter().all(|r| (r - 0.02).abs() < 1e-3));
        // Half of the first frame's window repeats one sample.
        assert!((rates[0] - 0.01).abs() < 1e-3);
    }
}

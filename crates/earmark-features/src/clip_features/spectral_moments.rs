//! Roll-off, centroid and bandwidth of one spectrum.

use super::stft::FFT;

/// Roll-off (85 % of the magnitudes are below it), centroid and bandwidth (mean and standard deviation of
/// frequency, weighted by magnitude) in hertz; zeros in silence.
pub(super) fn moments(rate: f64, frame: &[f32]) -> [f64; 3] {
    let hz = |k: usize| k as f64 * rate / FFT as f64;
    let total: f64 = frame.iter().map(|x| f64::from(*x)).sum();
    if total < f64::from(f32::MIN_POSITIVE) {
        return [0.0; 3];
    }
    let (mut sum, mut roll_off, mut first_moment) = (0.0, None, 0.0);
    for (k, x) in frame.iter().enumerate() {
        sum += f64::from(*x);
        first_moment += hz(k) * f64::from(*x);
        if sum >= 0.85 * total {
            roll_off.get_or_insert(hz(k));
        }
    }
    let centroid = first_moment / total;
    let spread = |(k, x): (usize, &f32)| (hz(k) - centroid).powi(2) * f64::from(*x);
    let spread: f64 = frame.iter().enumerate().map(spread).sum();
    [roll_off.unwrap_or(0.0), centroid, (spread / total).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip_features::stft::BINS;

    #[test]
    fn moments_of_two_lines() {
        let mut frame = vec![0.0; BINS];
        (frame[100], frame[300]) = (3.0, 1.0);
        let [roll_off, centroid, bandwidth] = moments(44_100.0, &frame);
        let hz = 44_100.0 / 2048.0;
        assert_eq!(roll_off, 300.0 * hz);
        assert!((centroid - 150.0 * hz).abs() < 1e-9);
        assert!((bandwidth - 7_500.0_f64.sqrt() * hz).abs() < 1e-9);
    }
}

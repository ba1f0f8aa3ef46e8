//! The shape of the mean spectrum: 64 features.
//!
//! As mobilenetv2-pca-2018 took them from A. Gehsbarg's kernel for FSDKaggle2018. The spectrum is
//! ln(1 + mean magnitude) of the first 1,000 bins of adjacent frames of 2,000 samples, without a window.

use super::statistics::{RUNS, runs};
use rustfft::{FftPlanner, num_complex::Complex64};

const FRAME: usize = 2_000;
const BINS: usize = FRAME / 2;
/// Samples before the first frame.
const SKIP: usize = 100;
/// Shares of the peak; the bins above each are counted.
const SHARES: [(f64, &str); 5] = [(0.1, "10"), (0.2, "20"), (0.5, "50"), (0.9, "90"), (0.99, "99")];
/// Bins that count as low.
const LOW: usize = 50;
/// Bins averaged for a smoothed level, and the distance between levels.
const SMOOTH: usize = 20;
const STEP: usize = 40;

/// Names of [`mean_spectrum`], in order.
pub(super) fn names() -> Vec<String> {
    let mut names = vec!["spectrum-centroid-bin".to_owned()];
    names.extend(SHARES.map(|(_, share)| format!("spectrum-bins-above-{share}")));
    names.push("spectrum-peak-bin".into());
    names.extend(["50", "90"].map(|share| format!("spectrum-low-bins-above-{share}")));
    let runs = |(_, share): (f64, &str)| RUNS.map(|what| format!("spectrum-runs-{share}-{what}"));
    names.extend(SHARES.into_iter().flat_map(runs));
    let fit = |what: &'static str| ["slope", "bend", "offset"].map(|c| format!("{what}-fit-{c}"));
    names.extend(fit("spectrum"));
    names.extend(["sum", "mean", "norm", "norm-per-bin"].map(|what| format!("spectrum-{what}")));
    names.extend(fit("spectrum-peak"));
    let level = |bin| format!("spectrum-level-{bin:03}");
    names.extend((0..BINS).step_by(STEP).map(level));
    names
}

/// The spectrum, `[BINS]`, of whole frames from sample 100 on that end before the clip does; a clip too short for one
/// frame is zero-padded to it.
fn spectrum(samples: &[f32]) -> Vec<f64> {
    let frames = samples.len().saturating_sub(SKIP + 1) / FRAME;
    let padded: Vec<f32>;
    let frames = if frames == 0 {
        let zeros = std::iter::repeat(&0.0);
        padded = samples.iter().chain(zeros).take(FRAME).copied().collect();
        &padded[..]
    } else {
        &samples[SKIP..SKIP + frames * FRAME]
    };
    let fft = FftPlanner::new().plan_fft_forward(FRAME);
    let mut scratch = vec![Complex64::default(); fft.get_inplace_scratch_len()];
    let mut sums = vec![0.0; BINS];
    let mut z = vec![Complex64::default(); FRAME];
    for frame in frames.chunks_exact(FRAME) {
        for (z, x) in z.iter_mut().zip(frame) {
            *z = Complex64::new(f64::from(*x), 0.0);
        }
        fft.process_with_scratch(&mut z, &mut scratch);
        sums.iter_mut().zip(&z).for_each(|(sum, z)| *sum += z.norm());
    }
    let count = (frames.len() / FRAME) as f64;
    sums.iter().map(|sum| (sum / count).ln_1p()).collect()
}

/// Coefficients of `n`, of `n^2` and of 1 in the parabola through `y` at `n = first, first + 1, ...` by least squares.
fn parabola(y: &[f64], first: usize) -> [f64; 3] {
    let count = y.len() as f64;
    let middle = first as f64 + (count - 1.0) / 2.0;
    // Around the middle, constant, line and parabola are orthogonal.
    let offset = |i: usize| (first + i) as f64 - middle;
    let squares: f64 = (0..y.len()).map(|i| offset(i).powi(2)).sum();
    let curve = |i: usize| offset(i).powi(2) - squares / count;
    let curves: f64 = (0..y.len()).map(|i| curve(i).powi(2)).sum();
    let along = |of: &dyn Fn(usize) -> f64| y.iter().enumerate().map(|(i, y)| of(i) * y).sum::<f64>();
    let mean = y.iter().sum::<f64>() / count;
    let (slope, bend) = (along(&offset) / squares, along(&curve) / curves);
    let constant = mean - slope * middle + bend * (middle * middle - squares / count);
    [slope - 2.0 * bend * middle, bend, constant]
}

/// Mean bin (weighted by squares); bins above shares of the peak; the peak's bin; how many of the lowest 50 bins
/// reach one half and nine tenths of it; runs of bins above the shares; the parabola through all bins; sum, mean,
/// norm and norm over the count; the parabola through the peak; 25 smoothed levels.
///
/// Quirk(mobilenetv2-pca-2018): the peak's parabola spans from the last bin below a tenth of the peak on its left to
/// the first one on its right, where a missing bin counts as bin 0; it is 0 when that is fewer than three bins.
pub(super) fn mean_spectrum(samples: &[f32]) -> Vec<f64> {
    let m = spectrum(samples);
    let top = m.iter().copied().fold(0.0, f64::max);
    let peak = m.iter().position(|x| *x == top).unwrap_or(0);
    let above = |share: f64| m.iter().map(move |x| *x > share * top);
    let squares: f64 = m.iter().map(|x| x * x).sum();
    let weighted: f64 = m.iter().enumerate().map(|(i, x)| i as f64 * x * x).sum();
    let mut out = vec![if squares > 0.0 { weighted / squares } else { 0.0 }];
    out.extend(SHARES.map(|(share, _)| above(share).filter(|on| *on).count() as f64));
    out.push(peak as f64);
    out.extend([0.5, 0.9].map(|share| m[..LOW].iter().filter(|x| **x >= share * top).count() as f64));
    out.extend(SHARES.iter().flat_map(|(share, _)| runs(above(*share))));
    out.extend(parabola(&m, 0));
    let sum: f64 = m.iter().sum();
    let bins = BINS as f64;
    out.extend([sum, sum / bins, squares.sqrt(), squares.sqrt() / bins]);
    let faint = |x: &f64| *x < 0.1 * top;
    let left = m[..peak].iter().rposition(faint).unwrap_or(0);
    let right = m[peak..].iter().position(faint).map_or(0, |i| peak + i);
    let wide = right > left + 2;
    out.extend(if wide {
        parabola(&m[left..right], left)
    } else {
        [0.0; 3]
    });
    let level = |bin: usize| m[bin..bin + SMOOTH].iter().sum::<f64>() / SMOOTH as f64;
    out.extend((0..BINS).step_by(STEP).map(level));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parabolas_are_fitted_at_any_offset() {
        for first in [0, 7, 400] {
            let y: Vec<f64> = (first..first + 30)
                .map(|n| 3.0 - 0.5 * n as f64 + 0.01 * (n * n) as f64)
                .collect();
            let got = parabola(&y, first);
            for (got, want) in got.iter().zip([-0.5, 0.01, 3.0]) {
                assert!((got - want).abs() < 1e-8, "{got} is not {want}");
            }
        }
    }

    #[test]
    fn a_tone_is_a_peak() {
        // 100 periods per frame: a line of 1,000 in bin 100.
        let x: Vec<f32> = (0..10_000)
            .map(|i| (std::f64::consts::TAU * f64::from(i) / 20.0).sin() as f32)
            .collect();
        let got = mean_spectrum(&x);
        assert_eq!(got.len(), names().len());
        let of = |name: &str| got[names().iter().position(|n| n == name).unwrap()];
        assert_eq!(
            (of("spectrum-peak-bin"), of("spectrum-bins-above-10")),
            (100.0, 1.0)
        );
        assert!((of("spectrum-sum") - 1_001.0_f64.ln()).abs() < 0.1);
        assert!((of("spectrum-centroid-bin") - 100.0).abs() < 0.01);
        for silent in [vec![], vec![0.0; 10], vec![0.0; 9_000]] {
            assert!(mean_spectrum(&silent).iter().all(|x| *x == 0.0 || x.is_finite()));
        }
    }
}

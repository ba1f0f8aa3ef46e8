//! The loudness envelope: twelve features.
//!
//! As mobilenetv2-pca-2018 took them from A. Gehsbarg's kernel for FSDKaggle2018: when the mean square of 2,000
//! samples is above a share of its maximum, how soon it gets there and falls again, and how often the sign changes.

use super::statistics::{RUNS, runs};

/// Samples per mean.
const WINDOW: usize = 2_000;

/// Names of [`envelope`], in order.
pub(super) fn names() -> Vec<String> {
    let runs = ["05", "25"].map(|share| RUNS.map(|what| format!("sound-runs-{share}-{what}")));
    let others = [
        "attack-log-samples",
        "relaxation-log-samples",
        "sign-changes-log-count",
        "sign-changes-share",
    ];
    runs.into_iter()
        .flatten()
        .chain(others.map(str::to_owned))
        .collect()
}

/// Runs of sound above 5 % and 25 % of the maximum; ln(1 + samples) until the mean is within 1 % of the maximum, and
/// until it then falls below 20 % (or the clip ends); ln(1 + count) and share of the pairs of neighbours whose
/// product is not above zero. A clip shorter than a window is one window; an empty clip gives zeros.
///
/// Quirk(mobilenetv2-pca-2018): runs of silence are computed and dropped, and silent samples count as sign changes.
pub(super) fn envelope(samples: &[f32]) -> Vec<f64> {
    if samples.is_empty() {
        return vec![0.0; 12];
    }
    let window = WINDOW.min(samples.len());
    let (mut sums, mut sum) = (vec![0.0], 0.0);
    for x in samples {
        sum += f64::from(*x) * f64::from(*x);
        sums.push(sum);
    }
    let mean = |(from, to): (&f64, &f64)| (to - from) / window as f64;
    let power: Vec<f64> = sums.iter().zip(&sums[window..]).map(mean).collect();
    let top = power.iter().copied().fold(0.0, f64::max);
    let above = |share: f64| runs(power.iter().map(|p| *p > share * top));
    let attack = power.iter().position(|p| *p > 0.99 * top).unwrap_or(0);
    let falls = |p: &f64| *p < 0.2 * top;
    let relaxed = power[attack..].iter().position(falls);
    let relaxed = relaxed.map_or(power.len(), |i| attack + i);
    let changes = samples.windows(2).filter(|pair| pair[0] * pair[1] <= 0.0).count() as f64;
    let times = [attack as f64, relaxed as f64, changes].map(f64::ln_1p);
    let share = changes / samples.len() as f64;
    [&above(0.05)[..], &above(0.25), &times, &[share]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bursts() {
        // 3,000 loud samples, 9,000 silent ones, 4,000 half as loud.
        let level = |i: usize| match i {
            0..3_000 => 0.8,
            12_000.. => 0.4,
            _ => 0.0,
        };
        let x: Vec<f32> = (0..16_000)
            .map(|i| if i % 2 == 0 { level(i) } else { -level(i) })
            .collect();
        let got = envelope(&x);
        assert_eq!(got.len(), names().len());
        // Windows start at each of the first 14,001 samples. Those that start up to 2,900 contain a twentieth of loud
        // samples. The second burst has a quarter of the power: it is above 5 % where it covers 400 of a window's
        // 2,000 samples, from after 10,400 on (there it is 5 % up to rounding), and never above 25 %.
        let lengths = [2_901.0_f64, 3_600.0];
        let mean = (lengths[0] + lengths[1]) / 2.0;
        assert_eq!(got[3], 2.0);
        assert!((got[0] - mean.ln_1p()).abs() < 1e-3, "{got:?}");
        assert_eq!(got[7], 1.0);
        assert_eq!(got[8], 0.0);
        // Below a fifth of the power from 2,601 on, where 399 loud samples are left in the window.
        assert!(
            (got[9] - 2_601.0_f64.ln_1p()).abs() < 1e-3,
            "{} is not {}",
            got[9].exp_m1(),
            2_601
        );
        assert_eq!(got[11], 15_999.0 / 16_000.0);
        assert_eq!(envelope(&[]), [0.0; 12]);
        assert!(envelope(&[0.0; 5]).iter().all(|x| x.is_finite()));
    }
}

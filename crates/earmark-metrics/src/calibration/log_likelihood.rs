//! Log-likelihood of the labels, for scores that are probabilities.

/// The least that a probability and its complement count as, since 0 has no logarithm: the smallest normal float32, and half
/// the distance between 1 and the greatest float32 below it.
const LEAST: f64 = f32::MIN_POSITIVE as f64;
const LEAST_COMPLEMENT: f64 = 3e-8;

/// Mean over labelled clips of the log-probability that the scores give their labels: minus the cross-entropy.
///
/// With one label per clip (`single`, scores of a softmax) that is `ln p` of the label; with several, the mean over classes of
/// `ln p` where the clip has the class and `ln (1 - p)` where it does not. Each row is a clip's scores `[classes]` and whether
/// the clip has each class. `None` without a labelled clip.
pub fn log_likelihood<'a>(
    rows: impl IntoIterator<Item = (&'a [f32], &'a [bool])>,
    single: bool,
) -> Option<f64> {
    let (mut sum, mut clips) = (0.0, 0_u32);
    for (scores, truth) in rows {
        let labels = truth.iter().filter(|t| **t).count();
        if labels == 0 {
            continue;
        }
        clips += 1;
        let term = |(score, is): (&f32, &bool)| {
            let p = f64::from(*score);
            match (is, single) {
                (true, _) => p.max(LEAST).ln(),
                (false, true) => 0.0,
                (false, false) => (1.0 - p).max(LEAST_COMPLEMENT).ln(),
            }
        };
        let total: f64 = scores.iter().zip(truth).map(term).sum();
        sum += total / if single { labels } else { scores.len() } as f64;
    }
    (clips > 0).then(|| sum / f64::from(clips))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Option<f64>, want: f64) {
        assert!((got.unwrap() - want).abs() < 1e-7, "{got:?} instead of {want}");
    }

    #[test]
    fn log_likelihood_matches_a_calculation_by_hand() {
        let (a, b, c): ([f32; 3], [f32; 3], [f32; 3]) =
            ([0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.2, 0.3, 0.5]);
        let rows = [
            (&a[..], &[true, false, false][..]),
            (&b[..], &[false, false, true][..]),
            (&c[..], &[false, false, false][..]),
        ];
        close(log_likelihood(rows, true), (0.5_f64.ln() + 0.125_f64.ln()) / 2.0);
        let first = 0.5_f64.ln() + 2.0 * 0.75_f64.ln();
        let second = 0.875_f64.ln() + 0.25_f64.ln() + 0.125_f64.ln();
        close(log_likelihood(rows, false), (first + second) / 6.0);
        assert_eq!(log_likelihood(rows[2..].iter().copied(), true), None);
    }

    #[test]
    fn certain_but_wrong_scores_stay_finite() {
        let rows = [(&[1.0_f32, 0.0][..], &[false, true][..])];
        for single in [true, false] {
            let value = log_likelihood(rows, single).unwrap();
            assert!(value.is_finite() && value < -8.0, "{value}");
        }
    }
}

//! Statistics of a row over time.

/// Names of the [`statistics`], in order.
pub(super) const STATISTICS: [&str; 5] = ["mean", "std", "skew", "max", "min"];

/// Mean, standard deviation, skewness, maximum and minimum; zeros for an empty row.
///
/// Deviation and skewness are those of the population (divisor n, as in `numpy.std` and `scipy.stats.skew`); a
/// constant row has skewness 0.
pub(super) fn statistics(row: &[f64]) -> [f64; 5] {
    if row.is_empty() {
        return [0.0; 5];
    }
    let n = row.len() as f64;
    let mean = row.iter().sum::<f64>() / n;
    let (mut squares, mut cubes) = (0.0, 0.0);
    for x in row {
        let d = x - mean;
        squares += d * d;
        cubes += d * d * d;
    }
    let variance = squares / n;
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let min = row.iter().copied().fold(f64::INFINITY, f64::min);
    // The rounding error of a constant row has no skewness.
    let least = (f64::EPSILON * mean).powi(2);
    let skew = if max == min || variance <= least {
        0.0
    } else {
        cubes / n / variance.powf(1.5)
    };
    [mean, variance.sqrt(), skew, max, min]
}

/// Runs of `true`: ln(1 + mean length), ln(1 + standard deviation), ln(1 + longest), and their number; zeros without
/// any.
pub(super) fn runs(on: impl Iterator<Item = bool>) -> [f64; 4] {
    let (mut lengths, mut length) = (Vec::new(), 0_usize);
    for on in on.chain([false]) {
        if on {
            length += 1;
        } else if length > 0 {
            lengths.push(length as f64);
            length = 0;
        }
    }
    let [mean, std, _, max, _] = statistics(&lengths);
    [mean.ln_1p(), std.ln_1p(), max.ln_1p(), lengths.len() as f64]
}

/// Names of the [`runs`], in order.
pub(super) const RUNS: [&str; 4] = ["length-log-mean", "length-log-std", "length-log-max", "count"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_few_numbers() {
        // Third moment 45, second 12.5, as scipy.stats.skew divides them.
        let [mean, std, skew, max, min] = statistics(&[1.0, 2.0, 3.0, 10.0]);
        assert_eq!((mean, max, min), (4.0, 10.0, 1.0));
        assert!((std - 12.5_f64.sqrt()).abs() < 1e-12);
        assert!((skew - 45.0 / 12.5_f64.powf(1.5)).abs() < 1e-12, "{skew}");
        assert_eq!(statistics(&[0.1; 7])[2], 0.0);
        assert_eq!(statistics(&[]), [0.0; 5]);
    }

    #[test]
    fn the_last_run_counts() {
        let on = |text: &str| runs(text.chars().map(|c| c == '#').collect::<Vec<_>>().into_iter());
        let [mean, std, max, count] = on("##..####.#");
        assert_eq!(count, 3.0);
        assert!((mean - (7.0_f64 / 3.0).ln_1p()).abs() < 1e-12);
        assert!((std - (14.0_f64 / 9.0).sqrt().ln_1p()).abs() < 1e-12);
        assert!((max - 5.0_f64.ln()).abs() < 1e-12);
        assert_eq!(on("...."), [0.0; 4]);
    }
}

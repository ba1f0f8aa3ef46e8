//! Intervals of proportions.

/// A share of a population, and what was found in a random sample of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StratumCount {
    /// Its size.
    pub population: usize,
    /// Size of the sample.
    pub sampled: usize,
    /// Those of the sample that are right.
    pub right: usize,
}

/// Wilson's score interval (1927) of a proportion; `z` is 1.96 for 95 %. Without a sample it is 0 to 1.
pub fn wilson(right: usize, sampled: usize, z: f64) -> [f64; 2] {
    if sampled == 0 {
        return [0.0, 1.0];
    }
    let (n, p) = (sampled as f64, right as f64 / sampled as f64);
    let square = z * z;
    let middle = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = z * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt() / (1.0 + square / n);
    // Of none and of all, the ends are exact.
    let low = if right == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if right == sampled {
        1.0
    } else {
        (middle + half).min(1.0)
    };
    [low, high]
}

/// The proportion in a population of which each stratum was sampled by itself, with its interval.
///
/// Strata count by their sizes. The interval is made of Wilson's of each stratum, as Zou, Huang and Zhang (2009) make
/// one of a weighted sum of proportions: the distances of its ends are the roots of the weighted sums of the squared
/// distances of theirs. It is about all that could be found in such recordings, of which the population is a sample
/// itself: a stratum that was sampled whole is as uncertain as its number of items. `None` without a population, and
/// where a stratum has no sample.
pub fn stratified_interval(strata: &[StratumCount], z: f64) -> Option<(f64, [f64; 2])> {
    let strata = strata.iter().filter(|stratum| stratum.population > 0);
    let population: usize = strata.clone().map(|stratum| stratum.population).sum();
    if population == 0 || strata.clone().any(|stratum| stratum.sampled == 0) {
        return None;
    }
    let (mut estimate, mut below, mut above) = (0.0, 0.0, 0.0);
    for stratum in strata {
        let weight = stratum.population as f64 / population as f64;
        let share = stratum.right as f64 / stratum.sampled as f64;
        let [low, high] = wilson(stratum.right, stratum.sampled, z);
        estimate += weight * share;
        below += (weight * (share - low)).powi(2);
        above += (weight * (high - share)).powi(2);
    }
    let interval = [
        (estimate - below.sqrt()).max(0.0),
        (estimate + above.sqrt()).min(1.0),
    ];
    Some((estimate, interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: f64 = 1.959_963_984_540_054;

    fn close(found: [f64; 2], wanted: [f64; 2]) {
        let is_close = found.iter().zip(wanted).all(|(x, y)| (x - y).abs() < 5e-5);
        assert!(is_close, "{found:?} instead of {wanted:?}");
    }

    /// Table I of Newcombe (1998), "Two-sided confidence intervals for the single proportion", method 3.
    #[test]
    fn wilson_is_that_of_newcombe() {
        close(wilson(81, 263, Z), [0.2553, 0.3662]);
        close(wilson(15, 148, Z), [0.0624, 0.1605]);
        close(wilson(0, 20, Z), [0.0, 0.1611]);
        close(wilson(1, 29, Z), [0.0061, 0.1718]);
        close(wilson(20, 20, Z), [0.8389, 1.0]);
        assert_eq!(wilson(0, 0, Z), [0.0, 1.0]);
    }

    fn stratum(population: usize, sampled: usize, right: usize) -> StratumCount {
        StratumCount {
            population,
            sampled,
            right,
        }
    }

    #[test]
    fn one_stratum_is_wilson_and_strata_count_by_their_size() {
        let (estimate, interval) = stratified_interval(&[stratum(1000, 263, 81)], Z).unwrap();
        assert!((estimate - 81.0 / 263.0).abs() < 1e-12);
        close(interval, [0.2553, 0.3662]);
        // 90 % of the population is right at 0.5, 10 % at 1.
        let (estimate, interval) =
            stratified_interval(&[stratum(900, 10, 5), stratum(100, 10, 10)], Z).unwrap();
        assert!((estimate - 0.55).abs() < 1e-12);
        let ([a, b], [c, _]) = (wilson(5, 10, Z), wilson(10, 10, Z));
        let low = 0.55 - ((0.9 * (0.5 - a)).powi(2) + (0.1 * (1.0 - c)).powi(2)).sqrt();
        close(interval, [low, 0.55 + 0.9 * (b - 0.5)]);
    }

    #[test]
    fn few_items_are_not_a_certainty_and_what_was_not_sampled_is_open() {
        let (estimate, [low, high]) = stratified_interval(&[stratum(1, 1, 1)], Z).unwrap();
        assert_eq!((estimate, high), (1.0, 1.0));
        assert!((low - 0.2065).abs() < 5e-5, "{low}");
        let whole = stratified_interval(&[stratum(10, 10, 7)], Z).unwrap();
        close(whole.1, wilson(7, 10, Z));
        assert_eq!(
            stratified_interval(&[stratum(10, 10, 7), stratum(1, 0, 0)], Z),
            None
        );
        assert_eq!(stratified_interval(&[stratum(0, 0, 0)], Z), None);
        assert!(stratified_interval(&[stratum(10, 5, 4), stratum(0, 0, 0)], Z).is_some());
    }

    /// Thresholds are chosen by the lower end. Of few items, all of which were reviewed, it is below the precision that
    /// they were drawn with at least as often as an interval of 95 % says.
    #[test]
    fn the_lower_end_is_honest_about_few_items() {
        use earmark_core::random::{chance, stream};
        let cases: [&[(usize, f64)]; 5] = [
            &[(1, 0.9)],
            &[(1, 0.5), (1, 0.8), (1, 0.95)],
            &[(3, 0.2), (3, 0.7), (3, 0.97)],
            &[(1, 0.3), (2, 0.5), (3, 0.8), (4, 0.95)],
            &[(8, 0.8), (8, 0.85), (4, 0.9)],
        ];
        for (case, strata) in cases.iter().enumerate() {
            let items: usize = strata.iter().map(|(size, _)| size).sum();
            let right: f64 = strata.iter().map(|(size, share)| *size as f64 * share).sum();
            let (truth, draws) = (right / items as f64, 4000_u64);
            let mut below = 0;
            for draw in 0..draws {
                let mut rng = stream(1, &[case as u64, draw]);
                let found: Vec<StratumCount> = strata
                    .iter()
                    .map(|&(size, share)| {
                        let right = (0..size).filter(|_| chance(&mut rng, share)).count();
                        stratum(size, size, right)
                    })
                    .collect();
                let (_, [low, _]) = stratified_interval(&found, Z).unwrap();
                below += u64::from(low <= truth);
            }
            let share = below as f64 / draws as f64;
            assert!(share >= 0.975, "{strata:?}: {share}");
        }
    }

    /// In draws of samples from a known population, the interval has the truth as often as it says.
    #[test]
    fn the_interval_has_the_truth_about_as_often_as_it_says() {
        use earmark_core::random::{chance, stream};
        // Precision 0.2 in 700 detections, 0.7 in 200, 0.97 in 100.
        let (sizes, shares) = ([700_usize, 200, 100], [0.2, 0.7, 0.97]);
        let truth = 0.7 * 0.2 + 0.2 * 0.7 + 0.1 * 0.97;
        let draws = 2000_u64;
        let mut inside = 0;
        for draw in 0..draws {
            let mut rng = stream(1, &[draw]);
            let strata: Vec<StratumCount> = sizes
                .iter()
                .zip(shares)
                .map(|(size, share)| {
                    let right = (0..25).filter(|_| chance(&mut rng, share)).count();
                    stratum(*size, 25, right)
                })
                .collect();
            let (_, [low, high]) = stratified_interval(&strata, Z).unwrap();
            inside += u64::from((low..=high).contains(&truth));
        }
        let share = inside as f64 / draws as f64;
        assert!((0.93..=0.98).contains(&share), "{share}");
    }
}

//! What guessing would reach on the same clips: the level that a result must pass to say anything about the sounds.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ranking::label_precision;
use crate::{Aligned, ConfusionMatrix};

/// Guessing passes `by_luck` in one of twenty tries, at most.
const LUCK: f64 = 0.05;
/// The same in standard errors of a normal distribution, on one side.
const LUCK_ERRORS: f64 = 1.645;
/// A class with fewer clips may well be missed without saying anything about the model.
const ENOUGH_CLIPS: u64 = 3;

/// A result of guessing, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuessLevel {
    /// On average.
    pub expected: f64,
    /// The highest value that guessing reaches in more than one of twenty tries on that many clips: what is higher is hardly luck.
    pub by_luck: f64,
}

impl GuessLevel {
    /// Whether a result is higher than guessing may be by luck.
    pub fn is_passed_by(self, result: f64) -> bool {
        result > self.by_luck + 1e-9
    }
}

/// Results of guessing by how frequent the classes are among the evaluated clips, without listening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guessing {
    /// The most frequent class, the first of equals.
    pub class: String,
    /// Of always guessing that class. How many of n clips are right by luck has a binomial distribution.
    pub accuracy: GuessLevel,
    /// Of any guessing: one by the number of classes that occur. Only where no clip has several labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balanced_accuracy: Option<GuessLevel>,
    /// Of ranking the classes by their frequency, in every clip alike. Luck is 1.645 standard errors of the precisions at the labels.
    pub lwlrap: GuessLevel,
}

impl Guessing {
    /// What guessing would reach on these clips; `None` where fewer than two classes occur, as there is nothing to guess.
    pub fn of(clips: &Aligned) -> Option<Self> {
        let classes = clips.classes();
        let mut counts = vec![0_u64; classes.len()];
        let (mut labelled, mut single) = (0_u64, true);
        for (_, truth) in clips.labelled() {
            labelled += 1;
            single &= truth.iter().filter(|&&is_true| is_true).count() == 1;
            counts
                .iter_mut()
                .zip(truth)
                .for_each(|(n, is_true)| *n += u64::from(*is_true));
        }
        let mut ranking: Vec<usize> = (0..classes.len()).filter(|&class| counts[class] > 0).collect();
        // Stable: equals stay in class order.
        ranking.sort_by_key(|&class| Reverse(counts[class]));
        let &first = ranking.first().filter(|_| ranking.len() > 1)?;
        let share = counts[first] as f64 / labelled as f64;
        Some(Self {
            class: classes[first].clone(),
            accuracy: GuessLevel {
                expected: share,
                by_luck: right_by_luck(labelled, share) as f64 / labelled as f64,
            },
            balanced_accuracy: single.then(|| balanced(&counts)),
            lwlrap: ranked(clips, &ranking),
        })
    }
}

/// How many of `clips` are right in more than one of twenty tries, each being right with probability `share`: the highest k with
/// P(X >= k) > 0.05 for a binomial X.
fn right_by_luck(clips: u64, share: f64) -> u64 {
    if share >= 1.0 {
        return clips;
    }
    let odds = (share / (1.0 - share)).ln();
    // P(X = k) from k = n down, as logarithms: for many clips the first ones are too small for a number.
    let mut log_prob = clips as f64 * share.ln();
    let (mut k, mut tail) = (clips, 0.0);
    loop {
        tail += log_prob.exp();
        if tail > LUCK || k == 0 {
            return k;
        }
        log_prob += (k as f64 / (clips - k + 1) as f64).ln() - odds;
        k -= 1;
    }
}

/// Balanced accuracy of guessing each class equally often; `counts` are the clips of each class.
fn balanced(counts: &[u64]) -> GuessLevel {
    let present = || counts.iter().filter(|&&n| n > 0).map(|&n| n as f64);
    let expected = 1.0 / present().count().max(1) as f64;
    let variance: f64 = present().map(|n| expected * (1.0 - expected) / n).sum();
    by_errors(expected, expected * variance.sqrt())
}

/// Lwlrap of one ranking of the classes for every clip, the most frequent class first.
fn ranked(clips: &Aligned, ranking: &[usize]) -> GuessLevel {
    let mut scores = vec![0.0; clips.classes().len()];
    for (rank, &class) in ranking.iter().enumerate() {
        scores[class] = (ranking.len() - rank) as f32;
    }
    let (mut sum, mut squares, mut labels) = (0.0, 0.0, 0.0);
    for (_, truth) in clips.labelled() {
        for class in (0..truth.len()).filter(|&class| truth[class]) {
            let precision = label_precision(&scores, truth, class);
            (sum, squares, labels) = (sum + precision, squares + precision * precision, labels + 1.0);
        }
    }
    let mean: f64 = sum / labels;
    let variance: f64 = (squares / labels - mean * mean).max(0.0);
    by_errors(mean, (variance / labels).sqrt())
}

fn by_errors(expected: f64, error: f64) -> GuessLevel {
    GuessLevel {
        expected,
        by_luck: (expected + LUCK_ERRORS * error).min(1.0),
    }
}

/// The classes with at least three clips that were predicted for no clip.
pub(crate) fn never_predicted(matrix: &ConfusionMatrix) -> Vec<String> {
    let counts = matrix.counts();
    let is_missed = |&class: &usize| {
        let clips: u64 = counts[class].iter().sum();
        clips >= ENOUGH_CLIPS && counts.iter().all(|row| row[class] == 0)
    };
    let classes = matrix.classes();
    let missed = (0..classes.len()).filter(is_missed);
    missed.map(|class| classes[class].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoreTable;

    /// By the definition, with exact binomial coefficients.
    fn slow(clips: u64, share: f64) -> u64 {
        let choose = |k: u64| (0..k).fold(1.0, |c, i| c * (clips - i) as f64 / (i + 1) as f64);
        let prob = |k: u64| choose(k) * share.powi(k as i32) * (1.0 - share).powi((clips - k) as i32);
        let tail = |k: u64| (k..=clips).map(prob).sum::<f64>();
        (0..=clips).rev().find(|&k| tail(k) > LUCK).unwrap()
    }

    #[test]
    fn luck_is_the_tail_of_a_binomial_distribution() {
        for clips in 1..=40 {
            for share in [0.02, 0.1, 1.0 / 3.0, 0.5, 0.9] {
                assert_eq!(
                    right_by_luck(clips, share),
                    slow(clips, share),
                    "{clips} at {share}"
                );
            }
        }
        // By fractions in Python: the highest k with P(X >= k) > 1/20.
        for (clips, share, right) in [
            (80, 0.1, 13),
            (400, 0.1, 50),
            (1070, 0.05, 65),
            (10_000, 0.0125, 144),
        ] {
            assert_eq!(right_by_luck(clips, share), right, "{clips} at {share}");
        }
        assert_eq!(right_by_luck(5, 1.0), 5);
    }

    /// Clips with these labels each, all scored alike.
    fn clips(classes: usize, labels: &[&[usize]]) -> Aligned {
        let files = (0..labels.len()).map(|i| i.to_string()).collect();
        let names = ["a", "b", "c", "d"].map(str::to_owned)[..classes].to_vec();
        let scores = ScoreTable::new(files, names, vec![0.5; labels.len() * classes]).unwrap();
        let marks = labels
            .iter()
            .flat_map(|of| (0..classes).map(move |c| of.contains(&c)));
        Aligned::from_rows(scores, marks.collect()).unwrap()
    }

    fn close(level: GuessLevel, expected: f64, by_luck: f64) {
        assert!((level.expected - expected).abs() < 1e-12, "{level:?}");
        assert!((level.by_luck - by_luck).abs() < 1e-12, "{level:?}");
    }

    #[test]
    fn equal_classes_are_guessed_equally_well() {
        let guess = Guessing::of(&clips(4, &[&[0], &[1], &[2], &[0], &[1], &[2], &[]])).unwrap();
        assert_eq!(guess.class, "a");
        close(guess.accuracy, 1.0 / 3.0, 4.0 / 6.0);
        // Three recalls of 1/3 on two clips each: the variance of their mean is 3 (2/9 / 2) / 9.
        let error = (1.0_f64 / 27.0).sqrt();
        close(
            guess.balanced_accuracy.unwrap(),
            1.0 / 3.0,
            1.0 / 3.0 + 1.645 * error,
        );
        // Ranked a, b, c: precisions of 1, 1/2 and 1/3. The class without clips is last and costs nothing.
        let mean = 11.0 / 18.0;
        let variance = (1.0 + 0.25 + 1.0 / 9.0) / 3.0 - mean * mean;
        close(guess.lwlrap, mean, mean + 1.645 * (variance / 6.0_f64).sqrt());
        assert!(!guess.accuracy.is_passed_by(4.0 / 6.0) && guess.accuracy.is_passed_by(5.0 / 6.0));
    }

    #[test]
    fn the_most_frequent_class_is_guessed() {
        let guess = Guessing::of(&clips(2, &[&[1], &[0], &[1], &[1]])).unwrap();
        assert_eq!(guess.class, "b");
        assert_eq!(guess.accuracy.expected, 0.75);
        assert_eq!(guess.lwlrap.expected, (3.0 + 0.5) / 4.0);
        let several = Guessing::of(&clips(3, &[&[0, 2], &[0], &[1]])).unwrap();
        assert_eq!((several.class.as_str(), several.balanced_accuracy), ("a", None));
        assert_eq!(several.accuracy.expected, 2.0 / 3.0);
        // Ranked a, b, c: 1 and 2/3, then 1, then 1/2.
        close_to(several.lwlrap.expected, (1.0 + 2.0 / 3.0 + 1.0 + 0.5) / 4.0);
        assert_eq!(Guessing::of(&clips(2, &[&[1], &[1]])), None, "one class");
        assert_eq!(Guessing::of(&clips(2, &[&[]])), None);
    }

    fn close_to(value: f64, wanted: f64) {
        assert!((value - wanted).abs() < 1e-12, "{value} instead of {wanted}");
    }

    #[test]
    fn classes_with_enough_clips_are_missed() {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut matrix = ConfusionMatrix::new(names);
        for (truth, predicted, times) in [(0, 0, 3), (1, 0, 3), (2, 0, 2)] {
            (0..times).for_each(|_| matrix.add(truth, predicted).unwrap());
        }
        assert_eq!(never_predicted(&matrix), ["b"], "c has two clips only");
        matrix.add(2, 1).unwrap();
        assert_eq!(
            never_predicted(&matrix),
            ["c"],
            "b is predicted, and c has three clips"
        );
    }
}

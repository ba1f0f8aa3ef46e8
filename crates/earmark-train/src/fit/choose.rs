//! Which of two ways is better, on clips that neither was trained on.

use crate::PipelineError;
use earmark_metrics::{Aligned, Lwlrap, top_k};
use serde::Serialize;
use std::collections::HashMap;

/// What ways are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitMetric {
    /// Share of clips whose highest score is their label.
    Accuracy,
    /// Label-ranking average precision, where clips have several labels: the mean over clips of each clip's own.
    Lwlrap,
}

impl FitMetric {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Lwlrap => "lwlrap",
        }
    }

    /// That of clips which may have several labels each, or have one.
    pub(super) fn of_labels(multi_label: bool) -> Self {
        match multi_label {
            true => Self::Lwlrap,
            false => Self::Accuracy,
        }
    }

    /// Whether all clips with a label, at least one, have the best value.
    pub(super) fn is_perfect(self, clips: &Aligned) -> Result<bool, PipelineError> {
        let mut labelled = 0;
        for (scores, truth) in clips.rows() {
            if let Some(value) = self.of_clip(scores, truth)? {
                // A mean of ones may differ from one by its rounding.
                if value < 1.0 - 1e-9 {
                    return Ok(false);
                }
                labelled += 1;
            }
        }
        Ok(labelled > 0)
    }

    /// The value of a clip; `None` for one without a label.
    fn of_clip(self, scores: &[f32], truth: &[bool]) -> Result<Option<f64>, PipelineError> {
        if !truth.contains(&true) {
            return Ok(None);
        }
        Ok(match self {
            Self::Accuracy => top_k(scores, 1)
                .first()
                .map(|&class| f64::from(u8::from(truth[class]))),
            Self::Lwlrap => {
                let mut lwlrap = Lwlrap::new(scores.len());
                lwlrap.add(scores, truth)?;
                lwlrap.overall()
            }
        })
    }
}

/// Clips from which on the better mean decides.
const MANY_CLIPS: usize = 100;

/// How a way differs from another, clip by clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WayComparison {
    /// Clips that both have scored.
    pub clips: usize,
    /// Mean of the differences; positive where the way is better than the other.
    pub difference: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
}

impl WayComparison {
    /// Compares `way` with `other` on the clips of both.
    pub(super) fn of(metric: FitMetric, way: &Aligned, other: &Aligned) -> Result<Self, PipelineError> {
        let mut theirs: HashMap<&str, f64> = HashMap::new();
        for (file, (scores, truth)) in other.files().iter().zip(other.rows()) {
            if let Some(value) = metric.of_clip(scores, truth)? {
                theirs.insert(file, value);
            }
        }
        let mut differences = Vec::new();
        for (file, (scores, truth)) in way.files().iter().zip(way.rows()) {
            let own = metric.of_clip(scores, truth)?;
            if let (Some(own), Some(their)) = (own, theirs.get(file.as_str())) {
                differences.push(own - their);
            }
        }
        Ok(Self::of_differences(&differences))
    }

    fn of_differences(differences: &[f64]) -> Self {
        let n = differences.len();
        let mean = differences.iter().sum::<f64>() / n.max(1) as f64;
        let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
        let variance = squares / n.saturating_sub(1).max(1) as f64;
        Self {
            clips: n,
            difference: mean,
            standard_error: (variance / n.max(1) as f64).sqrt(),
        }
    }

    /// Whether the way is better. On 100 clips and more the better mean is the best guess, whatever its error: both ways
    /// cost the same when they are used. On fewer it must be better by more than a standard error, since a
    /// training of few clips is more of a risk than a linear classifier.
    pub fn is_better(&self) -> bool {
        self.clips >= MANY_CLIPS && self.difference > 0.0 || self.is_surely_better()
    }

    /// Whether the way is better by more than a standard error.
    pub fn is_surely_better(&self) -> bool {
        // A single clip is exactly one error, apart from rounding.
        self.clips > 1 && self.difference > 0.0 && self.difference > self.standard_error * (1.0 + 1e-9)
    }
}

/// The index of the way to choose: the first, unless others are [better](WayComparison::is_better); of several such the
/// one that is better by most. `None` is the first way, which is compared with nothing, or a way that can't be chosen.
pub(super) fn choose(compared: &[Option<WayComparison>]) -> usize {
    let mut best = (0, 0.0);
    for (index, comparison) in compared.iter().enumerate() {
        if let Some(comparison) = comparison.filter(WayComparison::is_better)
            && comparison.difference > best.1
        {
            best = (index, comparison.difference);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_metrics::ScoreTable;

    /// Clips of two classes, of which the first is true, right where said.
    fn clips(right: &[(&str, bool)]) -> Aligned {
        let files = right.iter().map(|(file, _)| (*file).to_owned()).collect();
        let row = |(_, right): &(&str, bool)| if *right { [0.9, 0.1] } else { [0.1, 0.9] };
        let values = right.iter().flat_map(row).collect();
        let scores = ScoreTable::new(files, vec!["x".into(), "y".into()], values).unwrap();
        Aligned::from_rows(scores, right.iter().flat_map(|_| [true, false]).collect()).unwrap()
    }

    #[test]
    fn ways_are_compared_on_the_clips_of_both() {
        let first = clips(&[("a", true), ("b", false), ("c", false), ("d", true)]);
        // In another order, without one clip, and with one of its own.
        let other = clips(&[("d", true), ("c", true), ("b", true), ("e", true)]);
        let found = WayComparison::of(FitMetric::Accuracy, &other, &first).unwrap();
        assert_eq!(found.clips, 3);
        assert!((found.difference - 2.0 / 3.0).abs() < 1e-15);
        // Of 0, 1 and 1: a variance of 1/3 over three clips.
        assert!((found.standard_error - 1.0 / 3.0).abs() < 1e-15);
        assert!(found.is_better());
        let back = WayComparison::of(FitMetric::Accuracy, &first, &other).unwrap();
        assert!(!back.is_better());
        let ranked = WayComparison::of(FitMetric::Lwlrap, &other, &first).unwrap();
        assert!(
            (ranked.difference - 1.0 / 3.0).abs() < 1e-15,
            "second of two is 1/2"
        );
    }

    #[test]
    fn a_difference_of_few_clips_within_its_error_is_luck() {
        let one_of = |n: usize| {
            let mut differences = vec![0.0; n];
            differences[0] = 1.0;
            WayComparison::of_differences(&differences)
        };
        assert!(!one_of(50).is_better(), "a single clip: {:?}", one_of(50));
        let same = WayComparison::of_differences(&[0.0; 9]);
        assert!(!same.is_better());
        assert!(!WayComparison::of_differences(&[]).is_better());
        assert!(
            !WayComparison::of_differences(&[1.0]).is_better(),
            "no error is known"
        );
        assert!(WayComparison::of_differences(&[1.0, 1.0]).is_better());
        // Of many clips, the mean decides.
        assert!(one_of(100).is_better());
        assert!(!WayComparison::of_differences(&[0.0; 100]).is_better());
    }

    #[test]
    fn the_first_way_stays_unless_another_is_clearly_better() {
        let by = |difference| {
            Some(WayComparison {
                clips: 99,
                difference,
                standard_error: 0.01,
            })
        };
        assert_eq!(choose(&[None]), 0);
        assert_eq!(choose(&[None, by(0.01), by(-0.2)]), 0);
        assert_eq!(choose(&[None, by(0.02), by(0.03), None]), 2);
    }
}

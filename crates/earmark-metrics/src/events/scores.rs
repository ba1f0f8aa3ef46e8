//! Precision, recall, F1 and error rate over all recordings.

use std::collections::BTreeMap;

use serde::Serialize;

use super::counts::RecordingCounts;
use crate::mean::mean;
use crate::{Bootstrap, DecisionCounts, Interval, Result};

/// Results of a class, of all classes together or of the mean over classes; `None` where not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct EventScores {
    /// Share of what is predicted that is right.
    pub precision: Option<f64>,
    /// Share of what is true that is found.
    pub recall: Option<f64>,
    /// Their harmonic mean.
    pub f1: Option<f64>,
    /// Substitutions, deletions and insertions per true event or segment; may be above 1. Intersections have none.
    pub error_rate: Option<f64>,
    /// Confidence interval of F1, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_interval: Option<Interval>,
    /// Confidence interval of the error rate, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate_interval: Option<Interval>,
}

/// Results of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClassEventScores {
    /// How many events or segments are true.
    pub reference: u64,
    /// Its results.
    #[serde(flatten)]
    pub scores: EventScores,
}

/// The results of one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventMetric {
    /// Of all classes together.
    pub micro: EventScores,
    /// Means over the classes for which each is defined; of F1, over those with true events.
    #[serde(rename = "macro")]
    pub macro_mean: EventScores,
    /// By class name.
    pub per_class: BTreeMap<String, ClassEventScores>,
}

/// The sums of some recordings.
struct Sums {
    classes: Vec<DecisionCounts>,
    all: DecisionCounts,
    errors: u64,
}

impl Sums {
    fn of<'a>(recordings: impl Iterator<Item = &'a RecordingCounts>, classes: usize) -> Self {
        let mut sums = Self {
            classes: vec![DecisionCounts::default(); classes],
            all: DecisionCounts::default(),
            errors: 0,
        };
        for counts in recordings {
            for (&class, counts) in &counts.classes {
                sums.classes[class].join(counts);
                sums.all.join(counts);
            }
            sums.errors += counts.substitutions + counts.deletions + counts.insertions;
        }
        sums
    }

    fn error_rate(&self) -> Option<f64> {
        rate(self.errors, reference(&self.all))
    }

    /// F1 of the classes with true events.
    fn f1_macro(&self) -> Option<f64> {
        mean(self.classes.iter().filter_map(f1))
    }
}

fn reference(counts: &DecisionCounts) -> u64 {
    counts.true_positives + counts.false_negatives
}

fn f1(counts: &DecisionCounts) -> Option<f64> {
    counts.f1().filter(|_| reference(counts) > 0)
}

fn rate(errors: u64, reference: u64) -> Option<f64> {
    (reference > 0).then(|| errors as f64 / reference as f64)
}

fn scores(counts: &DecisionCounts, error_rate: Option<f64>) -> EventScores {
    EventScores {
        precision: counts.precision(),
        recall: counts.recall(),
        f1: f1(counts),
        error_rate,
        ..EventScores::default()
    }
}

impl EventMetric {
    /// The results of what was counted in each recording. `has_errors`: whether substitutions, deletions and insertions
    /// were counted.
    pub(super) fn of(
        recordings: &[RecordingCounts],
        classes: &[String],
        has_errors: bool,
        bootstrap: Option<&Bootstrap>,
    ) -> Result<Self> {
        let sums = Sums::of(recordings.iter(), classes.len());
        let mut metric = Self {
            micro: scores(&sums.all, sums.error_rate().filter(|_| has_errors)),
            ..Self::default()
        };
        let mut of_classes: Vec<ClassEventScores> = Vec::new();
        for counts in &sums.classes {
            let reference = reference(counts);
            let errors = counts.false_positives + counts.false_negatives;
            let scores = scores(counts, rate(errors, reference).filter(|_| has_errors));
            of_classes.push(ClassEventScores { reference, scores });
        }
        let mean_of =
            |value: fn(&EventScores) -> Option<f64>| mean(of_classes.iter().filter_map(|c| value(&c.scores)));
        metric.macro_mean = EventScores {
            precision: mean_of(|scores| scores.precision),
            recall: mean_of(|scores| scores.recall),
            f1: mean_of(|scores| scores.f1),
            error_rate: mean_of(|scores| scores.error_rate),
            ..EventScores::default()
        };
        if let Some(bootstrap) = bootstrap {
            let results = |drawn: &[usize]| -> Vec<Option<f64>> {
                let sums = Sums::of(drawn.iter().map(|&number| &recordings[number]), classes.len());
                let overall = [
                    f1(&sums.all),
                    sums.f1_macro(),
                    sums.error_rate().filter(|_| has_errors),
                ];
                overall.into_iter().chain(sums.classes.iter().map(f1)).collect()
            };
            let mut intervals = bootstrap.intervals_of(recordings.len(), &results)?.into_iter();
            let mut next = || intervals.next().flatten();
            metric.micro.f1_interval = next();
            metric.macro_mean.f1_interval = next();
            metric.micro.error_rate_interval = next();
            of_classes
                .iter_mut()
                .for_each(|class| class.scores.f1_interval = next());
        }
        metric.per_class = classes.iter().cloned().zip(of_classes).collect();
        Ok(metric)
    }
}

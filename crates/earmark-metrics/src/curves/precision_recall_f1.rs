//! Yes-or-no decisions, counted: precision, recall and F1.

use crate::Aligned;

/// How often the decision `score >= threshold` was right and wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionCounts {
    /// Tagged, and true.
    pub true_positives: u64,
    /// Tagged, but not true.
    pub false_positives: u64,
    /// True, but not tagged.
    pub false_negatives: u64,
    /// Neither.
    pub true_negatives: u64,
}

impl DecisionCounts {
    /// Counts the decision `score >= threshold`; surplus elements of the longer slice are ignored.
    pub fn of(scores: &[f32], truth: &[bool], threshold: f32) -> Self {
        let mut counts = Self::default();
        for (&score, &is_true) in scores.iter().zip(truth) {
            counts.add(score >= threshold, is_true);
        }
        counts
    }

    /// Counts one decision.
    pub fn add(&mut self, tagged: bool, is_true: bool) {
        *match (tagged, is_true) {
            (true, true) => &mut self.true_positives,
            (true, false) => &mut self.false_positives,
            (false, true) => &mut self.false_negatives,
            (false, false) => &mut self.true_negatives,
        } += 1;
    }

    /// Adds other counts.
    pub fn join(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
        self.true_negatives += other.true_negatives;
    }

    /// Share of the tags that are true; `None` if nothing was tagged.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the true labels that were tagged; `None` without any.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Harmonic mean of precision and recall; 0 if nothing was found, `None` if nothing was tagged and nothing was true.
    pub fn f1(&self) -> Option<f64> {
        let hits = 2 * self.true_positives;
        ratio(hits, hits + self.false_positives + self.false_negatives)
    }
}

impl Aligned {
    /// Decisions `score >= threshold` of all clips and classes together, counted.
    pub fn counts(&self, threshold: f32) -> DecisionCounts {
        let (scores, truth) = self.values();
        DecisionCounts::of(scores, truth, threshold)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

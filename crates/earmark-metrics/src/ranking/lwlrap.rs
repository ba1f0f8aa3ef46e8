//! Label-weighted label-ranking average precision, the metric of FSDKaggle2019 (DCASE 2019 task 2).

use crate::error::{check_finite, check_length};
use crate::{Aligned, Result};

/// A running lwlrap, overall and per class.
///
/// The precision at a true label of a clip is the share of true labels among all classes that score at least as high. A
/// class's lwlrap is the mean of these precisions over the clips that carry it; the overall value is the mean over all
/// (clip, label) pairs, which is the mean of the classes weighted by their label counts. A clip without labels only
/// counts as skipped.
///
/// Ties count against the model: a class with the same score as a true label ranks above it ("max rank"), so the overall
/// value equals scikit-learn's `label_ranking_average_precision_score` with the number of labels as sample weight.
/// Quirk(dcase2019-baseline): the published metric breaks ties by an unstable sort; where no scores tie, both agree.
///
/// ```
/// let mut lwlrap = earmark_metrics::Lwlrap::new(3);
/// lwlrap.add(&[0.9, 0.5, 0.1], &[true, false, true])?;
/// // The first label is alone at the top: 1/1. At the second all three classes count, two of them true: 2/3.
/// assert_eq!(lwlrap.overall(), Some((1.0 + 2.0 / 3.0) / 2.0));
/// # Ok::<(), earmark_metrics::MetricsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lwlrap {
    /// For each class, the sum of the precisions at its labels.
    precision: Vec<f64>,
    /// For each class, how many clips carry it.
    labels: Vec<u64>,
    clips: u64,
    skipped: u64,
}

impl Lwlrap {
    /// An empty accumulator for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self {
            precision: vec![0.0; classes],
            labels: vec![0; classes],
            clips: 0,
            skipped: 0,
        }
    }

    /// Adds one clip: its scores and its truth, one per class.
    ///
    /// # Errors
    /// Slices whose length is not the number of classes, or a score that is not finite; the clip then does not count at all.
    pub fn add(&mut self, scores: &[f32], truth: &[bool]) -> Result<()> {
        let classes = self.labels.len();
        check_length("scores of a clip, one per class", classes, scores.len())?;
        check_length("truth of a clip, one mark per class", classes, truth.len())?;
        check_finite(scores, |class| {
            let clip = self.clips + self.skipped;
            format!("clip {clip} for class {class} (both from 0)")
        })?;
        if !truth.contains(&true) {
            self.skipped += 1;
            return Ok(());
        }
        self.clips += 1;
        for class in (0..truth.len()).filter(|&class| truth[class]) {
            self.precision[class] += label_precision(scores, truth, class);
            self.labels[class] += 1;
        }
        Ok(())
    }

    /// Adds all clips of another accumulator, for example one of another thread.
    ///
    /// # Errors
    /// Accumulators for different numbers of classes.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let what = "classes of the merged lwlrap";
        check_length(what, self.labels.len(), other.labels.len())?;
        for (class, (precision, labels)) in other.precision.iter().zip(&other.labels).enumerate() {
            self.precision[class] += precision;
            self.labels[class] += labels;
        }
        self.clips += other.clips;
        self.skipped += other.skipped;
        Ok(())
    }

    /// Lwlrap over all labels so far, 0 to 1; `None` before the first one.
    pub fn overall(&self) -> Option<f64> {
        let (sum, labels) = self.sums();
        (labels > 0.0).then(|| sum / labels)
    }

    /// Lwlrap of each class, 0 to 1; `None` for a class that no clip carries.
    pub fn per_class(&self) -> Vec<Option<f64>> {
        let mean = |(sum, &labels): (&f64, &u64)| (labels > 0).then(|| sum / labels as f64);
        self.precision.iter().zip(&self.labels).map(mean).collect()
    }

    /// How many clips carry each class.
    pub fn label_counts(&self) -> &[u64] {
        &self.labels
    }

    /// Each class's share of all labels: its weight in [`Lwlrap::overall`]. All 0 before the first label.
    pub fn weights(&self) -> Vec<f64> {
        let labels = self.labels.iter().sum::<u64>().max(1) as f64;
        self.labels.iter().map(|&count| count as f64 / labels).collect()
    }

    /// Clips with at least one label.
    pub fn clips(&self) -> u64 {
        self.clips
    }

    /// Clips without labels, which do not count.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Sum of the label precisions, and number of labels.
    pub(crate) fn sums(&self) -> (f64, f64) {
        let labels: u64 = self.labels.iter().sum();
        (self.precision.iter().sum(), labels as f64)
    }
}

impl Aligned {
    /// Label-weighted label-ranking average precision of all clips.
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn lwlrap(&self) -> Result<Lwlrap> {
        let mut lwlrap = Lwlrap::new(self.classes().len());
        for (scores, truth) in self.rows() {
            lwlrap.add(scores, truth)?;
        }
        Ok(lwlrap)
    }
}

/// Share of true labels among the classes that score at least as high as true label `class`.
pub(crate) fn label_precision(scores: &[f32], truth: &[bool], class: usize) -> f64 {
    let (mut ranked, mut hits) = (0_u32, 0_u32);
    for (&score, &is_true) in scores.iter().zip(truth) {
        if score >= scores[class] {
            ranked += 1;
            hits += u32::from(is_true);
        }
    }
    f64::from(hits) / f64::from(ranked)
}

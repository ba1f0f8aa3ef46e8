//! All results of one evaluation.

mod each_class;
mod submission;
mod text;

use earmark_core::ConfigError;
use serde::{Deserialize, Serialize, Serializer};

use crate::guessing::never_predicted;
use crate::mean::mean;
use crate::{
    Aligned, Bootstrap, ConfusionMatrix, Guessing, Intervals, MetricsError, Result, ScoreTable, TruthTable,
    UnknownLabels, d_prime,
};
pub use each_class::ClassReport;
use each_class::{by_name, per_class};
pub use submission::{SubmissionClass, SubmissionReport};
pub use text::number;

/// What a report contains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReportOptions {
    /// The k of MAP@k, at least 1. FSDKaggle2018 takes 3.
    pub map_at: usize,
    /// Lowest score that counts as tagged, for F1, precision and recall.
    pub threshold: f32,
    /// What to do with a true label that has no column in the scores.
    pub unknown_labels: UnknownLabels,
    /// Bootstrap for confidence intervals of lwlrap and accuracy; none by default.
    pub bootstrap: Option<Bootstrap>,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            map_at: 3,
            threshold: 0.5,
            unknown_labels: UnknownLabels::Refuse,
            bootstrap: None,
        }
    }
}

/// All results of one evaluation; `None` where a result is not defined.
///
/// As JSON it is one flat object, on whose keys scripts rely, with `map@<k>` for MAP@k and `per_class` as an object by class name,
/// in class-map order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Label-weighted label-ranking average precision, see [`crate::Lwlrap`].
    pub lwlrap: Option<f64>,
    /// MAP@k.
    #[serde(flatten)]
    pub map: MapAtK,
    /// Mean over classes of average precision (macro).
    #[serde(rename = "mAP")]
    pub mean_ap: Option<f64>,
    /// Average precision of all clips and classes together.
    #[serde(rename = "mAP_micro")]
    pub micro_ap: Option<f64>,
    /// Mean over classes of the area under the ROC curve.
    pub auc: Option<f64>,
    /// d' of that mean area; also `None` for a perfect 1, where it would be infinite.
    pub d_prime: Option<f64>,
    /// Share of labelled clips whose highest score is a true label.
    pub accuracy: Option<f64>,
    /// Mean over labelled clips of the log-probability of their labels ([`log_likelihood`](crate::log_likelihood)); set by
    /// callers that know that the scores are probabilities.
    #[serde(rename = "log-likelihood", skip_serializing_if = "Option::is_none")]
    pub log_likelihood: Option<f64>,
    /// Mean recall over classes; only where no clip has several labels.
    pub balanced_accuracy: Option<f64>,
    /// Lowest score that counts as tagged, for F1, precision and recall.
    pub threshold: f32,
    /// F1 of all decisions together.
    pub f1_micro: Option<f64>,
    /// Mean F1 over the classes that some clip carries.
    pub f1_macro: Option<f64>,
    /// Precision of all decisions together.
    pub precision: Option<f64>,
    /// Recall of all decisions together.
    pub recall: Option<f64>,
    /// Confidence intervals, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
    /// Clips evaluated, including those without a label.
    pub clips: usize,
    /// Clips without a label, which lwlrap, MAP@k and accuracy leave out.
    pub skipped: usize,
    /// Files with scores but no truth, which every metric leaves out.
    pub extra: usize,
    /// True labels left out because the scores have no column for them.
    pub ignored_labels: usize,
    /// Classes that no clip carries, which means over classes leave out.
    pub classes_without_clips: usize,
    /// What guessing would reach on the same clips; `None` where fewer than two classes occur.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guessing: Option<Guessing>,
    /// Classes with at least three clips that have the highest score of no clip; only where no clip has several labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_predicted: Vec<String>,
    /// Results of each class, in class-map order.
    #[serde(serialize_with = "by_name")]
    pub per_class: Vec<ClassReport>,
}

/// MAP@k, see [`crate::average_precision_at`]; as JSON, its value by the name `map@<k>`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapAtK {
    /// How many classes of each clip count.
    pub k: usize,
    /// The mean over labelled clips.
    pub value: Option<f64>,
}

impl Serialize for MapAtK {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map([(format!("map@{}", self.k), self.value)])
    }
}

impl Report {
    /// Aligns scores with truth by file name and computes everything.
    ///
    /// # Errors
    /// Scores that do not cover the truth (see [`Aligned::new`]), or an option that cannot work.
    pub fn compute(scores: &ScoreTable, truth: &TruthTable, options: &ReportOptions) -> Result<Self> {
        Self::of(&Aligned::new(scores, truth, options.unknown_labels)?, options)
    }

    /// Computes everything from scores and truth that are already aligned.
    ///
    /// # Errors
    /// An option that cannot work.
    pub fn of(aligned: &Aligned, options: &ReportOptions) -> Result<Self> {
        let (k, value) = (options.map_at, aligned.map_at(options.map_at));
        ConfigError::check_range("map-at", k, 1.., "must be at least 1: the k of MAP@k; 3 is usual")?;
        let lwlrap = aligned.lwlrap()?;
        let per_class = per_class(aligned, &lwlrap.per_class(), options.threshold)?;
        let mean_of = |value: fn(&ClassReport) -> Option<f64>| mean(per_class.iter().filter_map(value));
        let auc = mean_of(|class| class.auc);
        let counts = aligned.counts(options.threshold);
        // Balanced accuracy has no meaning with several labels per clip: undefined there, not an error.
        let confusion = match aligned.confusion() {
            Ok(matrix) => Some(matrix),
            Err(MetricsError::NotSingleLabel { .. }) => None,
            Err(other) => return Err(other),
        };
        Ok(Self {
            lwlrap: lwlrap.overall(),
            map: MapAtK { k, value },
            mean_ap: mean_of(|class| class.ap),
            micro_ap: aligned.micro_curve()?.average_precision(),
            auc,
            d_prime: auc.and_then(d_prime),
            accuracy: aligned.accuracy(),
            log_likelihood: None,
            balanced_accuracy: confusion.as_ref().and_then(ConfusionMatrix::balanced_accuracy),
            threshold: options.threshold,
            f1_micro: counts.f1(),
            f1_macro: mean_of(|class| class.f1.filter(|_| class.count > 0)),
            precision: counts.precision(),
            recall: counts.recall(),
            intervals: options.bootstrap.map(|b| b.intervals(aligned)).transpose()?,
            clips: aligned.files().len(),
            skipped: aligned.unlabelled(),
            extra: aligned.extra().len(),
            ignored_labels: aligned.ignored_labels(),
            classes_without_clips: per_class.iter().filter(|class| class.count == 0).count(),
            guessing: Guessing::of(aligned),
            never_predicted: confusion.as_ref().map_or_else(Vec::new, never_predicted),
            per_class,
        })
    }

    /// The classes from the highest lwlrap to the lowest, then those without one; ties in class-map order.
    pub fn best_first(&self) -> Vec<&ClassReport> {
        let mut classes: Vec<&ClassReport> = self.per_class.iter().collect();
        // No lwlrap is negative, so -1 sorts last.
        classes.sort_by(|a, b| b.lwlrap.unwrap_or(-1.0).total_cmp(&a.lwlrap.unwrap_or(-1.0)));
        classes
    }
}

//! All results of one evaluation.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::aligned::mean;
use crate::{
    Aligned, Bootstrap, Intervals, MetricsError, Result, ScoreTable, TruthTable, UnknownLabels, d_prime,
};

/// What a report is to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ReportOptions {
    /// The k of MAP@k, at least 1. FSDKaggle2018 takes 3.
    pub map_at: usize,
    /// F1, precision and recall tag what scores at least this.
    pub threshold: f32,
    /// What to do with a true label that the scores have no column for.
    pub unknown_labels: UnknownLabels,
    /// Confidence intervals of lwlrap and accuracy, if wanted.
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
/// As JSON it is one flat object with `map@<k>` for MAP@k and `per_class` as an object by class name, in class-map order.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Label-weighted label-ranking average precision, see [`crate::Lwlrap`].
    pub lwlrap: Option<f64>,
    /// The k of `map`.
    pub map_at: usize,
    /// MAP@k, see [`crate::average_precision_at`].
    pub map: Option<f64>,
    /// Mean over classes of average precision (macro).
    pub mean_ap: Option<f64>,
    /// Average precision of all clips and classes together.
    pub micro_ap: Option<f64>,
    /// Mean over classes of the area under the ROC curve.
    pub auc: Option<f64>,
    /// d' of that mean area; `None` for a perfect 1 as well, where it would be infinite.
    pub d_prime: Option<f64>,
    /// Share of labelled clips whose highest score is a true label.
    pub accuracy: Option<f64>,
    /// Mean over labelled clips of the logarithm of what the scores give their labels; filled in by who knows that scores are probabilities
    /// ([`log_likelihood`](crate::log_likelihood)).
    pub log_likelihood: Option<f64>,
    /// Mean over classes of the share found; only where no clip has several labels.
    pub balanced_accuracy: Option<f64>,
    /// What F1, precision and recall tag at.
    pub threshold: f32,
    /// F1 of all decisions together.
    pub f1_micro: Option<f64>,
    /// Mean F1 over the classes that some clip carries.
    pub f1_macro: Option<f64>,
    /// Precision of all decisions together.
    pub precision: Option<f64>,
    /// Recall of all decisions together.
    pub recall: Option<f64>,
    /// Confidence intervals, if asked for.
    pub intervals: Option<Intervals>,
    /// Clips judged, those without a label included.
    pub clips: usize,
    /// Clips without a label: no part of lwlrap, MAP@k and accuracy.
    pub skipped: usize,
    /// Files with scores but no truth: no part of anything.
    pub extra: usize,
    /// True labels left out for want of a score column.
    pub ignored_labels: usize,
    /// Classes that no clip carries: no part of the means over classes.
    pub classes_without_clips: usize,
    /// Results of each class, in class-map order.
    pub per_class: Vec<ClassReport>,
}

/// Results of one class; `None` where a result is not defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class (the key of its object in JSON).
    #[serde(skip)]
    pub name: String,
    /// Mean precision at this class's labels.
    pub lwlrap: Option<f64>,
    /// Average precision.
    pub ap: Option<f64>,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Precision at the report's threshold.
    pub precision: Option<f64>,
    /// Recall at the report's threshold.
    pub recall: Option<f64>,
    /// F1 at the report's threshold.
    pub f1: Option<f64>,
    /// The threshold with the highest F1 on these clips.
    pub best_threshold: Option<f32>,
    /// F1 at that threshold: optimistic, being chosen on the same clips.
    pub best_f1: Option<f64>,
    /// Clips that carry the class.
    pub count: u64,
}

impl Report {
    /// Aligns scores with truth by file name and computes everything.
    ///
    /// # Errors
    /// Scores that do not cover the truth (see [`Aligned::new`]), or an option that cannot work.
    pub fn compute(scores: &ScoreTable, truth: &TruthTable, options: &ReportOptions) -> Result<Self> {
        Self::of(&Aligned::new(scores, truth, options.unknown_labels)?, options)
    }

    /// Computes everything of scores and truth that are aligned already.
    ///
    /// # Errors
    /// An option that cannot work.
    pub fn of(aligned: &Aligned, options: &ReportOptions) -> Result<Self> {
        if options.map_at == 0 {
            return Err(MetricsError::Option {
                option: "map-at",
                value: "0".into(),
                remedy: "it is the length of the list that MAP@k looks at; 3 is usual",
            });
        }
        let lwlrap = aligned.lwlrap()?;
        let per_class = per_class(aligned, &lwlrap.per_class(), options.threshold)?;
        let auc = mean(per_class.iter().filter_map(|class| class.auc));
        let counts = aligned.counts(options.threshold);
        // Balanced accuracy has no meaning for several labels a clip: undefined there, not an error.
        let balanced_accuracy = match aligned.confusion() {
            Ok(matrix) => matrix.balanced_accuracy(),
            Err(MetricsError::NotSingleLabel { .. }) => None,
            Err(other) => return Err(other),
        };
        Ok(Self {
            lwlrap: lwlrap.overall(),
            map_at: options.map_at,
            map: aligned.map_at(options.map_at),
            mean_ap: mean(per_class.iter().filter_map(|class| class.ap)),
            micro_ap: aligned.micro_curve()?.average_precision(),
            auc,
            d_prime: auc.and_then(d_prime),
            accuracy: aligned.accuracy(),
            log_likelihood: None,
            balanced_accuracy,
            threshold: options.threshold,
            f1_micro: counts.f1(),
            f1_macro: mean(
                per_class
                    .iter()
                    .filter(|class| class.count > 0)
                    .filter_map(|class| class.f1),
            ),
            precision: counts.precision(),
            recall: counts.recall(),
            intervals: options
                .bootstrap
                .map(|bootstrap| bootstrap.intervals(aligned))
                .transpose()?,
            clips: aligned.files().len(),
            skipped: aligned.unlabelled(),
            extra: aligned.extra().len(),
            ignored_labels: aligned.ignored_labels(),
            classes_without_clips: per_class.iter().filter(|class| class.count == 0).count(),
            per_class,
        })
    }

    /// The classes from the highest lwlrap to the lowest, then those without one; ties in class-map order.
    pub fn best_first(&self) -> Vec<&ClassReport> {
        let mut classes: Vec<&ClassReport> = self.per_class.iter().collect();
        // No lwlrap is negative, so -1 stands behind all.
        classes.sort_by(|a, b| b.lwlrap.unwrap_or(-1.0).total_cmp(&a.lwlrap.unwrap_or(-1.0)));
        classes
    }
}

fn per_class(aligned: &Aligned, lwlrap: &[Option<f64>], threshold: f32) -> Result<Vec<ClassReport>> {
    let mut classes = Vec::with_capacity(lwlrap.len());
    for (class, (name, &lwlrap)) in aligned.classes().iter().zip(lwlrap).enumerate() {
        let curve = aligned.curve(class)?;
        let counts = curve.at(threshold);
        let best = curve.best_threshold();
        classes.push(ClassReport {
            name: name.clone(),
            lwlrap,
            ap: curve.average_precision(),
            auc: curve.roc_auc(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            best_threshold: best.map(|best| best.threshold),
            best_f1: best.map(|best| best.f1),
            count: curve.positives(),
        });
    }
    Ok(classes)
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("lwlrap", &self.lwlrap)?;
        map.serialize_entry(&format!("map@{}", self.map_at), &self.map)?;
        map.serialize_entry("mAP", &self.mean_ap)?;
        map.serialize_entry("mAP_micro", &self.micro_ap)?;
        map.serialize_entry("auc", &self.auc)?;
        map.serialize_entry("d_prime", &self.d_prime)?;
        map.serialize_entry("accuracy", &self.accuracy)?;
        if let Some(value) = self.log_likelihood {
            map.serialize_entry("log-likelihood", &value)?;
        }
        map.serialize_entry("balanced_accuracy", &self.balanced_accuracy)?;
        map.serialize_entry("threshold", &self.threshold)?;
        map.serialize_entry("f1_micro", &self.f1_micro)?;
        map.serialize_entry("f1_macro", &self.f1_macro)?;
        map.serialize_entry("precision", &self.precision)?;
        map.serialize_entry("recall", &self.recall)?;
        if let Some(intervals) = &self.intervals {
            map.serialize_entry("intervals", intervals)?;
        }
        map.serialize_entry("clips", &self.clips)?;
        map.serialize_entry("skipped", &self.skipped)?;
        map.serialize_entry("extra", &self.extra)?;
        map.serialize_entry("ignored_labels", &self.ignored_labels)?;
        map.serialize_entry("classes_without_clips", &self.classes_without_clips)?;
        map.serialize_entry("per_class", &ByName(&self.per_class))?;
        map.end()
    }
}

/// Classes as an object by name, in their own order.
struct ByName<'a>(&'a [ClassReport]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|class| (&class.name, class)))
    }
}

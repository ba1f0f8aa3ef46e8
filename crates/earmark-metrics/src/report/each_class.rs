//! Results of each class in a report.

use serde::{Serialize, Serializer};

use crate::{Aligned, Result};

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

/// Classes as an object by name, in their own order.
pub(super) fn by_name<S: Serializer>(
    classes: &[ClassReport],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(classes.iter().map(|class| (&class.name, class)))
}

/// The results of every class, in class-map order; `lwlrap` has one value per class.
pub(super) fn per_class(
    aligned: &Aligned,
    lwlrap: &[Option<f64>],
    threshold: f32,
) -> Result<Vec<ClassReport>> {
    let classes = aligned.classes().iter().zip(lwlrap).enumerate();
    let report = |(class, (name, &lwlrap)): (usize, (&String, &Option<f64>))| {
        let curve = aligned.curve(class)?;
        let counts = curve.at(threshold);
        let best = curve.best_threshold();
        Ok(ClassReport {
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
        })
    };
    classes.map(report).collect()
}

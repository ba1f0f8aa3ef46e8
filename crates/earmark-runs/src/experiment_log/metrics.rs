//! The metrics that runs are compared by.

use earmark_engine::ValidationMetric;

/// The metrics that both validations and evaluations have, in the order in which they are shown.
pub const METRICS: [ValidationMetric; 5] = [
    ValidationMetric::Lwlrap,
    ValidationMetric::Accuracy,
    ValidationMetric::MapAt3,
    ValidationMetric::MeanAp,
    ValidationMetric::Auc,
];

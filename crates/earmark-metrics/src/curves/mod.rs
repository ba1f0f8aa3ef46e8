//! One class's scores against its truth at every threshold: average precision, ROC AUC, F1, d'.

mod average_precision;
mod best_threshold;
mod d_prime;
mod precision_recall_f1;
mod roc_auc;
mod threshold_curve;

pub use best_threshold::BestThreshold;
pub use d_prime::{d_prime, probit};
pub use precision_recall_f1::DecisionCounts;
pub use threshold_curve::ThresholdCurve;

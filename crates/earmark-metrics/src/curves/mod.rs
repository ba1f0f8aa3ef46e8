//! One class's scores against its truth at every threshold: average precision, ROC AUC, F1, d'.

mod d_prime;
mod decision_counts;
mod threshold_curve;

pub use d_prime::{d_prime, probit};
pub use decision_counts::DecisionCounts;
pub use threshold_curve::{BestThreshold, ThresholdCurve};

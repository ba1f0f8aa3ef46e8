//! Scores that are probabilities: of the decisions scored 0.8, 80 in 100 are right, and each class has its own
//! threshold.
//!
//! A calibration is fitted on scores of held-out clips and stored in the model file.

mod apply;
mod background;
mod class_thresholds;
mod fit;
mod keep_if_better;
mod log_likelihood;
mod logit;
mod newton;
mod options;
mod platt_scaling;
mod reliability;
mod temperature_scaling;

pub use apply::{Calibration, CalibrationLine, CalibrationRule};
pub use keep_if_better::CalibrationTrial;
pub use log_likelihood::log_likelihood;
pub use options::{CalibrationMethod, CalibrationOptions};
pub use reliability::{CalibrationQuality, ReliabilityBin, ReliabilityTable};

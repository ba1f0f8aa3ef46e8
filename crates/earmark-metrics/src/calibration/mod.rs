//! Scores that are probabilities: of the decisions scored 0.8, 80 in 100 are right, and each class has its own threshold.
//!
//! A calibration is fitted on scores of held-out clips and stored in the model file.

mod apply;
mod fit;
mod log_likelihood;
mod maximum_likelihood;
mod newton;
mod quality;

pub use apply::{Calibration, CalibrationLine, CalibrationRule};
pub use fit::{CalibrationMethod, CalibrationOptions};
pub use log_likelihood::log_likelihood;
pub use quality::{CalibrationQuality, ReliabilityBin, ReliabilityTable};

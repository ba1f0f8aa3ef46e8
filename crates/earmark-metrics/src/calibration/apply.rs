//! A fitted calibration, and what it does to scores.

use earmark_core::ConfigError;
use serde::{Deserialize, Serialize};

use super::logit::{log, logit, sigmoid};
use crate::error::check_length;
use crate::{Aligned, Result};

/// How a model's scores become probabilities, and the score from which on a class counts as detected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What is done to a clip's scores.
    pub rule: CalibrationRule,
    /// For each class, the CALIBRATED score with the best F1 on the clips of the fit. A class with too few examples has
    /// the threshold that is best for all classes together.
    pub thresholds: Vec<f32>,
    /// Number of clips in the fit.
    pub clips: usize,
}

/// What is done to a clip's scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CalibrationRule {
    /// `softmax(slope ln p)` over the classes of a clip, for models that predict exactly one: keeps the order of
    /// classes.
    Softmax {
        /// 1 / temperature.
        slope: f32,
    },
    /// `sigmoid(slope logit(p) + shift)` for each class by itself: keeps the order of clips.
    Classes {
        /// One per class.
        lines: Vec<CalibrationLine>,
    },
}

/// Slope and shift of one class's logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationLine {
    /// Above 0; 1 / temperature.
    pub slope: f32,
    /// 0 for temperature scaling.
    pub shift: f32,
}

impl CalibrationLine {
    /// Changes nothing.
    pub const IDENTITY: Self = Self {
        slope: 1.0,
        shift: 0.0,
    };

    /// Whether a fit can give this line.
    fn is_valid(self) -> bool {
        self.slope > 0.0 && self.slope.is_finite() && self.shift.is_finite()
    }
}

impl Calibration {
    /// Whether it changes any score, or has thresholds alone.
    pub fn changes_scores(&self) -> bool {
        match &self.rule {
            CalibrationRule::Softmax { slope } => *slope != 1.0,
            CalibrationRule::Classes { lines } => lines.iter().any(|line| *line != CalibrationLine::IDENTITY),
        }
    }

    /// Calibrates the scores of one clip, one per class.
    ///
    /// # Panics
    /// If the number of scores is not the number of classes; [`Self::check`] refuses that beforehand.
    pub fn apply(&self, row: &mut [f32]) {
        match &self.rule {
            CalibrationRule::Softmax { slope } => {
                let z: Vec<f64> = row.iter().map(|&p| f64::from(*slope) * log(p)).collect();
                let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = z.iter().map(|z| (z - most).exp()).sum();
                for (p, z) in row.iter_mut().zip(z) {
                    *p = ((z - most).exp() / sum) as f32;
                }
            }
            CalibrationRule::Classes { lines } => {
                assert_eq!(lines.len(), row.len(), "a score for each class");
                for (p, line) in row.iter_mut().zip(lines) {
                    if *line != CalibrationLine::IDENTITY {
                        *p = sigmoid(f64::from(line.slope) * logit(*p) + f64::from(line.shift)) as f32;
                    }
                }
            }
        }
    }

    /// The same clips and truth, with calibrated scores.
    ///
    /// # Errors
    /// Scores with a different number of classes.
    pub fn of_clips(&self, clips: &Aligned) -> Result<Aligned> {
        let width = clips.classes().len();
        if let CalibrationRule::Classes { lines } = &self.rule {
            check_length("calibration lines, one per class", width, lines.len())?;
        }
        let mut values = clips.values().0.to_vec();
        for row in values.chunks_exact_mut(width.max(1)) {
            self.apply(row);
        }
        clips.with_scores(values)
    }

    /// Refuses a calibration made for a different number of classes, or with numbers that no fit gives.
    ///
    /// # Errors
    /// The first such number.
    pub fn check(&self, classes: usize) -> Result<()> {
        let what = "calibration thresholds, one per class";
        check_length(what, classes, self.thresholds.len())?;
        let softmax;
        let lines = match &self.rule {
            &CalibrationRule::Softmax { slope } => {
                softmax = [CalibrationLine { slope, shift: 0.0 }];
                &softmax[..]
            }
            CalibrationRule::Classes { lines } => {
                check_length("calibration lines, one per class", classes, lines.len())?;
                &lines[..]
            }
        };
        for line in lines {
            let remedy = "must be above 0, with a finite shift; calibrate the model again";
            ConfigError::unless(line.is_valid(), "calibration slope", line.slope, remedy)?;
        }
        Ok(())
    }
}

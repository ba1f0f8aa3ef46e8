//! Fitting a calibration on held-out clips, its per-class thresholds, and a cross-fit that shows what it is worth.

use std::collections::BTreeSet;

use earmark_core::ConfigError;

use super::apply::{Calibration, CalibrationLine, CalibrationRule};
use super::class_thresholds::thresholds;
use super::options::CalibrationOptions;
use super::platt_scaling::fit_class;
use super::temperature_scaling::fit_softmax;
use crate::error::{check_length, check_probabilities};
use crate::{Aligned, Result};

impl Calibration {
    /// Fits on scores of held-out clips. Clips without a label are ordinary negatives of every class; with
    /// `single_label` they are left out.
    ///
    /// # Errors
    /// A negative or infinite `strength` or `background_weight`; a score outside 0 to 1; with `single_label` a clip of
    /// several labels.
    pub fn fit(clips: &Aligned, options: CalibrationOptions) -> Result<Self> {
        check(clips, options)?;
        let rule = if options.single_label {
            fit_softmax(clips, options)?
        } else {
            let lines = (0..clips.classes().len()).map(|class| fit_class(clips, class, options));
            CalibrationRule::Classes {
                lines: lines.collect(),
            }
        };
        Self::with_thresholds(rule, clips, options)
    }

    /// Leaves the scores as they are and has the thresholds that suit them: for scores that a fit does not make better.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn thresholds_alone(clips: &Aligned, options: CalibrationOptions) -> Result<Self> {
        check(clips, options)?;
        let rule = match options.single_label {
            true => CalibrationRule::Softmax { slope: 1.0 },
            false => CalibrationRule::Classes {
                lines: vec![CalibrationLine::IDENTITY; clips.classes().len()],
            },
        };
        Self::with_thresholds(rule, clips, options)
    }

    fn with_thresholds(rule: CalibrationRule, clips: &Aligned, options: CalibrationOptions) -> Result<Self> {
        let mut calibration = Self {
            rule,
            thresholds: Vec::new(),
            clips: clips.files().len(),
        };
        calibration.thresholds = thresholds(&calibration.of_clips(clips)?, options)?;
        Ok(calibration)
    }

    /// Scores of clips in `groups` (folds), each calibrated by a fit on the other groups alone, and for each clip the
    /// thresholds of that fit: what calibration is worth on clips that it has not seen.
    ///
    /// # Errors
    /// As [`Self::fit`]; `groups` not one per clip, or fewer than two groups.
    pub fn cross_fit(
        clips: &Aligned,
        groups: &[u32],
        options: CalibrationOptions,
    ) -> Result<(Aligned, Vec<Vec<f32>>)> {
        check_length("groups, one per clip", clips.files().len(), groups.len())?;
        let known: BTreeSet<u32> = groups.iter().copied().collect();
        if known.len() < 2 {
            let remedy = "must be at least 2: one to fit on and one to evaluate";
            return Err(ConfigError::new("number of groups", known.len(), remedy).into());
        }
        let width = clips.classes().len();
        let mut values = clips.values().0.to_vec();
        let mut limits = vec![Vec::new(); groups.len()];
        for group in known {
            let fitted = Self::fit(&clips.select(|i| groups[i] != group)?, options)?;
            for clip in (0..groups.len()).filter(|&clip| groups[clip] == group) {
                fitted.apply(&mut values[clip * width..(clip + 1) * width]);
                limits[clip].clone_from(&fitted.thresholds);
            }
        }
        Ok((clips.with_scores(values)?, limits))
    }
}

/// Refuses what can't be fitted.
fn check(clips: &Aligned, options: CalibrationOptions) -> Result<()> {
    ConfigError::check_range(
        "strength of the regularisation",
        options.strength,
        0.0..f64::INFINITY,
        "must be 0 or more and finite; 1 is usual",
    )?;
    ConfigError::check_range(
        "weight of false detections in background",
        options.background_weight,
        0.0..f64::INFINITY,
        "must be 0 or more and finite; 1 treats all clips alike",
    )?;
    for (file, (scores, _)) in clips.files().iter().zip(clips.rows()) {
        let place = |class: usize| format!("file `{file}` for class `{}`", clips.classes()[class]);
        check_probabilities(scores, place)?;
    }
    Ok(())
}

//! A calibration that is kept only where it helps on clips that did not fit it.

use super::apply::Calibration;
use super::options::CalibrationOptions;
use super::reliability::CalibrationQuality;
use crate::{Aligned, Result};

/// A calibration, and what a fit of its kind does for clips that did not fit it.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationTrial {
    /// The one to use: fitted to all clips where that helps; else one that leaves the scores as they are, with
    /// thresholds for them.
    pub calibration: Calibration,
    /// The quality of the scores as they are, with thresholds of 0.5.
    pub before: CalibrationQuality,
    /// The quality of the scores of each group when they are calibrated by the other groups.
    pub after: CalibrationQuality,
    /// Whether `after` is better than `before` ([`CalibrationQuality::is_better_than`]).
    pub helps: bool,
}

impl CalibrationTrial {
    /// Tries a calibration on clips in `groups` (folds), each calibrated by the others, and fits it to all clips if
    /// that helps.
    ///
    /// # Errors
    /// As [`Calibration::cross_fit`].
    pub fn of(clips: &Aligned, groups: &[u32], options: CalibrationOptions) -> Result<Self> {
        let half = vec![0.5; clips.classes().len()];
        let (crossed, limits) = Calibration::cross_fit(clips, groups, options)?;
        let before = CalibrationQuality::of(clips, options.single_label, |_| half.as_slice())?;
        let after = CalibrationQuality::of(&crossed, options.single_label, |clip| limits[clip].as_slice())?;
        let helps = after.is_better_than(&before);
        Ok(Self {
            calibration: match helps {
                true => Calibration::fit(clips, options)?,
                false => Calibration::thresholds_alone(clips, options)?,
            },
            before,
            after,
            helps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CalibrationMethod, CalibrationRule, ScoreTable};

    /// Four folds of eight clips of two classes that exclude each other: the first has this score, and is right for the
    /// given number of each fold.
    fn clips(score: f32, right: [usize; 4]) -> (Aligned, Vec<u32>) {
        let files = (0..32).map(|i| format!("{i}.wav")).collect();
        let table = ScoreTable::new(
            files,
            vec!["a".into(), "b".into()],
            [score, 1.0 - score].repeat(32),
        )
        .unwrap();
        let is_right = |i: usize| i % 8 < right[i / 8];
        let truth = (0..32).flat_map(|i| [is_right(i), !is_right(i)]).collect();
        let folds = (0..32).map(|i| i / 8).collect();
        (Aligned::from_rows(table, truth).unwrap(), folds)
    }

    const EXCLUSIVE: CalibrationOptions = CalibrationOptions {
        single_label: true,
        method: CalibrationMethod::Platt,
        min_examples: 5,
        strength: 1.0,
        background_weight: 1.0,
    };

    /// Five of eight are right in every fold, and the scores say 0.99.
    #[test]
    fn a_calibration_that_helps_is_kept() {
        let (clips, folds) = clips(0.99, [5; 4]);
        let found = CalibrationTrial::of(&clips, &folds, EXCLUSIVE).unwrap();
        assert!(
            found.helps && found.after.log_loss < found.before.log_loss,
            "{found:?}"
        );
        assert!(found.after.brier < found.before.brier, "{found:?}");
        assert_eq!(found.calibration, Calibration::fit(&clips, EXCLUSIVE).unwrap());
    }

    /// The scores are right on the whole, and what three folds say of the fourth makes it worse.
    #[test]
    fn a_calibration_that_makes_held_out_scores_worse_is_left_out() {
        let (clips, folds) = clips(0.75, [8, 4, 8, 4]);
        let found = CalibrationTrial::of(&clips, &folds, EXCLUSIVE).unwrap();
        assert!(
            !found.helps && found.after.log_loss > found.before.log_loss,
            "{found:?}"
        );
        // By hand: of each clip (1 - p)^2 + (1 - p)^2 of the truth, for 24 clips of 0.75 and 8 of 0.25.
        let brier = (24.0 * 2.0 * 0.0625 + 8.0 * 2.0 * 0.5625) / 32.0;
        assert!((found.before.brier.unwrap() - brier).abs() < 1e-12, "{found:?}");
        assert_eq!(found.calibration.rule, CalibrationRule::Softmax { slope: 1.0 });
        assert_eq!(found.calibration.thresholds.len(), 2);
        let mut row = [0.75, 0.25];
        found.calibration.apply(&mut row);
        assert!((row[0] - 0.75).abs() < 1e-6, "{row:?}");
    }
}

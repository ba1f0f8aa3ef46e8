//! What is chosen, calibrated and evaluated before a probe is written, and the paths that all of it needs.

use super::choice::{HeldOutScores, ProbeCalibration, ProbeChoice};
use super::cross_validation::{OuterFold, ProbedFolds, cross_validate};
use super::examples::Examples;
use super::inner_folds::InnerFolds;
use super::paths::Paths;
use crate::PipelineError;
use earmark_data::split::fold_warnings;
use std::collections::BTreeSet;

/// The folds of a search.
pub(super) struct ProbeSearch {
    /// Those that the written probe is chosen by; none where there are too few clips.
    whole: Option<InnerFolds>,
    /// Those that are evaluated.
    outer: Vec<OuterFold>,
}

/// What a search found.
pub(super) struct ProbeFound {
    /// Layer and strength.
    pub choice: ProbeChoice,
    pub calibration: Option<ProbeCalibration>,
    pub cross_validated: Option<ProbedFolds>,
    pub warnings: Vec<String>,
}

impl ProbeSearch {
    /// Divides the examples into folds; `evaluate` asks for an evaluation of each fold as well.
    pub fn plan(examples: &Examples, evaluate: bool) -> Result<Self, PipelineError> {
        let originals: Vec<usize> = (0..examples.originals()).collect();
        Ok(Self {
            whole: InnerFolds::of(examples, &originals)?,
            outer: match evaluate {
                true => OuterFold::all_of(examples)?,
                false => Vec::new(),
            },
        })
    }

    /// The sets of examples that paths must be fitted to, each once.
    pub fn sets(&self) -> BTreeSet<Vec<usize>> {
        let whole = self.whole.iter().flat_map(InnerFolds::splits);
        let whole = whole.map(|(train, _)| train.clone());
        whole.chain(self.outer.iter().flat_map(OuterFold::sets)).collect()
    }

    /// Chooses, calibrates and evaluates.
    pub fn run(&self, paths: &Paths) -> Result<ProbeFound, PipelineError> {
        let (examples, strengths) = (paths.settings.examples, paths.settings.strengths);
        let choice = ProbeChoice::by(paths, self.whole.as_ref());
        let calibrate = |inner: &InnerFolds| {
            let held_out = HeldOutScores::of(paths, inner, &choice);
            ProbeCalibration::fit(examples, &held_out)
        };
        let calibration = self.whole.as_ref().map(calibrate).transpose()?;
        let mut warnings = Vec::new();
        if !self.outer.is_empty() {
            let clips = (0..examples.originals()).filter(|&i| !examples.is_background(i));
            let clips = clips.map(|i| &examples.items[i]);
            warnings.extend(fold_warnings(
                clips.filter_map(|item| Some((item.fold?, item.group.as_deref()))),
            ));
        }
        if self.whole.is_none() {
            warnings.push(
                "the clips are of one recording, so that no strength could be chosen and nothing was calibrated; add \
                 recordings"
                    .into(),
            );
        }
        warnings.extend(choice.at_the_end(strengths));
        let cross_validated = match self.outer.as_slice() {
            [] => None,
            outer => Some(cross_validate(paths, outer)?),
        };
        Ok(ProbeFound {
            choice,
            calibration,
            cross_validated,
            warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::ProbeLayer;
    use super::super::examples::tests::{clips, clips_with_copies};
    use super::super::paths::PathSettings;
    use super::*;
    use earmark_data::Item;
    use std::sync::atomic::AtomicBool;

    const STRENGTHS: [f64; 4] = [1000.0, 30.0, 1.0, 0.1];

    fn settings(examples: &Examples) -> PathSettings<'_> {
        PathSettings {
            examples,
            strengths: &STRENGTHS,
            prior: None,
        }
    }

    fn run(examples: &Examples, evaluate: bool) -> (ProbeFound, usize) {
        let search = ProbeSearch::plan(examples, evaluate).unwrap();
        let sets = search.sets();
        let count = sets.len();
        let paths = Paths::fit(settings(examples), sets, &|_| (), &AtomicBool::new(false)).unwrap();
        (search.run(&paths).unwrap(), count)
    }

    #[test]
    fn the_layer_that_tells_classes_apart_is_chosen() {
        let (found, _) = run(&clips(36, true), true);
        assert_eq!(found.choice.layer, 1);
        let trials = &found.choice.trials;
        assert_eq!(trials.len(), 8);
        let best = trials.iter().map(|t| t.log_loss).fold(f64::INFINITY, f64::min);
        let chosen = trials[4 + found.choice.strength];
        assert_eq!((chosen.layer, chosen.log_loss), (ProbeLayer::Pooled, best));
        let folds = found.cross_validated.unwrap();
        assert_eq!(folds.report.accuracy, Some(1.0));
        assert!(
            folds
                .folds
                .iter()
                .all(|f| f.layer == ProbeLayer::Pooled && f.clips == 12)
        );
        assert_eq!(folds.scores.files().len(), 36);
        let calibration = found.calibration.unwrap();
        assert!(
            calibration.after.log_loss.unwrap() < 0.2,
            "{:?}",
            calibration.after
        );
    }

    /// Of three folds, the training sets of the choice are those of the outer folds, and each pair of folds that is
    /// left out is fitted once for both.
    #[test]
    fn shared_training_sets_are_fitted_once() {
        let examples = clips(36, true);
        assert_eq!(run(&examples, false).1, 3);
        assert_eq!(run(&examples, true).1, 3 + 3);
    }

    #[test]
    fn a_stopped_search_gives_nothing() {
        let examples = clips(18, true);
        let search = ProbeSearch::plan(&examples, false).unwrap();
        let stopped = Paths::fit(
            settings(&examples),
            search.sets(),
            &|_| (),
            &AtomicBool::new(true),
        );
        assert!(stopped.is_none());
    }

    /// Background has no class and no score of its own; it is trained on, evaluated and calibrated with as none of the
    /// classes.
    #[test]
    fn background_counts_as_none_of_the_classes() {
        let mut examples = clips(36, false);
        for i in 0..12 {
            let item = Item {
                file: format!("noise {i}.wav"),
                fold: Some(i % 3 + 1),
                ..Item::default()
            };
            // Some sounds like class a.
            let like = if i < 3 { 1.9 } else { 0.2 };
            let row = [0.3, 0.1, like, 0.1 * f32::from(u8::try_from(i).unwrap()), 0.2];
            examples.push(item, &[&row]);
        }
        assert_eq!(examples.background(), 12);
        assert_eq!(examples.data(0, &[40]).y, [0.0; 3]);
        let (found, _) = run(&examples, true);
        let folds = found.cross_validated.unwrap();
        assert_eq!(
            (folds.scores.classes().len(), folds.scores.files().len()),
            (3, 36)
        );
        assert!(folds.scores.files().iter().all(|file| !file.starts_with("noise")));
        assert_eq!(folds.report.clips, 48, "background is evaluated as negatives");
        assert_eq!(found.calibration.unwrap().calibration.clips, 48);
    }

    /// Layer, strength, calibration and thresholds are chosen with copies; only originals are evaluated.
    #[test]
    fn copies_are_trained_on_and_not_evaluated() {
        let examples = clips_with_copies(36);
        let (found, _) = run(&examples, true);
        let folds = found.cross_validated.unwrap();
        assert_eq!(folds.report.clips, 36 + 3);
        assert_eq!(folds.folds.iter().map(|f| f.clips).collect::<Vec<_>>(), [12; 3]);
        assert_eq!(folds.scores.files().len(), 36);
        assert!(folds.scores.files().iter().all(|file| !file.contains("copy")));
        assert_eq!(found.calibration.unwrap().calibration.clips, 36 + 3 + 36);
        let trained = ProbeSearch::plan(&examples, true).unwrap().sets();
        let rest: Vec<usize> = (0..39).filter(|&i| examples.items[i].fold != Some(2)).collect();
        assert!(trained.contains(&examples.with_copies(&rest)));
        assert_eq!(trained.iter().map(Vec::len).max(), Some(2 * (12 + 1 + 12)));
    }

    #[test]
    fn a_strength_at_the_end_is_said() {
        let examples = clips(36, true);
        let choice = |strength| ProbeChoice {
            strength,
            ..run(&examples, false).0.choice
        };
        let said = |strength| choice(strength).at_the_end(&STRENGTHS);
        assert!(
            said(0)
                .unwrap()
                .starts_with("strength 1000 is the strongest that was tried: ")
        );
        assert!(said(3).unwrap().contains("compare with --strength 0.03, "));
        assert_eq!((said(1), said(2)), (None, None));
        assert_eq!(choice(0).at_the_end(&[7.0]), None, "a strength that was given");
    }
}

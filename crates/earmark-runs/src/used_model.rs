//! The model of a run that `predict` and `tag` use, and what chose it.

use crate::run_dir::{RunDir, best_step};
use earmark_engine::{ValidationMetric, checkpoint};
use serde::Serialize;
use std::path::Path;

/// The model of a run that `predict` and `tag` use: the one whose results are those of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsedModel {
    /// Its step.
    pub step: u64,
    /// What chose it, such as `the best by validation lwlrap`.
    pub chosen: String,
}

impl UsedModel {
    /// That of an opened run which is validated by `metric`; `None` where it has no weights, or they can't be read.
    pub fn of<R>(run: &RunDir<R>, metric: ValidationMetric) -> Option<Self> {
        let step = best_step(&run.path).ok()?;
        let continues =
            checkpoint::list(&run.path).is_ok_and(|steps| steps.last().is_some_and(|last| *last > step));
        let weights = match checkpoint::best_path(&run.path).is_file() {
            false => Weights::Checkpoint,
            true if continues => Weights::OlderBest,
            true => Weights::Best,
        };
        let validates = run.info.data.validation > 0;
        let chosen = chosen_by(weights, run.info.optimistic, validates, metric);
        Some(Self { step, chosen })
    }

    /// That of the run in a folder; `None` as well where there is no run that can be opened.
    pub fn read(run: &Path) -> Option<Self> {
        let run = RunDir::open_any(run).ok()?;
        let metric = run.recipe.validation().metric;
        Self::of(&run, metric)
    }
}

/// The weights that are used.
#[derive(Clone, Copy)]
enum Weights {
    /// Those of the last checkpoint, as `best.safetensors` is not written yet.
    Checkpoint,
    /// `best.safetensors`, behind which there are checkpoints.
    OlderBest,
    /// `best.safetensors`, of the last checkpoint.
    Best,
}

/// What chose the model, as a training writes `best.safetensors`.
fn chosen_by(weights: Weights, test_clips_drive: bool, validates: bool, metric: ValidationMetric) -> String {
    let metric = metric.name();
    match (weights, test_clips_drive, validates) {
        (Weights::Checkpoint, ..) => "the last checkpoint so far".into(),
        (_, true, _) => {
            format!("the best by {metric} on the test clips themselves (validation.split = test-fold)")
        }
        (_, false, true) => format!("the best by validation {metric}"),
        (Weights::OlderBest, false, false) => "the end of the training before it was continued".into(),
        (Weights::Best, false, false) => "the last, as no clips were held out to choose by".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chose_a_model_is_said() {
        let of = |weights, test_clips, validates| {
            chosen_by(weights, test_clips, validates, ValidationMetric::Lwlrap)
        };
        for weights in [Weights::Best, Weights::OlderBest] {
            assert_eq!(of(weights, false, true), "the best by validation lwlrap");
            assert!(of(weights, true, true).starts_with("the best by lwlrap on the test clips"));
            assert!(of(weights, true, false).starts_with("the best by lwlrap on the test clips"));
        }
        assert!(of(Weights::Best, false, false).starts_with("the last, as no clips"));
        assert!(of(Weights::OlderBest, false, false).starts_with("the end of the training before"));
        assert_eq!(of(Weights::Checkpoint, false, true), "the last checkpoint so far");
        assert_eq!(UsedModel::read(Path::new("no such run")), None);
    }
}

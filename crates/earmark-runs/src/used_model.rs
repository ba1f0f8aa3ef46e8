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
        let has_best = checkpoint::best_path(&run.path).is_file();
        let validates = run.info.data.validation > 0;
        let chosen = chosen_by(has_best, run.info.optimistic, validates, metric);
        Some(Self { step, chosen })
    }

    /// That of the run in a folder; `None` as well where there is no run that can be opened.
    pub fn read(run: &Path) -> Option<Self> {
        let run = RunDir::open_any(run).ok()?;
        let metric = run.recipe.validation().metric;
        Self::of(&run, metric)
    }
}

/// What chose the model, as a training writes `best.safetensors`.
fn chosen_by(has_best: bool, test_clips_drive: bool, validates: bool, metric: ValidationMetric) -> String {
    let metric = metric.name();
    match (has_best, test_clips_drive, validates) {
        (false, ..) => "the last checkpoint so far".into(),
        (true, true, _) => {
            format!("the best by {metric} on the test clips themselves (validation.split = test-fold)")
        }
        (true, false, true) => format!("the best by validation {metric}"),
        (true, false, false) => "the last, as no clips were held out to choose by".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chose_a_model_is_said() {
        let of = |has_best, test_clips, validates| {
            chosen_by(has_best, test_clips, validates, ValidationMetric::Lwlrap)
        };
        assert_eq!(of(true, false, true), "the best by validation lwlrap");
        assert!(of(true, true, true).starts_with("the best by lwlrap on the test clips"));
        assert!(of(true, true, false).starts_with("the best by lwlrap on the test clips"));
        assert!(of(true, false, false).starts_with("the last, as no clips"));
        assert_eq!(of(false, false, true), "the last checkpoint so far");
        assert_eq!(UsedModel::read(Path::new("no such run")), None);
    }
}

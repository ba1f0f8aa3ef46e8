//! What runs of both levels have in common.

use super::{RunDir, RunError, RunInfo, planned_steps};
use earmark_data::ClassMap;
use earmark_engine::ValidationMetric;
use earmark_recipe::{Recipe, StackRecipe};
use std::path::{Path, PathBuf};

/// What is known of a run whatever its level.
#[derive(Debug)]
pub struct RunHead {
    /// Where it is.
    pub path: PathBuf,
    /// Name of its recipe.
    pub name: String,
    /// Steps planned, once known.
    pub steps: Option<u64>,
    /// What steers it.
    pub metric: ValidationMetric,
    /// Whether a clip has exactly one label (softmax).
    pub single_label: bool,
    /// Whether it is of the second level.
    pub is_stack: bool,
    /// `classes.csv`.
    pub classes: ClassMap,
    /// `run.json`.
    pub info: RunInfo,
}

impl RunHead {
    /// Opens a run of any level.
    ///
    /// # Errors
    ///
    /// As [`RunDir::open`].
    pub fn open(path: &Path) -> Result<Self, RunError> {
        if is_stack(path) {
            let run = RunDir::<StackRecipe>::open_as(path)?;
            let r = &run.recipe;
            let of = (
                r.name.clone(),
                planned_steps(path, &run.info, &r.train),
                r.validation.metric,
                r.train.loss.is_single_label(),
            );
            return Ok(Self::of(of, true, run.path, run.classes, run.info));
        }
        let run = RunDir::<Recipe>::open_as(path)?;
        let r = &run.recipe;
        let of = (
            r.name.clone(),
            planned_steps(path, &run.info, &r.train),
            r.validation.metric,
            r.train.loss.is_single_label(),
        );
        Ok(Self::of(of, false, run.path, run.classes, run.info))
    }

    fn of(
        (name, steps, metric, single_label): (String, Option<u64>, ValidationMetric, bool),
        is_stack: bool,
        path: PathBuf,
        classes: ClassMap,
        info: RunInfo,
    ) -> Self {
        Self {
            path,
            name,
            steps,
            metric,
            single_label,
            is_stack,
            classes,
            info,
        }
    }

    /// The folder of evaluation results.
    pub fn eval(&self) -> PathBuf {
        self.path.join("eval")
    }
}

/// Whether a folder holds a run of the second level. One that can't be read is none, and opening it says why.
pub fn is_stack(run: &Path) -> bool {
    std::fs::read_to_string(run.join("recipe.toml")).is_ok_and(|text| StackRecipe::is_stack(&text))
}

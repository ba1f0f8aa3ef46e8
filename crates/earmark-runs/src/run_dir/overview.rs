//! What runs on audio and stacked runs have in common.

use super::{RunDir, RunError, RunInfo, planned_steps};
use earmark_data::ClassMap;
use earmark_engine::{TrainConfig, ValidationMetric};
use earmark_recipe::{Recipe, StackRecipe};
use std::path::{Path, PathBuf};

/// A run on audio or a stacked run.
#[derive(Debug)]
pub struct RunOverview {
    /// Where it is.
    pub path: PathBuf,
    /// Name of its recipe.
    pub name: String,
    /// Steps planned, once known.
    pub steps: Option<u64>,
    /// The metric that it is validated by.
    pub metric: ValidationMetric,
    /// Whether a clip has exactly one label (softmax).
    pub single_label: bool,
    /// Whether it is a stacked run.
    pub is_stack: bool,
    /// `classes.csv`.
    pub classes: ClassMap,
    /// `run.json`.
    pub info: RunInfo,
}

impl RunOverview {
    /// Opens a run on audio or a stacked run.
    ///
    /// # Errors
    ///
    /// As [`RunDir::open`].
    pub fn open(path: &Path) -> Result<Self, RunError> {
        if is_stack(path) {
            let run = RunDir::<StackRecipe>::open_as(path)?;
            let (name, metric) = (run.recipe.name.clone(), run.recipe.validation.metric);
            let train = run.recipe.train.clone();
            return Ok(Self::new(run, name, metric, &train, true));
        }
        let run = RunDir::<Recipe>::open_as(path)?;
        let (name, metric) = (run.recipe.name.clone(), run.recipe.validation.metric);
        let train = run.recipe.train.clone();
        Ok(Self::new(run, name, metric, &train, false))
    }

    fn new<R>(
        run: RunDir<R>,
        name: String,
        metric: ValidationMetric,
        train: &TrainConfig,
        is_stack: bool,
    ) -> Self {
        Self {
            steps: planned_steps(&run.path, &run.info, train),
            single_label: train.loss.is_single_label(),
            path: run.path,
            classes: run.classes,
            info: run.info,
            name,
            metric,
            is_stack,
        }
    }

    /// The folder of evaluation results.
    pub fn eval(&self) -> PathBuf {
        self.path.join("eval")
    }
}

/// Whether a folder holds a stacked run; false if it can't be read, and opening it then says why.
pub fn is_stack(run: &Path) -> bool {
    std::fs::read_to_string(run.join("recipe.toml")).is_ok_and(|text| StackRecipe::is_stack(&text))
}

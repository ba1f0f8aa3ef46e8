//! An evaluated fold, read from the files of its run.

use crate::PipelineError;
use earmark_data::{DataSet, Item};
use earmark_engine::TrainingProgress;
use earmark_engine::evaluation::read_scores;
use earmark_metrics::ScoreTable;
use earmark_runs::experiment_log::TrainingHistory;
use earmark_runs::run_dir::{RunDir, best_step, fold_run};
use earmark_runs::split_table::test_clips;
use earmark_runs::warnings::{Remedies, RunWarning};
use std::collections::HashMap;
use std::path::Path;

/// An evaluated fold.
#[derive(Clone, Debug)]
pub(crate) struct FoldResult {
    /// The fold.
    pub fold: u32,
    /// Step of its best weights.
    pub step: u64,
    /// Whether its test clips drove its training.
    pub optimistic: bool,
    /// What can be advised where its results are weak.
    pub remedies: Remedies,
    /// Whether its training loss was still falling at the end.
    pub loss_warning: Option<RunWarning>,
    /// What could not be read of its log.
    pub problems: Vec<String>,
    /// Whether a clip has exactly one label (softmax).
    pub single_label: bool,
    /// The scores of the best weights for the test clips.
    pub scores: ScoreTable,
    /// The clips in the same order.
    pub items: Vec<Item>,
    /// Test clips without scores.
    pub skipped: Vec<String>,
}

impl FoldResult {
    /// Reads the files of the evaluation. `data` has the labels.
    pub(crate) fn read(set: &Path, fold: u32, data: &DataSet) -> Result<Self, PipelineError> {
        let run = RunDir::open_any(&fold_run(set, fold))?;
        let step = best_step(&run.path)?;
        let scores = read_scores(&run.eval(), step)?;
        let clips = test_clips(&run.path, &data.clone().map_to(&run.classes)?)?;
        let by_file: HashMap<&String, &Item> = clips.iter().map(|clip| (&clip.file, clip)).collect();
        let mut items = Vec::new();
        for file in scores.files() {
            let Some(&item) = by_file.get(file) else {
                return Err(PipelineError::Request(format!(
                    "{}: has scores of {file:?}, which is not a clip of this fold; remove its folder eval, then \
                     continue with --resume",
                    run.path.display()
                )));
            };
            items.push(item.clone());
        }
        let skipped = clips.iter().map(|clip| clip.file.clone());
        let early = TrainingProgress::read(&run.path).is_ok_and(|progress| progress.stopped_early.is_some());
        let history = TrainingHistory::read(&run.path);
        Ok(Self {
            fold,
            step,
            optimistic: run.info.optimistic,
            remedies: Remedies::of_run(&run),
            loss_warning: history.loss_warning(run.recipe.train(), early),
            problems: history.problems,
            single_label: run.recipe.train().loss.is_single_label(),
            skipped: skipped.filter(|file| !scores.files().contains(file)).collect(),
            scores,
            items,
        })
    }
}

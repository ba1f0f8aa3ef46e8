//! Stacked models: networks whose inputs are the scores of other models.

use crate::PipelineError;
use earmark_engine::RowScorer;
use earmark_metrics::ScoreTable;
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::fold_runs;
use std::path::{Path, PathBuf};

/// A stacked model, ready to score.
#[derive(Debug)]
pub struct StackedModel {
    /// What scores rows.
    pub scorer: RowScorer,
    /// Its classes, which are those of its inputs.
    pub classes: Vec<String>,
    /// The cross-validation runs whose scores are its inputs, in order.
    pub inputs: Vec<PathBuf>,
}

impl StackedModel {
    /// The scores of clips from those of the inputs, in their order: tables of the same files, each in the same order.
    ///
    /// # Errors
    /// Inputs whose classes or files are not those of the model and of each other.
    pub fn scores(&self, tables: &[&ScoreTable]) -> Result<ScoreTable, PipelineError> {
        let files = tables.first().map_or(&[][..], |t| t.files());
        for (table, input) in tables.iter().zip(&self.inputs) {
            if table.classes() != self.classes || table.files() != files {
                return Err(PipelineError::Request(format!(
                    "{}: its classes differ from those the stacked model was trained on; it was trained again since: run `earmark stack` again",
                    input.display()
                )));
            }
        }
        let rows: Vec<f32> = (0..files.len())
            .flat_map(|i| tables.iter().flat_map(move |t| t.row(i).unwrap_or_default()))
            .copied()
            .collect();
        let values = self.scorer.scores(&rows);
        Ok(ScoreTable::new(files.to_vec(), self.classes.clone(), values)?)
    }
}

/// Where an input is now: where the recipe says, else next to the stacked run, which may have been moved together with it.
pub fn find_input(name: &str, near: &Path) -> PathBuf {
    let path = PathBuf::from(name);
    if path.is_dir() {
        return path;
    }
    let moved = near
        .ancestors()
        .take(4)
        .filter_map(|folder| Some(folder.join(path.file_name()?)))
        .find(|place| fold_runs(place).is_ok_and(|runs| !runs.is_empty()));
    moved.unwrap_or(path)
}

/// The inputs of a stacked run or model file, wherever they are now.
pub fn inputs_of(run: &Path, recipe: &StackRecipe) -> Vec<PathBuf> {
    let names = recipe.stack.inputs.iter();
    names.map(|name| find_input(name, run)).collect()
}

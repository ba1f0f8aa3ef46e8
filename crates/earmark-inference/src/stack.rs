//! Second-level models: read, and asked about new clips.

use crate::PipelineError;
use crate::device::{device, vars_for};
use earmark_engine::{ModelFile, RowScorer};
use earmark_metrics::ScoreTable;
use earmark_models::{Network, Vars};
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::fold_runs;
use std::path::{Path, PathBuf};

/// A second-level model file, ready to score.
#[derive(Debug)]
pub struct StackModel {
    /// What scores rows.
    pub scorer: RowScorer,
    /// Its classes, which are those of its inputs.
    pub classes: Vec<String>,
    /// The first-level runs that it asks, in order.
    pub inputs: Vec<PathBuf>,
}

impl StackModel {
    /// Whether a model file is of the second level.
    pub fn is(file: &ModelFile) -> bool {
        StackRecipe::is(&file.meta.recipe)
    }

    /// Reads a model file.
    pub fn read(path: &Path, device_name: &str) -> Result<Self, PipelineError> {
        let device = device(device_name)?;
        let file = ModelFile::read(path)?;
        let recipe = StackRecipe::parse(&file.meta.recipe, path)?;
        let classes = file.meta.classes.len();
        let features = recipe.stack.inputs.len() * classes;
        let (network, specs) = Network::build(&recipe.network, features, classes)?;
        let mut vars = vars_for(device_name, Vars::init(specs, 0, &device));
        file.load_into(path, &mut vars)?;
        let inputs = recipe.stack.inputs.iter();
        Ok(Self {
            inputs: inputs.map(|name| find_input(name, path)).collect(),
            scorer: RowScorer {
                network,
                vars,
                loss: recipe.train.loss.clone(),
                features,
                batch: recipe.batches.size,
                device,
            },
            classes: file.meta.classes,
        })
    }

    /// The scores of clips from those of the inputs, in their order: tables of the same files, each in the same order.
    ///
    /// # Errors
    /// Inputs whose classes or files are not those of the model and of each other.
    pub fn scores(&self, tables: &[&ScoreTable]) -> Result<ScoreTable, PipelineError> {
        let files = tables.first().map_or(&[][..], |t| t.files());
        for (table, input) in tables.iter().zip(&self.inputs) {
            if table.classes() != self.classes || table.files() != files {
                return Err(PipelineError::Request(format!(
                    "{}: its classes are not those that the second level was trained with; it has been trained anew since: train the second level anew too",
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

/// Where an input lies now: where the recipe says, else beside the second-level run, which may have been moved together with it.
pub fn find_input(name: &str, near: &Path) -> PathBuf {
    let path = PathBuf::from(name);
    if path.is_dir() {
        return path;
    }
    let beside = near
        .ancestors()
        .take(4)
        .filter_map(|folder| Some(folder.join(path.file_name()?)))
        .find(|place| fold_runs(place).is_ok_and(|runs| !runs.is_empty()));
    beside.unwrap_or(path)
}

/// The inputs of a second-level run or model file, wherever they lie now.
pub fn inputs_of(run: &Path, recipe: &StackRecipe) -> Vec<PathBuf> {
    let names = recipe.stack.inputs.iter();
    names.map(|name| find_input(name, run)).collect()
}

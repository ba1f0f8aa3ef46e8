//! The models of a bundle, and what second-level models among them ask.

use super::{BundleDescription, BundledModel, mode, plain};
use crate::PipelineError;
use crate::model::{ModelSource, inputs_of};
use earmark_core::atomic::{self, WriteError};
use earmark_recipe::AnyRecipe;
use earmark_runs::run_dir::find_models;
use std::fs;
use std::path::{Path, PathBuf};

/// First-level runs that second-level models ask: each is packed once, however many ask it.
#[derive(Default)]
pub(super) struct StackedInputs {
    sets: Vec<PathBuf>,
}

impl StackedInputs {
    /// The name of a set of folds in the bundle.
    fn name(&mut self, set: PathBuf) -> String {
        let known = self.sets.iter().position(|known| *known == set);
        let place = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        input_name(place)
    }
}

fn input_name(place: usize) -> String {
    format!("asked-{:02}", place + 1)
}

impl BundledModel {
    /// The description of the model that stands at `number` in the order of weights, counted from 1.
    pub(super) fn of(number: usize, model: &ModelSource, inputs: &mut StackedInputs) -> Self {
        let (recipe, tiles, asks) = match &model.recipe {
            AnyRecipe::Second(recipe) => {
                let sets = inputs_of(&model.path, recipe).into_iter();
                (&recipe.name, None, sets.map(|set| inputs.name(set)).collect())
            }
            AnyRecipe::First(recipe) => (&recipe.name, recipe.predict_front_end().segments, Vec::new()),
        };
        let meta = &model.file.meta;
        Self {
            file: format!("models/{number:02}-{}-{}.safetensors", plain(recipe), meta.step),
            recipe: recipe.clone(),
            step: meta.step,
            licence: meta.licence.clone(),
            tiles,
            asks,
        }
    }
}

/// Copies the models; one of the second level is told where what it asks lies now.
pub(super) fn pack_models(
    folder: &Path,
    models: &[ModelSource],
    description: &BundleDescription,
    inputs: &StackedInputs,
) -> Result<(), PipelineError> {
    let place = folder.join("models");
    fs::create_dir_all(&place).map_err(|e| WriteError::new(&place, e))?;
    for (model, packed) in models.iter().zip(&description.models) {
        let to = folder.join(&packed.file);
        if packed.asks.is_empty() {
            copy(&model.path, &to)?;
            continue;
        }
        let AnyRecipe::Second(mut recipe) = model.recipe.clone() else {
            continue; // only stacked models ask others
        };
        recipe.stack.inputs.clone_from(&packed.asks);
        let mut file = model.file.clone();
        file.meta.recipe = recipe.to_toml();
        file.save(&to)?;
        mode(&to, 0o644).map_err(|e| WriteError::new(&to, e))?;
    }
    for (k, set) in inputs.sets.iter().enumerate() {
        for (fold, model) in find_models(&set.to_string_lossy())?.iter().enumerate() {
            // A set of folds as far as a prediction looks at it: weights, and the file that makes a folder a run.
            let run = place.join(input_name(k)).join(format!("fold-{}", fold + 1));
            fs::create_dir_all(&run).map_err(|e| WriteError::new(&run, e))?;
            copy(model, &run.join("best.safetensors"))?;
            let note = "{ \"packed\": \"the weights of a run, by earmark bundle\" }\n";
            atomic::write(&run.join("run.json"), |w| w.write_all(note.as_bytes()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), PipelineError> {
    fs::copy(from, to).map_err(|e| WriteError::new(from, e))?;
    Ok(mode(to, 0o644).map_err(|e| WriteError::new(to, e))?)
}

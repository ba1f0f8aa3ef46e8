//! The models of a bundle, with the base models of stacked ones.

use super::files::{copy, safe_name, set_mode};
use super::{BundleDescription, BundledModel};
use crate::PipelineError;
use crate::model::{ModelSource, inputs_of};
use earmark_core::atomic::{self, WriteError};
use earmark_recipe::AnyRecipe;
use earmark_runs::run_dir::find_models;
use std::fs;
use std::path::{Path, PathBuf};

/// Cross-validation runs that stacked models take scores from; each is packed once.
#[derive(Default)]
pub(super) struct StackedInputs {
    runs: Vec<PathBuf>,
}

impl StackedInputs {
    /// The folder of a cross-validation run in the bundle.
    fn name(&mut self, run: PathBuf) -> String {
        let known = self.runs.iter().position(|known| *known == run);
        if known.is_none() {
            self.runs.push(run);
        }
        input_name(known.unwrap_or(self.runs.len() - 1))
    }
}

fn input_name(place: usize) -> String {
    format!("asked-{:02}", place + 1)
}

impl BundledModel {
    /// The description of the model with this number, counted from 1 in the order of weights.
    pub(super) fn new(number: usize, model: &ModelSource, stacked: &mut StackedInputs) -> Self {
        let (recipe, segments, inputs) = match &model.recipe {
            AnyRecipe::Stacked(recipe) => {
                let runs = inputs_of(&model.path, recipe).into_iter();
                (&recipe.name, None, runs.map(|run| stacked.name(run)).collect())
            }
            AnyRecipe::Audio(recipe) => (&recipe.name, recipe.predict_front_end().segments, Vec::new()),
        };
        let meta = &model.file.meta;
        Self {
            file: format!(
                "models/{number:02}-{}-{}.safetensors",
                safe_name(recipe),
                meta.step
            ),
            recipe: recipe.clone(),
            step: meta.step,
            licence: meta.licence.clone(),
            segments,
            inputs,
        }
    }
}

/// Copies the models. The recipes of stacked models name the folders of their base models in the bundle.
pub(super) fn pack_models(
    folder: &Path,
    models: &[ModelSource],
    description: &BundleDescription,
    inputs: &StackedInputs,
) -> Result<(), PipelineError> {
    let models_folder = folder.join("models");
    fs::create_dir_all(&models_folder).map_err(|e| WriteError::new(&models_folder, e))?;
    for (model, packed) in models.iter().zip(&description.models) {
        let to = folder.join(&packed.file);
        if packed.inputs.is_empty() {
            copy(&model.path, &to, 0o644)?;
            continue;
        }
        let AnyRecipe::Stacked(mut recipe) = model.recipe.clone() else {
            continue; // only stacked models have inputs
        };
        recipe.stack.inputs.clone_from(&packed.inputs);
        let mut file = model.file.clone();
        file.meta.recipe = recipe.to_toml();
        file.save(&to)?;
        set_mode(&to, 0o644)?;
    }
    for (k, run) in inputs.runs.iter().enumerate() {
        for (fold, model) in find_models(&run.to_string_lossy())?.iter().enumerate() {
            // What prediction needs of a fold: weights, and the file that makes a folder a run.
            let fold_run = models_folder
                .join(input_name(k))
                .join(format!("fold-{}", fold + 1));
            fs::create_dir_all(&fold_run).map_err(|e| WriteError::new(&fold_run, e))?;
            copy(model, &fold_run.join("best.safetensors"), 0o644)?;
            let note = "{ \"packed\": \"the weights of a run, by earmark bundle\" }\n";
            atomic::write(&fold_run.join("run.json"), |w| w.write_all(note.as_bytes()))?;
        }
    }
    Ok(())
}

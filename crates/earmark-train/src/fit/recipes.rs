//! The recipes that a fit trains, adapted to a folder and to a network.

use super::data::FitData;
use super::job::FitFolderJob;
use crate::{PipelineError, ProbeClasses};
use earmark_core::Check;
use earmark_engine::{Loss, StartConfig};
use earmark_features::FrontEnd;
use earmark_inference::model::ModelSource;
use earmark_models::NetworkConfig;
use earmark_recipe::Recipe;
use std::path::{Path, PathBuf};

/// What fine-tuning trains by.
const TUNED_RECIPE: &str = "fine-tune/folder";

/// What a training from scratch goes by.
pub(super) const FOLDER_RECIPE: &str = "folder";

/// The network that a fit begins with.
pub(super) struct FitBackbone {
    /// Its model file.
    pub path: PathBuf,
    /// BLAKE3 hash of the file.
    pub hash: String,
    /// Its recipe.
    pub recipe: Recipe,
}

impl FitBackbone {
    /// Reads the model that a name means.
    pub fn read(model: &str) -> Result<Self, PipelineError> {
        let path = earmark_runs::run_dir::find_model(model)?;
        let source = ModelSource::read(&path)?;
        Ok(Self {
            recipe: Recipe::parse(&source.file.meta.recipe, &path)?,
            path: std::path::absolute(&path).unwrap_or(path),
            hash: source.hash,
        })
    }

    /// Whether the recipe of fine-tuning, whose frozen and slow layers have names, is for this network.
    pub fn can_be_fine_tuned(&self) -> bool {
        matches!(self.recipe.network, NetworkConfig::EfficientAt(_))
    }
}

/// Refuses a setting that the recipe of the trainings does not have, before anything is begun.
pub(super) fn check_overrides(
    job: &FitFolderJob,
    backbone: Option<&FitBackbone>,
) -> Result<(), PipelineError> {
    let trained = match backbone {
        Some(backbone) if backbone.can_be_fine_tuned() => TUNED_RECIPE,
        Some(_) => return Ok(()),
        None => FOLDER_RECIPE,
    };
    Recipe::load(trained, &job.overrides)?;
    Ok(())
}

/// `fine-tune/folder` for this network.
pub(super) fn fine_tune(
    backbone: &FitBackbone,
    job: &FitFolderJob,
    data: &FitData,
    work: &Path,
) -> Result<Recipe, PipelineError> {
    let mut recipe = Recipe::load(TUNED_RECIPE, &job.overrides)?;
    recipe.network = backbone.recipe.network;
    // What a segment is in training is the recipe's; how it is computed is the network's.
    recipe.front_end = FrontEnd {
        segments: recipe.front_end.segments.take(),
        ..backbone.recipe.front_end.clone()
    };
    let from = backbone.path.to_string_lossy().into_owned();
    recipe.train.start = Some(StartConfig {
        from,
        ..recipe.train.start.take().unwrap_or_default()
    });
    of_folder(recipe, job, data, work)
}

/// A built-in recipe without a network to start from.
pub(super) fn built_in(
    name: &str,
    overrides: &[String],
    job: &FitFolderJob,
    data: &FitData,
    work: &Path,
) -> Result<Recipe, PipelineError> {
    of_folder(Recipe::load(name, overrides)?, job, data, work)
}

/// The recipe as it reads this folder.
fn of_folder(
    mut recipe: Recipe,
    job: &FitFolderJob,
    data: &FitData,
    work: &Path,
) -> Result<Recipe, PipelineError> {
    recipe.set_data(data.options(&job.options, work)?);
    recipe.train.noisy_subsets.clear();
    let independent = data.train.multi_label || job.classes == ProbeClasses::Independent;
    if independent && recipe.train.loss.is_single_label() {
        recipe.train.loss = Loss::default();
    }
    recipe.check()?;
    Ok(recipe)
}

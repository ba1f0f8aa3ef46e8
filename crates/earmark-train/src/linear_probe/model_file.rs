//! The model file of a probe and its recipe.

use super::backbone::{Backbone, ProbeFile, ProbeSource};
use super::background::SeparatedClips;
use super::job::ProbeJob;
use super::paths::PathSettings;
use super::search::ProbeFound;
use crate::PipelineError;
use earmark_engine::{LinearProbe, Loss};
use earmark_features::Segments;
use earmark_recipe::{FoldsConfig, Recipe};
use std::path::Path;

/// Number of folds if the data has none.
const FOLDS: u32 = 5;

/// The model's recipe, adapted to this data, without what is known only once the data is read.
pub(super) fn recipe(source: &Recipe, job: &ProbeJob) -> Recipe {
    let mut recipe = source.clone();
    recipe.name = format!("{}/probe", source.name);
    recipe.description = format!("Logistic regression on the features of {}", source.name);
    recipe.set_data(job.options.clone());
    recipe.folds = Some(FoldsConfig {
        count: FOLDS,
        seed: 0,
        stratify: None,
        subsets: None,
    });
    recipe.network = recipe.network.with_linear_head();
    recipe.train.noisy_subsets.clear();
    (recipe.train.start, recipe.train.freeze) = (None, Vec::new());
    recipe
}

/// The recipe of the model file: it reads the same data in the same classes, and cuts recordings into windows of the clips' length.
pub(super) fn written_recipe(
    mut recipe: Recipe,
    separated: &SeparatedClips,
    single_label: bool,
    windows: Option<Segments>,
) -> Recipe {
    recipe.train.loss = match single_label {
        true => Loss::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        false => Loss::default(),
    };
    let ignored = &mut recipe.data.classes.ignore;
    ignored.extend(separated.names.iter().cloned());
    if windows.is_some() {
        recipe.front_end.segments = windows;
    }
    recipe
}

/// Fits the chosen layer and strength to all examples and writes the model file.
pub(super) fn write(
    out: &Path,
    backbone: &Backbone,
    source: &ProbeSource,
    settings: &PathSettings,
    (recipe, found): (&Recipe, &ProbeFound),
) -> Result<(), PipelineError> {
    let PathSettings {
        examples,
        strengths,
        prior,
    } = *settings;
    let choice = &found.choice;
    let all: Vec<usize> = (0..examples.len()).collect();
    let fitted = LinearProbe::fit(
        &examples.data(choice.layer, &all),
        strengths[choice.strength],
        prior,
    );
    let file = ProbeFile {
        recipe,
        classes: &examples.classes,
        layer: examples.layers[choice.layer].layer,
        fitted: &fitted,
        calibration: found.calibration.as_ref().map(|c| c.calibration.clone()),
    };
    backbone.write(out, &source.file, file)
}

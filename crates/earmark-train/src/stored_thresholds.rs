//! Thresholds written into models.

use crate::calibration::targets;
use crate::{CalibrateTo, PipelineError};
use earmark_engine::ModelFile;
use earmark_inference::DEFAULT_THRESHOLD;
use earmark_inference::model::ModelSource;
use earmark_metrics::{Calibration, CalibrationLine, CalibrationRule};
use earmark_recipe::Recipe;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Thresholds to write, and into which models.
#[derive(Clone, Debug)]
pub struct StoreThresholdsJob {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run, which means the models of all its folds.
    pub models: Vec<String>,
    /// Where models are written.
    pub to: CalibrateTo,
    /// Thresholds by class; other classes keep what they have.
    pub thresholds: BTreeMap<String, f32>,
    /// Number of clips or events that they were chosen by.
    pub examples: usize,
    /// Whether they are thresholds of scores that no calibration changed.
    pub of_raw_scores: bool,
}

/// Writes thresholds into copies of models, or into the models themselves; what calibrates their scores stays.
///
/// # Errors
/// A class that a model does not have, thresholds of raw scores for a calibrated model, and files that can't be read or
/// written.
pub fn store_thresholds(job: &StoreThresholdsJob) -> Result<Vec<PathBuf>, PipelineError> {
    let models = ModelSource::read_all(&job.models)?.into_iter();
    let mut models: Vec<_> = models.map(|model| (model.path, model.file)).collect();
    let targets = targets(&job.to, &models)?;
    for (path, file) in &mut models {
        let refused = |problem: String| PipelineError::Request(format!("{}: {problem}", path.display()));
        let classes = file.meta.classes.clone();
        if let Some(class) = job.thresholds.keys().find(|class| !classes.contains(class)) {
            return Err(refused(format!(
                "has no class `{class}`; give the model whose scores were reviewed"
            )));
        }
        let before = file.meta.calibration.as_ref();
        if before.is_some() && job.of_raw_scores {
            return Err(refused(
                "is calibrated, and the reviewed scores of the run are not; review what `earmark tag` finds with it"
                    .into(),
            ));
        }
        let before = before.map_or(&[][..], |calibration| calibration.thresholds.as_slice());
        let thresholds: Vec<f32> = classes
            .iter()
            .enumerate()
            .map(|(number, class)| {
                let own = before.get(number).copied().unwrap_or(DEFAULT_THRESHOLD);
                job.thresholds.get(class).copied().unwrap_or(own)
            })
            .collect();
        set_thresholds(path, file, &thresholds, job.examples)?;
    }
    let files = models.iter().map(|(_, file)| file);
    let files: Vec<(&Path, &ModelFile)> = targets.iter().map(PathBuf::as_path).zip(files).collect();
    ModelFile::save_together(&files)?;
    Ok(targets)
}

/// Sets a model's thresholds, one per class. Scores that were not calibrated stay as they are.
pub(crate) fn set_thresholds(
    path: &Path,
    file: &mut ModelFile,
    thresholds: &[f32],
    examples: usize,
) -> Result<(), PipelineError> {
    let recipe = Recipe::parse(&file.meta.recipe, path)?;
    let rule = match recipe.train.loss.is_single_label() {
        true => CalibrationRule::Softmax { slope: 1.0 },
        false => CalibrationRule::Classes {
            lines: vec![CalibrationLine::IDENTITY; thresholds.len()],
        },
    };
    let calibration = file.meta.calibration.get_or_insert(Calibration {
        rule,
        thresholds: Vec::new(),
        clips: examples,
    });
    calibration.thresholds = thresholds.to_vec();
    Ok(())
}

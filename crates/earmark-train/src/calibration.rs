//! Calibrating models on held-out scores.

use crate::{Observer, PipelineError, Skips, out_of_fold};
use earmark_core::atomic::WriteError;
use earmark_engine::ModelFile;
use earmark_inference::model::ModelSource;
use earmark_metrics::{
    Aligned, Calibration, CalibrationMethod, CalibrationOptions, CalibrationQuality, ScoreTable, TruthTable,
    UnknownLabels,
};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::fold_runs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Groups that the clips of a table are assigned to in turn, to cross-validate the calibration.
const GROUPS: u32 = 5;

/// The held-out scores that a calibration is fitted to.
#[derive(Clone, Debug)]
pub enum CalibrateBy {
    /// The out-of-fold scores of a cross-validation run.
    Folds {
        /// The run; default: the model, if it is such a run.
        run: Option<PathBuf>,
        /// The data folder; default: that of the training.
        data: Option<PathBuf>,
    },
    /// Raw scores in a table.
    Tables {
        /// The scores.
        scores: PathBuf,
        /// The labels.
        truth: PathBuf,
    },
}

/// Where calibrated models are written.
#[derive(Clone, Debug)]
pub enum CalibrateTo {
    /// A file; for several models a folder.
    Path(PathBuf),
    /// They replace the models, each atomically.
    InPlace,
}

/// What to calibrate.
#[derive(Clone, Debug)]
pub struct CalibrateJob {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run, which means the models of all its folds.
    pub models: Vec<String>,
    /// The scores to fit to.
    pub by: CalibrateBy,
    /// Where they are written.
    pub to: CalibrateTo,
    /// The method for multi-label models.
    pub method: CalibrationMethod,
    /// Classes with fewer positive or fewer negative clips keep their scores.
    pub min_examples: usize,
    /// Device by name.
    pub device: String,
}

/// The result of a calibration.
#[derive(Clone, Debug)]
pub struct CalibrationResult {
    /// The calibration that was written.
    pub calibration: Calibration,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The quality of the uncalibrated scores, with thresholds of 0.5.
    pub before: CalibrationQuality,
    /// The quality of each fold's scores when they are calibrated by the other folds.
    pub after: CalibrationQuality,
    /// The files.
    pub written: Vec<PathBuf>,
    /// Clips that could not be read.
    pub skipped: Skips,
}

/// Fits a calibration and writes it into copies of the models, or into the models themselves. `None` when stopped.
pub fn calibrate(
    job: &CalibrateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<CalibrationResult>, PipelineError> {
    let models = ModelSource::read_all(&job.models)?.into_iter();
    let models: Vec<_> = models.map(|model| (model.path, model.file)).collect();
    let targets = targets(job, &models)?;
    let Some((clips, groups, skipped)) = held_out_scores(job, observer, stop)? else {
        return Ok(None);
    };
    let classes = clips.classes().to_vec();
    let mut single_label = None;
    for (path, file) in &models {
        if file.meta.classes != classes {
            return Err(PipelineError::Request(format!(
                "{}: its classes differ from those of the scores; fit it to scores with its own classes in its own order",
                path.display()
            )));
        }
        let recipe = Recipe::parse(&file.meta.recipe, path)?;
        let single = recipe.train.loss.is_single_label();
        if single_label.is_some_and(|other| other != single) {
            return Err(PipelineError::Request(format!(
                "{}: not all models are of one kind (single-label or multi-label); calibrate them one by one",
                path.display()
            )));
        }
        single_label = Some(single);
    }
    let single_label = single_label.unwrap_or(false);
    let options = CalibrationOptions {
        single_label,
        method: job.method,
        min_examples: job.min_examples,
        ..CalibrationOptions::default()
    };
    let half = vec![0.5; classes.len()];
    let before = CalibrationQuality::of(&clips, single_label, |_| &half)?;
    let (crossed, limits) = Calibration::cross_fit(&clips, &groups, options)?;
    let after = CalibrationQuality::of(&crossed, single_label, |clip| limits[clip].as_slice())?;
    let calibration = Calibration::fit(&clips, options)?;
    for ((_, mut file), target) in models.into_iter().zip(&targets) {
        file.meta.calibration = Some(calibration.clone());
        file.save(target)?;
    }
    Ok(Some(CalibrationResult {
        calibration,
        classes,
        before,
        after,
        written: targets,
        skipped,
    }))
}

/// The file that each calibrated model is written to.
fn targets(job: &CalibrateJob, models: &[(PathBuf, ModelFile)]) -> Result<Vec<PathBuf>, PipelineError> {
    let CalibrateTo::Path(out) = &job.to else {
        return Ok(models.iter().map(|(path, _)| path.clone()).collect());
    };
    if let [(path, _)] = models {
        if same_file(path, out) {
            return Err(PipelineError::Request(format!(
                "-o {}: is the model itself; name another file, or use --in-place",
                out.display()
            )));
        }
        return Ok(vec![out.clone()]);
    }
    std::fs::create_dir_all(out).map_err(|e| WriteError::new(out, e))?;
    let mut targets: Vec<PathBuf> = Vec::new();
    for (path, _) in models {
        // `runs/cv/fold-1/best.safetensors` becomes `fold-1.safetensors`, a file keeps its name.
        let stem = match path.ends_with("best.safetensors") {
            true => path.parent().and_then(Path::file_name),
            false => path.file_stem(),
        };
        let target = out.join(format!("{}.safetensors", stem.unwrap_or_default().display()));
        if targets.contains(&target) || same_file(path, &target) {
            return Err(PipelineError::Request(format!(
                "-o {}: {} would be written twice, or over a model; calibrate them one by one",
                out.display(),
                target.display()
            )));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The scores to fit to with their truth, the group of each clip, and clips that could not be read.
fn held_out_scores(
    job: &CalibrateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(Aligned, Vec<u32>, Skips)>, PipelineError> {
    let (run, data) = match &job.by {
        CalibrateBy::Tables { scores, truth } => {
            let (scores, truth) = (ScoreTable::read(scores)?, TruthTable::read(truth)?);
            let clips = Aligned::new(&scores, &truth, UnknownLabels::Refuse)?;
            let groups = (0..clips.files().len() as u32).map(|i| i % GROUPS).collect();
            return Ok(Some((clips, groups, Skips::new())));
        }
        CalibrateBy::Folds { run, data } => (run, data),
    };
    let cross_validation = match (run, job.models.as_slice()) {
        (Some(run), _) => run.clone(),
        (None, [only]) if !fold_runs(Path::new(only))?.is_empty() => only.into(),
        _ => {
            return Err(PipelineError::Request(
                "no scores to calibrate on: give a cross-validation run with --from RUN, or --scores and --truth of clips that the \
                 model was not trained on"
                    .into(),
            ));
        }
    };
    let found = out_of_fold(&cross_validation, data.as_deref(), &job.device, observer, stop)?;
    Ok(match found {
        Some(found) => Some((found.aligned()?, found.folds, found.skipped)),
        None => None,
    })
}

//! Out-of-fold scores to calibrated model files.

use crate::{Observer, PipelineError, Skips, out_of_fold};
use earmark_core::atomic::WriteError;
use earmark_engine::ModelFile;
use earmark_metrics::{
    Aligned, Calibration, CalibrationMethod, CalibrationOptions, CalibrationQuality, ScoreTable, TruthTable,
    UnknownLabels,
};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::{find_models, fold_runs};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Groups that clips of a table are dealt into, one after the other, to tell what calibration is worth.
const GROUPS: u32 = 5;

/// Which scores a calibration is fitted to: of clips that the models did not learn from.
#[derive(Clone, Debug)]
pub enum CalibrateBy {
    /// Those that each fold of a run gives the clips that it keeps.
    Folds {
        /// The run; by default the model, if it is one.
        run: Option<PathBuf>,
        /// The data folder; by default where it was in training.
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

/// Where calibrated models go.
#[derive(Clone, Debug)]
pub enum CalibrateTo {
    /// A file; for several models a folder.
    Path(PathBuf),
    /// They take the place of the models, each in one step.
    InPlace,
}

/// What to calibrate.
#[derive(Clone, Debug)]
pub struct CalibrateJob {
    /// Models: files, RUN, RUN@STEP, or a set of folds, which means the runs in it.
    pub models: Vec<String>,
    /// By which scores.
    pub by: CalibrateBy,
    /// Where they go.
    pub to: CalibrateTo,
    /// For models that name any number of classes.
    pub method: CalibrationMethod,
    /// Classes with fewer clips, or fewer without them, keep their scores.
    pub min_examples: usize,
    /// Device by name.
    pub device: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct CalibratedModels {
    /// What stands in the models now.
    pub calibration: Calibration,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The scores as they were, with thresholds of 0.5.
    pub before: CalibrationQuality,
    /// The scores of each fold, calibrated by the others.
    pub after: CalibrationQuality,
    /// The files.
    pub written: Vec<PathBuf>,
    /// Clips that could not be read.
    pub skipped: Skips,
}

/// Scores with their truth, and what groups them.
struct Basis {
    clips: Aligned,
    groups: Vec<u32>,
    skipped: Skips,
}

/// Fits a calibration and writes it into copies of the models, or into themselves. `None` when stopped.
pub fn calibrate(
    job: &CalibrateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<CalibratedModels>, PipelineError> {
    let mut models = Vec::new();
    for name in &job.models {
        for path in find_models(name)? {
            let file = ModelFile::read(&path)?;
            models.push((path, file));
        }
    }
    let targets = targets(job, &models)?;
    let Some(basis) = basis(job, observer, stop)? else {
        return Ok(None);
    };
    let classes = basis.clips.classes().to_vec();
    let mut single_label = None;
    for (path, file) in &models {
        if file.meta.classes != classes {
            return Err(PipelineError::Request(format!(
                "{}: its classes are not those of the scores; fit it to scores of its own classes, in its own order",
                path.display()
            )));
        }
        let single = Recipe::parse(&file.meta.recipe, path)?
            .train
            .loss
            .is_single_label();
        if single_label.is_some_and(|other| other != single) {
            return Err(PipelineError::Request(format!(
                "{}: names one class a clip and the other models any number, or the other way round; calibrate them one by one",
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
    let before = CalibrationQuality::of(&basis.clips, single_label, |_| &half)?;
    let (crossed, limits) = Calibration::cross_fit(&basis.clips, &basis.groups, options)?;
    let after = CalibrationQuality::of(&crossed, single_label, |clip| limits[clip].as_slice())?;
    let calibration = Calibration::fit(&basis.clips, options)?;
    for ((_, mut file), target) in models.into_iter().zip(&targets) {
        file.meta.calibration = Some(calibration.clone());
        file.save(target)?;
    }
    Ok(Some(CalibratedModels {
        calibration,
        classes,
        before,
        after,
        written: targets,
        skipped: basis.skipped,
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
                "-o {}: is the model itself; name another file, or say --in-place",
                out.display()
            )));
        }
        return Ok(vec![out.clone()]);
    }
    std::fs::create_dir_all(out).map_err(|e| WriteError::new(out, e))?;
    let mut targets: Vec<PathBuf> = Vec::new();
    for (path, _) in models {
        // `runs/cv/fold-1/best.safetensors` becomes `fold-1.safetensors`, a file keeps its name.
        let stem = match path.file_name().filter(|n| *n != "best.safetensors") {
            Some(name) => PathBuf::from(name).with_extension(""),
            None => path
                .parent()
                .and_then(Path::file_name)
                .map_or_else(PathBuf::new, PathBuf::from),
        };
        let target = out.join(format!("{}.safetensors", stem.display()));
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

/// The scores that are fitted to.
fn basis(job: &CalibrateJob, observer: Observer, stop: &AtomicBool) -> Result<Option<Basis>, PipelineError> {
    let (run, data) = match &job.by {
        CalibrateBy::Tables { scores, truth } => {
            let clips = Aligned::new(
                &ScoreTable::read(scores)?,
                &TruthTable::read(truth)?,
                UnknownLabels::Refuse,
            )?;
            let groups = (0..clips.files().len() as u32).map(|i| i % GROUPS).collect();
            return Ok(Some(Basis {
                clips,
                groups,
                skipped: Vec::new(),
            }));
        }
        CalibrateBy::Folds { run, data } => (run, data),
    };
    let set = match (run, job.models.as_slice()) {
        (Some(run), _) => run.clone(),
        (None, [only]) if !fold_runs(Path::new(only))?.is_empty() => only.into(),
        _ => {
            return Err(PipelineError::Request(
                "nothing to calibrate by: give a run of several folds with --from RUN, or --scores and --truth of clips that the \
                 model did not learn from"
                    .into(),
            ));
        }
    };
    let Some(found) = out_of_fold(&set, data.as_deref(), &job.device, observer, stop)? else {
        return Ok(None);
    };
    let width = found.scores.classes().len();
    let truth = found
        .items
        .iter()
        .flat_map(|i| i.multi_hot(width))
        .map(|v| v > 0.0);
    Ok(Some(Basis {
        clips: Aligned::from_rows(found.scores.clone(), truth.collect())?,
        groups: found.folds,
        skipped: found.skipped,
    }))
}

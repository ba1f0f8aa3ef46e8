//! Calibrating models on held-out scores.

use crate::calibration_cautions::calibration_cautions;
use crate::{DataLabels, Event, Observer, PipelineError, Skips, TruthSource, out_of_fold};
use earmark_core::atomic::WriteError;
use earmark_data::{DataOptions, Item};
use earmark_engine::ModelFile;
use earmark_inference::model::ModelSource;
use earmark_metrics::{
    Aligned, Calibration, CalibrationMethod, CalibrationOptions, CalibrationQuality, ScoreTable,
    UnknownLabels,
};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::fold_runs;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Groups that clips without folds are assigned to in turn, to cross-validate the calibration.
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
        /// The labels; a data folder is read as the first model's recipe says, unless the source says how.
        truth: TruthSource,
    },
}

/// Where calibrated models are written.
#[derive(Clone, Debug)]
pub enum CalibrateTo {
    /// A file; for several models a folder.
    Path(PathBuf),
    /// They replace the models, all together.
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
    /// Why the calibration may not fit the models: other recordings or another recipe than those of the folds.
    pub warnings: Vec<String>,
}

/// Fits a calibration and writes it into copies of the models, or into the models themselves. `None` when stopped.
///
/// # Errors
/// Models, data or scores that do not fit together, and files that can't be read or written.
pub fn calibrate(
    job: &CalibrateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<CalibrationResult>, PipelineError> {
    let models = ModelSource::read_all(&job.models)?.into_iter();
    let mut models: Vec<_> = models.map(|model| (model.path, model.file)).collect();
    let targets = targets(&job.to, &models)?;
    let Some((clips, groups, skipped, warnings)) = held_out_scores(job, &models, observer, stop)? else {
        return Ok(None);
    };
    let classes = clips.classes().to_vec();
    check_classes(&models, &classes)?;
    let mut single_label = None;
    for (path, file) in &models {
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
    for (_, file) in &mut models {
        file.meta.calibration = Some(calibration.clone());
    }
    // Folds of which some are calibrated and some are not would be blended without a word.
    let files = models.iter().map(|(_, file)| file);
    let files: Vec<(&Path, &ModelFile)> = targets.iter().map(PathBuf::as_path).zip(files).collect();
    ModelFile::save_together(&files)?;
    Ok(Some(CalibrationResult {
        calibration,
        classes,
        before,
        after,
        written: targets,
        skipped,
        warnings,
    }))
}

/// Refuses scores of other classes than the models have.
pub(crate) fn check_classes(
    models: &[(PathBuf, ModelFile)],
    classes: &[String],
) -> Result<(), PipelineError> {
    let other = models.iter().find(|(_, file)| file.meta.classes != classes);
    let Some((path, _)) = other else {
        return Ok(());
    };
    Err(PipelineError::Request(format!(
        "{}: its classes differ from those of the scores; fit it to scores with its own classes in its own order",
        path.display()
    )))
}

/// The file that each calibrated model is written to.
pub(crate) fn targets(
    to: &CalibrateTo,
    models: &[(PathBuf, ModelFile)],
) -> Result<Vec<PathBuf>, PipelineError> {
    let CalibrateTo::Path(out) = to else {
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

/// The scores to fit to with their truth, the group of each clip, clips that are left out, and why a calibration by them
/// may not fit the models.
type HeldOut = (Aligned, Vec<u32>, Skips, Vec<String>);

/// The scores to fit to. `None` when stopped.
fn held_out_scores(
    job: &CalibrateJob,
    models: &[(PathBuf, ModelFile)],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<HeldOut>, PipelineError> {
    let (run, data) = match &job.by {
        CalibrateBy::Tables { scores, truth } => {
            let truth = read_as_the_model(truth, models)?;
            return Ok(Some(scores_of_tables(scores, &truth, observer)?));
        }
        CalibrateBy::Folds { run, data } => (run, data),
    };
    let run = cross_validation(run.as_deref(), &job.models)?;
    Ok(
        match out_of_fold(&run, data.as_deref(), &job.device, observer, stop)? {
            Some(found) => {
                let warnings = calibration_cautions(&run, &found.items, models)?;
                Some((found.aligned()?, found.folds, found.skipped, warnings))
            }
            None => None,
        },
    )
}

/// The same source; a data folder is read as the first model's recipe reads it, where the source does not say how.
fn read_as_the_model(
    truth: &TruthSource,
    models: &[(PathBuf, ModelFile)],
) -> Result<TruthSource, PipelineError> {
    match (truth, models.first()) {
        (TruthSource::Data(labels), Some((path, file))) if labels.options.is_none() => {
            let data = Recipe::parse(&file.meta.recipe, path)?.data;
            // Which subsets were trained on does not matter here.
            let options = Some(DataOptions {
                subsets: None,
                ..data
            });
            Ok(TruthSource::Data(Box::new(DataLabels {
                options,
                ..labels.as_ref().clone()
            })))
        }
        _ => Ok(truth.clone()),
    }
}

/// The scores of a table.
fn scores_of_tables(
    scores: &Path,
    truth: &TruthSource,
    observer: Observer,
) -> Result<HeldOut, PipelineError> {
    let scores = ScoreTable::read(scores)?;
    let found = truth.read(scores.files())?;
    for note in &found.notes {
        observer(Event::Note(note.clone()));
    }
    for (file, reason) in &found.left_out() {
        observer(Event::Skipped { file, reason });
    }
    let clips = Aligned::new(&scores, &found.truth, UnknownLabels::Refuse)?;
    let groups = cross_fit_groups(&found.items, clips.files().len());
    let because = |files: Vec<String>, reason: &'static str| {
        let files = files.into_iter();
        files.map(move |file| (file, reason.to_owned()))
    };
    let missing = because(found.missing, "has no scores");
    let extra = because(found.extra, "is not in the data folder");
    Ok((clips, groups, missing.chain(extra).collect(), Vec::new()))
}

/// The groups of a cross-fit: the folds of the clips where all have one; else shares of them in turn, with what was recorded together in
/// one.
fn cross_fit_groups(items: &[Item], clips: usize) -> Vec<u32> {
    let folds: Vec<u32> = items.iter().filter_map(|item| item.fold).collect();
    let known: BTreeSet<u32> = folds.iter().copied().collect();
    if folds.len() == clips && known.len() > 1 {
        return folds;
    }
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let mut next = 0;
    let mut in_turn = || {
        next += 1;
        (next - 1) % GROUPS
    };
    let group_of = |clip: usize| match items.get(clip).and_then(|item| item.group.as_deref()) {
        Some(group) => *seen.entry(group).or_insert_with(&mut in_turn),
        None => in_turn(),
    };
    (0..clips).map(group_of).collect()
}

/// The cross-validation run whose out-of-fold scores are used: the given one, or the model, if it is one.
fn cross_validation(run: Option<&Path>, models: &[String]) -> Result<PathBuf, PipelineError> {
    match (run, models) {
        (Some(run), _) => Ok(run.into()),
        (None, [only]) if !fold_runs(Path::new(only))?.is_empty() => Ok(only.into()),
        _ => Err(PipelineError::Request(
            "no scores to calibrate on: give a cross-validation run with --from RUN, or --scores of clips that the model was not \
             trained on, with their labels (--truth, or --data)"
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fold: Option<u32>, group: Option<&str>) -> Item {
        Item {
            fold,
            group: group.map(str::to_owned),
            ..Item::default()
        }
    }

    #[test]
    fn folds_are_the_groups_where_all_clips_have_one() {
        let folds = [item(Some(3), None), item(Some(1), None), item(Some(3), None)];
        assert_eq!(cross_fit_groups(&folds, 3), [3, 1, 3]);
        let one = [item(Some(3), None), item(Some(3), None)];
        assert_eq!(
            cross_fit_groups(&one, 2),
            [0, 1],
            "one fold can't be held out of itself"
        );
        let some = [item(Some(3), None), item(None, None), item(Some(1), None)];
        assert_eq!(cross_fit_groups(&some, 3), [0, 1, 2]);
        assert_eq!(
            cross_fit_groups(&[], 7),
            [0, 1, 2, 3, 4, 0, 1],
            "a table knows no folds"
        );
    }

    #[test]
    fn what_was_recorded_together_is_in_one_group() {
        let items = [Some("a"), None, Some("b"), Some("a"), None].map(|group| item(None, group));
        assert_eq!(cross_fit_groups(&items, 5), [0, 1, 2, 0, 3]);
    }
}

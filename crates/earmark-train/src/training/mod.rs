//! Recipe and data folder to a run directory: plan, lock the folder, prepare, write what describes the run, fit.

mod cannot_resume;
mod class_weights_from_counts;
mod data_notes;
mod estimate;
mod fit_run;
mod fit_scaler_on_clips;
mod initial_weights;
mod lengthen;
mod plan_without_audio;
mod prepare;
mod prepare_clips;
mod resume_check;
mod run_json_and_log;
mod teachers;
mod validate_while_training;

pub(crate) use cannot_resume::cannot_resume;
pub(crate) use class_weights_from_counts::{describe_class_weights, named_class_weights, with_class_weights};
pub use estimate::{Estimate, estimate};
pub(crate) use fit_run::{fit_run, model_meta};
pub(crate) use initial_weights::classifier_variables;
pub(crate) use lengthen::is_longer;
pub use plan_without_audio::{TrainPlan, plan};
pub(crate) use prepare_clips::{add_damaged, damaged_in, prepare_clips};
pub use run_json_and_log::describe_validation;
pub(crate) use run_json_and_log::{data_info, log_command, started_now};

use crate::{DataSplit, Event, Observer, PipelineError, Skips, SplitTable, split};
use data_notes::data_notes;
use earmark_data::DataSet;
use earmark_data::dataset::Corrected;
use earmark_engine::{FitJob, FitOutcome, ParameterPrefixes};
use earmark_inference::Device;
use earmark_inference::data::open_for_training;
use earmark_recipe::Recipe;
use earmark_runs::experiment_log::TrainingHistory;
use earmark_runs::run_dir::{RunDir, RunLog, keep_corrections, kept_corrections};
use earmark_runs::warnings::{Remedies, RunWarning};
use initial_weights::InitialNetwork;
use lengthen::lengthen;
use prepare::Prepared;
use resume_check::{check_same_data, check_same_job};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use teachers::Teachers;

/// A training.
#[derive(Clone, Debug)]
pub struct TrainJob {
    /// The recipe.
    pub recipe: Recipe,
    /// The data folder.
    pub data: PathBuf,
    /// The run directory.
    pub run: PathBuf,
    /// The test fold: held out, and evaluated after training.
    pub fold: Option<u32>,
    /// A fold table, if the data has no folds or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// A model whose weights the training starts from: file, RUN or RUN@STEP.
    pub init_from: Option<String>,
    /// Which of its weights are transferred.
    pub prefixes: ParameterPrefixes,
    /// Resume the run, if there is one.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

impl TrainJob {
    /// A new training on the CPU of everything that the recipe trains on, with its own initial weights.
    pub fn new(recipe: Recipe, data: impl Into<PathBuf>, run: impl Into<PathBuf>) -> Self {
        Self {
            recipe,
            data: data.into(),
            run: run.into(),
            fold: None,
            fold_table: None,
            init_from: None,
            prefixes: ParameterPrefixes::default(),
            resume: false,
            device: "cpu".into(),
            command: Vec::new(),
        }
    }
}

/// The result of a training.
#[derive(Clone, Debug)]
pub struct TrainResult {
    /// How training ended.
    pub outcome: FitOutcome,
    /// Clips left out.
    pub skipped: Skips,
    /// Clips that are used though a part of them is missing, with what.
    pub damaged: Skips,
    /// What is bad about the training or its best validation; none of an interrupted one.
    pub warnings: Vec<RunWarning>,
    /// The run directory.
    pub run: PathBuf,
}

/// Trains. Clips that can't be read are named, left out and listed in the result; they are not trained on.
///
/// # Errors
///
/// When recipe, data, run directory or initial weights do not fit together; then no run is left behind. Later, when the
/// disk fails or training diverges.
pub fn train(job: &TrainJob, observer: Observer, stop: &AtomicBool) -> Result<TrainResult, PipelineError> {
    let job = &with_kept_corrections(job);
    let (recipe, run) = (&job.recipe, &job.run);
    let device = Device::named(&job.device)?;
    let planned = Planned::read(job, observer)?;
    let resumed = resumed_run(job)?;
    let _lock = RunDir::lock_folder(run, resumed.is_some())?;
    let start = InitialNetwork::build(job, &planned, resumed.as_ref(), &device)?;
    let prepared = Prepared::make(job, planned, start, resumed.as_ref(), observer, stop)?;
    let Planned { data, split, noisy } = &prepared.planned;

    // The files that describe the run.
    let (table, mut longer) = (SplitTable::of(split), None);
    if let Some(run) = &resumed {
        check_same_data(run, &prepared.info, &table)?;
        longer = lengthen(run, job, &prepared.info)?;
    } else {
        table.write(run)?;
        keep_corrections(run, data)?;
        if let Some(taught) = &prepared.taught {
            taught.scores.write(run)?;
        }
        RunDir::create(run, &recipe.to_toml(), &data.classes, &prepared.info)?;
    }
    let log = RunLog::open(run)?;
    let what = if resumed.is_some() { "resume" } else { "train" };
    log_command(&log, what, &job.command);
    report(recipe, &prepared, &log, observer);
    if let Some(note) = longer {
        log.line(&note);
        observer(Event::Note(note));
    }

    let fit = FitJob {
        train: &prepared.train,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        network: &prepared.start.network,
        vars: prepared.start.vars.clone(),
        batches: prepared.batches.clone(),
        unmixed: prepared.unmixed.clone(),
        noisy: noisy.clone(),
        validate: prepared.validate(recipe, &device, stop)?,
        meta: model_meta(recipe.to_toml(), recipe.licence.clone(), &data.classes),
        run,
        resume: resumed.is_some(),
        device: device.burn().clone(),
        stop,
    };
    let outcome = fit_run(fit, &log, observer)?;
    let warnings = match outcome.interrupted {
        true => Vec::new(),
        false => {
            // The command that resumes need not say what the run began with.
            let info = resumed.as_ref().map_or(&prepared.info, |run| &run.info);
            let remedies = Remedies::of_audio(recipe, info.init_from.is_some());
            TrainingHistory::read(run).warnings(&recipe.train, outcome.stopped_early.is_some(), remedies)
        }
    };
    warnings
        .iter()
        .for_each(|warning| log.line(&format!("caution: {warning}")));
    Ok(TrainResult {
        outcome,
        warnings,
        skipped: prepared.info.data.skipped,
        damaged: prepared.info.data.damaged,
        run: run.clone(),
    })
}

/// The data of a job, split into training, validation and test clips.
struct Planned {
    data: DataSet,
    split: DataSplit,
    /// For each training clip, whether its labels are noisy.
    noisy: Vec<bool>,
}

impl Planned {
    fn read(job: &TrainJob, observer: Observer) -> Result<Self, PipelineError> {
        let data = open_for_training(&job.recipe, &job.data, observer)?;
        let split = split(&job.recipe, &data, job.fold, job.fold_table.as_deref())?;
        let noisy = prepare_clips::noisy_clips(&job.recipe, &split.train)?;
        // Class weights of unknown classes are refused before any audio is read.
        with_class_weights(&job.recipe.train, data.classes.names(), &split.train)?;
        Ok(Self { data, split, noisy })
    }
}

/// A job that reads the corrections that its run or cross-validation run keeps, if it resumes one.
pub(crate) fn with_kept_corrections(job: &TrainJob) -> TrainJob {
    let mut job = job.clone();
    if let Some(kept) = kept_corrections(&job.run).filter(|_| job.resume) {
        job.recipe.data.kept_corrections = Some(kept);
    }
    job
}

/// The run that a job resumes, if there is one; a run that started with other settings is refused.
pub(crate) fn resumed_run(job: &TrainJob) -> Result<Option<RunDir>, PipelineError> {
    if !job.resume || !job.run.join("run.json").exists() {
        return Ok(None);
    }
    let run = RunDir::open(&job.run)?;
    check_same_job(&run, job)?;
    Ok(Some(run))
}

/// Refuses a training whose teachers (`train.distil`) it can't have, which is found without reading audio. One that is
/// resumed needs none where their scores are kept.
pub(crate) fn check_teachers(job: &TrainJob, data: &DataSet) -> Result<(), PipelineError> {
    if job.recipe.train.distil.is_none() {
        return Ok(());
    }
    let planned = Planned {
        data: data.clone(),
        split: split(&job.recipe, data, job.fold, job.fold_table.as_deref())?,
        noisy: Vec::new(),
    };
    Teachers::of(job, &planned, resumed_run(job)?.as_ref())?;
    Ok(())
}

/// Reports to log and observer what is trained on and what was left out.
fn report(recipe: &Recipe, prepared: &Prepared, log: &RunLog, observer: Observer) {
    let (planned, start) = (&prepared.planned, &prepared.start);
    for (file, reason) in &prepared.info.data.skipped {
        log.line(&format!("left out {file}: {reason}"));
        observer(Event::Skipped { file, reason });
    }
    // They were named when they were read.
    for (file, what) in &prepared.info.data.damaged {
        log.line(&format!("damaged {file}: {what}"));
    }
    // The observer has these from when the data was read.
    for line in planned.data.lines() {
        log.line(&line);
    }
    let note = |text: String| {
        log.line(&text);
        observer(Event::Note(text));
    };
    unused_corrections(&planned.data, recipe)
        .into_iter()
        .for_each(note);
    data_notes(recipe, &planned.data, &planned.split)
        .into_iter()
        .for_each(note);
    let notes = prepared.notes.iter().chain(&start.transferred);
    notes.cloned().for_each(note);
    if !start.transferred.is_empty() {
        log.line(&format!("transferred: {}", start.transfer.variables.join(", ")));
    }
    if recipe.train.is_partial() {
        recipe.train.describe_phases().into_iter().for_each(note);
    }
    let weights = describe_class_weights(&prepared.train.loss, planned.data.classes.names());
    weights.into_iter().for_each(note);
    if planned.split.validation.is_empty() {
        let empty = recipe.validation.split.describe_empty();
        empty.into_iter().for_each(note);
    }
    if planned.split.optimistic {
        note(
            "the test fold drives this training (validation.split = test-fold): its scores there are \
             optimistic"
                .into(),
        );
    }
}

/// The files of corrections that are not used, one line each. Those that are used are noted by the data.
fn unused_corrections(data: &DataSet, recipe: &Recipe) -> Vec<String> {
    let unused = data.corrected.iter().filter(|corrected| corrected.passed_over);
    let subsets = recipe.data.subsets.as_deref().unwrap_or_default().join(", ");
    let line = |corrected: &Corrected| {
        format!(
            "{}: not used, because data.subsets ({subsets}) leaves out the subset {:?}",
            corrected.file.display(),
            corrected.subset
        )
    };
    unused.map(line).collect()
}

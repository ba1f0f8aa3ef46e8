//! Recipe and data folder to a run directory: plan, open the run, prepare, fit, finish.

mod class_weights;
mod clips;
mod estimate;
mod fit_run;
mod initial_weights;
mod log;
mod plan;
mod prepare;
mod resume_check;
mod scaler;
mod segment_shape;
mod validation;

pub(crate) use class_weights::{describe_class_weights, named_class_weights, with_class_weights};
pub(crate) use clips::prepare_features;
pub use estimate::{Estimate, estimate};
pub(crate) use fit_run::{FitRun, fit_run};
pub(crate) use initial_weights::classifier_variables;
pub use log::describe_validation;
pub(crate) use log::{RunFacts, log_command, run_info};
pub use plan::{TrainPlan, plan};
pub(crate) use resume_check::check_same_job;

use crate::{ClipRoles, Event, Observer, PipelineError, Skips, split};
use earmark_data::DataSet;
use earmark_engine::{FitOutcome, ParameterPrefixes};
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_recipe::Recipe;
use earmark_report::human_amount;
use earmark_runs::clip_roles::DataSplit;
use earmark_runs::run_dir::{RunDir, RunLock, RunLog};
use initial_weights::InitialNetwork;
use prepare::Prepared;
use resume_check::check_same_data;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

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
    /// The run directory.
    pub run: PathBuf,
}

/// Trains. Clips that can't be read are named, left out and listed in the result; they are not trained on.
///
/// # Errors
///
/// When recipe, data, run directory or initial weights do not fit together; then no run is left behind. Later, when the disk fails or
/// training diverges.
pub fn train(job: &TrainJob, observer: Observer, stop: &AtomicBool) -> Result<TrainResult, PipelineError> {
    let device = Device::named(&job.device)?;
    let planned = Planned::read(job)?;
    let opened = OpenedRun::open(job)?;
    let network = InitialNetwork::build(job, &planned, opened.run.as_ref(), &device)?;
    let prepared = Prepared::make(job, planned, network, observer, stop)?;
    let run = opened.begin(job, &prepared)?;
    run.report(job, &prepared, observer);
    run.fit(job, prepared, &device, observer, stop)
}

/// The data of a job, split into training, validation and test clips.
struct Planned {
    data: DataSet,
    split: DataSplit,
    /// For each training clip, whether its labels are noisy.
    noisy: Vec<bool>,
}

impl Planned {
    fn read(job: &TrainJob) -> Result<Self, PipelineError> {
        let data = open_data(&job.recipe, &job.data)?;
        let split = split(&job.recipe, &data, job.fold, job.fold_table.as_deref())?;
        let noisy = clips::noisy_clips(&job.recipe, &split.train)?;
        // Class weights of unknown classes are refused before any audio is read.
        with_class_weights(&job.recipe.train, data.classes.names(), &split.train)?;
        Ok(Self { data, split, noisy })
    }
}

/// A locked run directory, and the run in it if it is resumed.
struct OpenedRun {
    run: Option<RunDir>,
    lock: RunLock,
}

impl OpenedRun {
    fn open(job: &TrainJob) -> Result<Self, PipelineError> {
        let run = match job.resume && job.run.join("run.json").exists() {
            true => {
                let run = RunDir::open(&job.run)?;
                check_same_job(&run, job)?;
                Some(run)
            }
            false => {
                RunDir::check_free(&job.run)?;
                None
            }
        };
        let lock = RunLock::take(&job.run)?;
        if run.is_none() {
            // Another training may have started and ended here since.
            RunDir::check_free(&job.run)?;
        }
        Ok(Self { run, lock })
    }

    /// Writes the files that describe the run, or checks that a resumed run is trained on the same clips.
    fn begin(self, job: &TrainJob, prepared: &Prepared) -> Result<BegunRun, PipelineError> {
        let planned = &prepared.planned;
        let roles = ClipRoles::of(&planned.split);
        let resume = self.run.is_some();
        let run = match self.run {
            Some(run) => {
                check_same_data(&run, &prepared.info, &roles)?;
                run
            }
            None => {
                roles.write(&job.run)?;
                RunDir::create(&job.run, &job.recipe, &planned.data.classes, &prepared.info)?
            }
        };
        Ok(BegunRun {
            log: RunLog::open(&run.path)?,
            run,
            resume,
            _lock: self.lock,
        })
    }
}

/// A run directory with its describing files, and its log.
struct BegunRun {
    run: RunDir,
    log: RunLog,
    resume: bool,
    _lock: RunLock,
}

impl BegunRun {
    /// Reports to log and observer what is trained on and what was left out.
    fn report(&self, job: &TrainJob, prepared: &Prepared, observer: Observer) {
        let planned = &prepared.planned;
        let (log, recipe) = (&self.log, &job.recipe);
        log_command(log, if self.resume { "resume" } else { "train" }, &job.command);
        for (file, reason) in &prepared.skipped {
            log.line(&format!("left out {file}: {reason}"));
            observer(Event::Skipped { file, reason });
        }
        let note = |text: String| {
            log.line(&text);
            observer(Event::Note(text));
        };
        for line in describe_corrections(&planned.data, recipe) {
            note(line);
        }
        prepared.notes.iter().cloned().for_each(note);
        for line in &prepared.transferred {
            note(line.clone());
        }
        if !prepared.transferred.is_empty() {
            log.line(&format!(
                "transferred: {}",
                prepared.transfer.variables.join(", ")
            ));
        }
        if recipe.train.is_partial() {
            recipe.train.describe_phases().into_iter().for_each(note);
        }
        let classes = planned.data.classes.names();
        describe_class_weights(&prepared.train.loss, classes)
            .into_iter()
            .for_each(note);
        if planned.split.optimistic {
            note("the test fold drives this training (validation.split = test-fold): its scores there are optimistic".into());
        }
    }

    /// Trains to the end, or until it is stopped.
    fn fit(
        self,
        job: &TrainJob,
        prepared: Prepared,
        device: &Device,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<TrainResult, PipelineError> {
        let (recipe, planned) = (&job.recipe, &prepared.planned);
        let validate = prepared.validation(recipe, device, planned.data.classes.names(), stop)?;
        let outcome = fit_run(
            FitRun {
                train: &prepared.train,
                validation: &recipe.validation,
                checkpoints: &recipe.checkpoints,
                recipe: recipe.to_toml(),
                licence: recipe.licence.clone(),
                classes: &planned.data.classes,
                network: &prepared.network,
                vars: prepared.vars.clone(),
                batches: prepared.batches.clone(),
                unmixed: prepared.unmixed.clone(),
                noisy: planned.noisy.clone(),
                validate,
                resume: self.resume,
                run: &self.run.path,
                device,
            },
            &self.log,
            observer,
            stop,
        )?;
        Ok(TrainResult {
            outcome,
            skipped: prepared.skipped,
            run: self.run.path,
        })
    }
}

/// The effect of label corrections, one line per file of them.
fn describe_corrections(data: &DataSet, recipe: &Recipe) -> Vec<String> {
    let line = |c: &earmark_data::dataset::Corrected| match c.passed_over {
        true => format!(
            "{}: not used, because data.subsets ({}) leaves out the subset {:?}",
            c.file.display(),
            recipe.data.subsets.as_deref().unwrap_or_default().join(", "),
            c.subset
        ),
        false => format!(
            "{}: {} of the subset {} left out, {} relabelled",
            c.file.display(),
            human_amount(c.removed, "clip", "clips"),
            c.subset,
            c.labelled
        ),
    };
    data.corrected.iter().map(line).collect()
}

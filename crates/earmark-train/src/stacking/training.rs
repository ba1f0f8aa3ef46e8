//! Training a stacked network per fold, by the same loop as any other.

use super::evaluation::{evaluate_rows, evaluate_with};
use super::stack_inputs::StackInputs;
use crate::cross_validation::{CrossValidationReport, FoldResult, evaluate_own_fold, write_report};
use crate::training::{
    FitRun, RunFacts, describe_class_weights, fit_run, log_command, named_class_weights, run_info,
    with_class_weights,
};
use crate::validation_split::{ValidationSplitter, stratify};
use crate::{ClipRoles, CrossValidationResult, DataSplit, Event, Observer, PipelineError};
use earmark_core::random::ChaCha8Rng;
use earmark_core::threads::Workers;
use earmark_data::batches::{BatchShape, SegmentIndex, SegmentPlace};
use earmark_data::{BatchMaker, Item};
use earmark_engine::evaluation::EvaluationError;
use earmark_engine::{FitOutcome, RowScorer, Validate};
use earmark_inference::Device;
use earmark_models::{Network, Vars};
use earmark_recipe::StackRecipe;
use earmark_report::human_amount;
use earmark_runs::run_dir::{RunDir, RunInfo, RunLock, RunLog, fold_run};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stacked training.
#[derive(Clone, Debug)]
pub struct StackJob {
    /// The recipe; its `stack.inputs` name the cross-validation runs whose scores are the input.
    pub recipe: StackRecipe,
    /// The data folder with the clips' labels; default: that of the first input's training.
    pub data: Option<PathBuf>,
    /// The folder of its runs, one per fold.
    pub run: PathBuf,
    /// Resume what is there.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// Trains a stacked network for each fold of the inputs, each into `fold-K` of the run directory, evaluates the best weights of each on
/// its test fold, and writes `folds.json`. With `job.resume`, finished folds are skipped and an unfinished one is resumed.
pub fn train_stack(
    job: &StackJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<CrossValidationResult, PipelineError> {
    if job.run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder with --run",
            job.run.display()
        )));
    }
    let _lock = RunDir::lock_folder(&job.run, job.resume)?;
    let sets: Vec<PathBuf> = job.recipe.stack.inputs.iter().map(PathBuf::from).collect();
    let mut done = CrossValidationResult {
        report: None,
        folds: Vec::new(),
        skipped: Vec::new(),
    };
    let Some(inputs) = StackInputs::read(&sets, job.data.as_deref(), &job.device, observer, stop)? else {
        return Ok(done);
    };
    let inputs = Arc::new(inputs);
    done.folds = inputs.fold_numbers();
    done.skipped.clone_from(&inputs.skipped);
    refuse_unfit(job, &inputs, &done.folds)?;
    for (k, &fold) in done.folds.iter().enumerate() {
        observer(Event::Note(format!(
            "fold {fold}, {} of {}",
            k + 1,
            done.folds.len()
        )));
        let path = fold_run(&job.run, fold);
        let outcome = train_fold(job, &inputs, fold, &path, observer, stop)?;
        if outcome.interrupted {
            return Ok(done);
        }
        let run = RunDir::<StackRecipe>::open_as(&path)?;
        let own = evaluate_own_fold(&path, &inputs.data.root, &job.device);
        if evaluate_with(&own, &run, &inputs, observer, stop)?.interrupted {
            return Ok(done);
        }
    }
    let mut results = Vec::new();
    for &fold in &done.folds {
        results.push(FoldResult::read(&job.run, fold, &inputs.data)?);
    }
    let report = CrossValidationReport::of(&job.recipe.name, results)?;
    write_report(&job.run, &report)?;
    done.report = Some(report);
    Ok(done)
}

/// Refuses a training that these clips do not allow.
fn refuse_unfit(job: &StackJob, inputs: &StackInputs, folds: &[u32]) -> Result<(), PipelineError> {
    if folds.len() < 2 {
        return Err(PipelineError::Request(format!(
            "the inputs have {}; stacking needs at least 2 (earmark train ... --folds all)",
            human_amount(folds.len(), "fold", "folds")
        )));
    }
    let several = |i: &&Item| i.labels.len() != 1;
    if job.recipe.train.loss.is_single_label()
        && let Some(item) = inputs.items.iter().find(several)
    {
        return Err(PipelineError::Request(format!(
            "train.loss: softmax-cross-entropy needs exactly one label per clip, and {} has {}; choose sigmoid-cross-entropy",
            item.file,
            item.labels.len()
        )));
    }
    Ok(())
}

/// Trains the network whose test fold is `fold`, or resumes it.
fn train_fold(
    job: &StackJob,
    inputs: &Arc<StackInputs>,
    fold: u32,
    path: &Path,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<FitOutcome, PipelineError> {
    let (recipe, classes) = (&job.recipe, &inputs.classes);
    let split = split_clips(recipe, inputs, fold)?;
    let train = with_class_weights(&recipe.train, classes.names(), &split.train)?;
    let batches = batches(recipe, inputs, &split.train)?;
    let mut info = run_info(RunFacts {
        data: &inputs.data,
        split: &split,
        root: &inputs.data.root,
        fingerprint: inputs.fingerprint.clone(),
        fold: Some(fold),
        skipped: &inputs.skipped,
        command: &job.command,
        device: &job.device,
        seed: recipe.train.seed,
        steps: train.total_steps(batches.batches_per_epoch()),
    });
    info.optimistic |= inputs.optimistic;
    info.class_weights = named_class_weights(&train.loss, classes.names());
    let roles = ClipRoles::of(&split);
    let resume = job.resume && path.join("run.json").exists();
    if resume {
        check_same(path, recipe, &info, &roles)?;
    } else {
        RunDir::check_free(path)?;
    }
    let _lock = RunLock::take(path)?;
    let device = Device::named(&job.device)?;
    let (network, specs) = Network::build(&recipe.network, inputs.features(), classes.len())?;
    let vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
    if !resume {
        roles.write(path)?;
        RunDir::create(path, recipe, classes, &info)?;
    }
    let log = RunLog::open(path)?;
    log_command(&log, if resume { "resume" } else { "stack" }, &job.command);
    let optimistic = info.optimistic.then(|| {
        "clips of the test fold drove this training or one of its inputs: its scores there are optimistic"
            .to_owned()
    });
    for line in optimistic
        .into_iter()
        .chain(describe_class_weights(&train.loss, classes.names()))
    {
        log.line(&line);
        observer(Event::Note(line));
    }
    let run = FitRun {
        train: &train,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        recipe: recipe.to_toml(),
        licence: recipe.licence.clone(),
        classes,
        network: &network,
        vars,
        batches: Arc::new(batches),
        unmixed: None,
        noisy: Vec::new(),
        validate: validate(recipe, &network, inputs, split.validation, device.burn(), stop),
        resume,
        run: path,
        device: &device,
    };
    fit_run(run, &log, observer, stop)
}

/// The test clips are those of the fold; training and validation clips are those of the others.
fn split_clips(recipe: &StackRecipe, inputs: &StackInputs, fold: u32) -> Result<DataSplit, PipelineError> {
    let of = |own: bool| -> Vec<Item> {
        let items = inputs.items.iter().zip(&inputs.folds);
        items
            .filter(|(_, f)| (**f == fold) == own)
            .map(|(item, _)| item.clone())
            .collect()
    };
    let splitter = ValidationSplitter {
        split: recipe.validation.split,
        seed: recipe.train.seed,
        stratify: stratify(&inputs.data),
        has_fold: true,
    };
    splitter.split(of(false), of(true))
}

/// The batches; a clip is one row, the mean over some of its segments.
fn batches(
    recipe: &StackRecipe,
    inputs: &Arc<StackInputs>,
    items: &[Item],
) -> Result<BatchMaker, PipelineError> {
    let index = inputs.index();
    let places: Vec<usize> = items.iter().map(|item| index[item.file.as_str()]).collect();
    let (subset, inputs) = (recipe.stack.subset, Arc::clone(inputs));
    let shape = BatchShape {
        segment: [inputs.features(), 1, 1],
        classes: inputs.classes.len(),
    };
    Ok(BatchMaker::new(
        &recipe.batches,
        SegmentIndex::new(&vec![1; places.len()]),
        shape,
        recipe.train.seed,
        Workers::new(0)?,
        move |place: SegmentPlace, x: &mut [f32], y: &mut [f32], rng: &mut ChaCha8Rng| {
            let item = places[place.clip as usize];
            x.copy_from_slice(&inputs.drawn_row(item, &subset, rng));
            inputs.items[item].labels.iter().for_each(|&label| y[label] = 1.0);
            Ok(())
        },
    )?)
}

/// Evaluates weights during training; `None` if there are no validation clips.
fn validate<'a>(
    recipe: &'a StackRecipe,
    network: &'a Network,
    inputs: &'a StackInputs,
    items: Vec<Item>,
    device: &burn::tensor::Device,
    stop: &'a AtomicBool,
) -> Option<Box<Validate<'a>>> {
    if items.is_empty() {
        return None;
    }
    let device = device.clone();
    Some(Box::new(move |vars: &Vars| {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let scorer = RowScorer {
            network: network.clone(),
            vars: vars.clone(),
            loss: recipe.train.loss.clone(),
            features: inputs.features(),
            batch: recipe.batches.size,
            device: device.clone(),
        };
        let evaluation = evaluate_rows(&scorer, inputs, &items).map_err(EvaluationError::from)?;
        Ok(Some(evaluation.report))
    }))
}

/// A run may only be resumed with the recipe, inputs and clips that it started with.
fn check_same(
    path: &Path,
    recipe: &StackRecipe,
    info: &RunInfo,
    roles: &ClipRoles,
) -> Result<(), PipelineError> {
    let run = RunDir::<StackRecipe>::open_as(path)?;
    let mut same = recipe.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    let what = if same != run.recipe {
        "the recipe or the list of inputs has changed since the run started"
    } else if run.info.data.fingerprint != info.data.fingerprint {
        "an input or the data has changed since the run started"
    } else if ClipRoles::read(path)?.is_some_and(|then| then != *roles) {
        "the clips to train on or to evaluate differ from when it started"
    } else {
        return Ok(());
    };
    Err(PipelineError::Request(format!(
        "{}: cannot resume: {what}; start a new run in another folder",
        path.display()
    )))
}

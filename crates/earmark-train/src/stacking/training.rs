//! Training a stacked network per fold, by the same loop as any other.

use super::evaluation::{evaluate_rows, evaluate_with};
use super::stack_inputs::StackInputs;
use crate::cross_validation::{evaluate_own_fold, lock, train_each};
use crate::training::{
    cannot_resume, data_info, describe_class_weights, fit_run, log_command, model_meta, named_class_weights,
    started_now, with_class_weights,
};
use crate::validation_split::{ValidationSplitter, distinct, stratify};
use crate::{CrossValidationResult, DataSplit, Event, Observer, PipelineError, SplitTable};
use earmark_core::human::human_amount;
use earmark_core::random::ChaCha8Rng;
use earmark_core::threads::Workers;
use earmark_data::batches::{BatchShape, Sampler, SegmentIndex, SegmentPlace};
use earmark_data::{BatchMaker, Item};
use earmark_engine::evaluation::EvaluationError;
use earmark_engine::{FitJob, FitOutcome, RowScorer, Validate};
use earmark_inference::Device;
use earmark_models::{Network, Vars};
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::{
    DataInfo, RunDir, RunInfo, RunLog, corrections_checksums, keep_corrections, kept_corrections,
};
use std::collections::BTreeMap;
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

/// Trains a stacked network for each fold of the inputs, each into `fold-K` of the run directory, evaluates the best
/// weights of each on its test fold, and writes `folds.json`. With `job.resume`, finished folds are skipped and an
/// unfinished one is resumed.
pub fn train_stack(
    job: &StackJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<CrossValidationResult, PipelineError> {
    let _lock = lock(&job.run, job.resume, "")?;
    let mut stack = job.recipe.stack.clone();
    if job.resume {
        stack.kept_corrections = kept_corrections(&job.run);
    }
    let (sets, data) = (stack.inputs.iter().map(PathBuf::from), job.data.as_deref());
    let sets: Vec<PathBuf> = sets.collect();
    let Some(inputs) = StackInputs::read(&sets, &stack, data, &job.device, observer, stop)? else {
        return Ok(CrossValidationResult {
            interrupted: true,
            ..CrossValidationResult::default()
        });
    };
    if stack.corrections.is_some() {
        observer(Event::Data(&inputs.data.lines()));
    }
    let inputs = Arc::new(inputs);
    let folds = distinct(&inputs.folds);
    refuse_unfit(job, &inputs, &folds)?;
    let one = |fold: u32, path: &Path, _: &mut CrossValidationResult| -> Result<bool, PipelineError> {
        if train_fold(job, &inputs, fold, path, observer, stop)?.interrupted {
            return Ok(false);
        }
        let own = evaluate_own_fold(path, &inputs.data.root, &job.device);
        let evaluation = evaluate_with(&own, &RunDir::open_stacked(path)?, &inputs, observer, stop)?;
        Ok(!evaluation.interrupted)
    };
    let mut done = train_each(&job.run, &job.recipe.name, &inputs.data, folds, observer, one)?;
    done.skipped.clone_from(&inputs.skipped);
    done.damaged.clone_from(&inputs.damaged);
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
            "train.loss: softmax-cross-entropy needs exactly one label per clip, and {} has {}; choose \
             sigmoid-cross-entropy",
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
    let (data, fingerprint, skipped) = (&inputs.data, inputs.fingerprint.clone(), inputs.skipped.clone());
    let table = SplitTable::of(&split);
    let info = RunInfo {
        data: DataInfo {
            damaged: inputs.damaged.clone(),
            damaged_files: Some(inputs.damaged_files),
            split_checksum: Some(table.checksum()),
            corrections: match recipe.stack.corrections {
                Some(_) => corrections_checksums(data),
                None => BTreeMap::new(),
            },
            ..data_info(data, &split, &data.root, fingerprint, Some(fold), skipped)
        },
        steps: Some(train.total_steps(batches.batches_per_epoch())),
        optimistic: split.optimistic || inputs.optimistic,
        class_weights: named_class_weights(&train.loss, classes.names()),
        ..started_now(&job.command, recipe.train.seed, &job.device)
    };
    let resume = job.resume && path.join("run.json").exists();
    if resume {
        check_same(path, recipe, &info, &table)?;
    }
    let _lock = RunDir::lock_folder(path, resume)?;
    let device = Device::named(&job.device)?;
    let (network, specs) = Network::build(&recipe.network, inputs.features(), classes.len())?;
    let vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
    if !resume {
        table.write(path)?;
        if recipe.stack.corrections.is_some() {
            keep_corrections(path, data)?;
        }
        RunDir::create(path, &recipe.to_toml(), classes, &info)?;
    }
    let log = RunLog::open(path)?;
    log_command(&log, if resume { "resume" } else { "stack" }, &job.command);
    let optimistic =
        "clips of the test fold drove this training or one of its inputs: its scores there are optimistic";
    let optimistic = info.optimistic.then(|| optimistic.to_owned());
    let weights = describe_class_weights(&train.loss, classes.names());
    let empty = recipe.validation.split.describe_empty();
    let empty = empty.filter(|_| split.validation.is_empty());
    for line in optimistic.into_iter().chain(weights).chain(empty) {
        log.line(&line);
        observer(Event::Note(line));
    }
    let fit = FitJob {
        train: &train,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        network: &network,
        vars,
        batches: Arc::new(batches),
        unmixed: None,
        noisy: Vec::new(),
        validate: validate(recipe, &network, inputs, split.validation, device.burn(), stop),
        meta: model_meta(recipe.to_toml(), recipe.licence.clone(), classes),
        run: path,
        resume,
        device: device.burn().clone(),
        stop,
    };
    fit_run(fit, &log, observer)
}

/// The test clips are those of the fold; training and validation clips are those of the others.
fn split_clips(recipe: &StackRecipe, inputs: &StackInputs, fold: u32) -> Result<DataSplit, PipelineError> {
    let of = |own: bool| -> Vec<Item> {
        let items = inputs.items.iter().zip(&inputs.folds);
        let items = items.filter(|(_, f)| (**f == fold) == own);
        items.map(|(item, _)| item.clone()).collect()
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
    let counts = vec![1; places.len()];
    let sample = recipe.batches.sample.as_ref();
    let sampler = sample.map(|sample| Sampler::new(sample, items, &counts));
    let (subset, inputs) = (recipe.stack.subset, Arc::clone(inputs));
    let shape = BatchShape {
        segment: [inputs.features(), 1, 1],
        classes: inputs.classes.len(),
    };
    Ok(BatchMaker::new(
        &recipe.batches,
        SegmentIndex::new(&counts).with_sampler(sampler.transpose()?),
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
    table: &SplitTable,
) -> Result<(), PipelineError> {
    let run = RunDir::open_stacked(path)?;
    let mut same = recipe.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    let kept = &run.recipe.stack.kept_corrections;
    same.stack.kept_corrections.clone_from(kept);
    let what = if same != run.recipe {
        "the recipe or the list of inputs has changed since the run started"
    } else if run.info.data.fingerprint != info.data.fingerprint {
        "an input or the data has changed since the run started"
    } else if SplitTable::read(path)?.is_some_and(|then| then != *table) {
        "the clips to train on or to evaluate differ from when it started"
    } else {
        return Ok(());
    };
    cannot_resume(path, what)
}

//! Training the second level, fold after fold, by the same loop as the first.

use super::inputs::{Inputs, gather};
use super::judge::{evaluate_with, judged};
use crate::REVISION;
use crate::class_weights::{self, weigh_classes};
use crate::folds::{judge_own_fold, write_report};
use crate::folds_report::{FoldResult, FoldsReport};
use crate::split::{Division, stratify};
use crate::told::log_fit;
use crate::{Event, Observer, Parts, PipelineError, Roles, TrainedFolds};
use earmark_core::VERSION;
use earmark_core::atomic::{self, WriteError};
use earmark_core::threads::Workers;
use earmark_data::batches::ExampleIndex;
use earmark_data::{BatchMaker, Item};
use earmark_engine::evaluation::EvaluationError;
use earmark_engine::{FORMAT, FitJob, FitOutcome, ModelMeta, ParameterPrefixes, RowScorer, Validate, fit};
use earmark_inference::Device;
use earmark_models::{Network, Vars};
use earmark_recipe::StackRecipe;
use earmark_report::human_amount;
use earmark_runs::run_dir::{DataInfo, Log, RunDir, RunInfo, RunLock, fold_run, now};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to train.
#[derive(Clone, Debug)]
pub struct TrainStack {
    /// The system; its `stack.inputs` name the first-level runs.
    pub recipe: StackRecipe,
    /// Where the clips' labels are; default: where they were in the training of the first input.
    pub data: Option<PathBuf>,
    /// The folder of its runs, one a fold.
    pub run: PathBuf,
    /// Go on with what is there.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// Trains a second-level network for each fold of the inputs, each into `fold-K` of the run directory, judges each with its best weights on
/// the fold that it did not see, and writes `folds.json`. With `job.resume`, folds that are done are passed over and one that is not
/// goes on.
pub fn train_stack(
    job: &TrainStack,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<TrainedFolds, PipelineError> {
    if job.run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder with --run",
            job.run.display()
        )));
    }
    let free = || {
        if job.resume {
            Ok(())
        } else {
            RunDir::check_free(&job.run)
        }
    };
    free()?;
    let _lock = RunLock::take(&job.run)?;
    // Another training may have begun and ended here since.
    free()?;
    atomic::clean_leftovers(&job.run).map_err(|e| WriteError::new(&job.run, e))?;
    let sets: Vec<PathBuf> = job.recipe.stack.inputs.iter().map(PathBuf::from).collect();
    let mut done = TrainedFolds {
        report: None,
        folds: Vec::new(),
        skipped: Vec::new(),
    };
    let Some(inputs) = gather(&sets, job.data.as_deref(), &job.device, observer, stop)? else {
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
        let own = judge_own_fold(&path, &inputs.data.root, &job.device);
        if evaluate_with(&own, &run, &inputs, observer, stop)?.interrupted {
            return Ok(done);
        }
    }
    let mut results = Vec::new();
    for &fold in &done.folds {
        results.push(FoldResult::read(&job.run, fold, &inputs.data)?);
    }
    let report = FoldsReport::of(&job.recipe.name, results)?;
    write_report(&job.run, &report)?;
    done.report = Some(report);
    Ok(done)
}

/// Refuses what can't be trained on these clips.
fn refuse_unfit(job: &TrainStack, inputs: &Inputs, folds: &[u32]) -> Result<(), PipelineError> {
    if folds.len() < 2 {
        return Err(PipelineError::Request(format!(
            "the inputs have {}; at least 2 are needed, one to judge and one to learn from (earmark train ... --folds all)",
            human_amount(folds.len(), "fold", "folds")
        )));
    }
    let several = |i: &&Item| i.labels.len() != 1;
    if job.recipe.train.loss.is_single_label()
        && let Some(item) = inputs.items.iter().find(several)
    {
        return Err(PipelineError::Request(format!(
            "train.loss: softmax-cross-entropy wants exactly one label a clip, and {} has {}; choose sigmoid-cross-entropy",
            item.file,
            item.labels.len()
        )));
    }
    Ok(())
}

/// Trains the network that fold `fold` judges, or goes on with it.
fn train_fold(
    job: &TrainStack,
    inputs: &Arc<Inputs>,
    fold: u32,
    path: &Path,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<FitOutcome, PipelineError> {
    let recipe = &job.recipe;
    let parts = divide(recipe, inputs, fold)?;
    let weighed = weigh_classes(&recipe.train, inputs.classes.names(), &parts.train)?;
    let mut info = run_info(job, inputs, &parts, fold);
    info.class_weights = class_weights::named(&weighed.loss, inputs.classes.names());
    let roles = Roles::of(&parts);
    let resume = job.resume && path.join("run.json").exists();
    if resume {
        check_same(path, recipe, &info, &roles)?;
    } else {
        RunDir::check_free(path)?;
    }
    let _lock = RunLock::take(path)?;
    let device = Device::named(&job.device)?;
    let classes = inputs.classes.len();
    let (network, specs) = Network::build(&recipe.network, inputs.features(), classes)?;
    let vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
    let batches = batches(recipe, inputs, &parts.train)?;
    if !resume {
        roles.write(path)?;
        RunDir::create(path, recipe, &inputs.classes, &info)?;
    }
    let log = Log::open(path)?;
    let verb = if resume { "resume" } else { "stack" };
    log.line(&format!("earmark {VERSION} {verb}: {}", job.command.join(" ")));
    if info.optimistic {
        let text = "judged clips steered this training or one of its inputs: its scores there are optimistic";
        log.line(text);
        observer(Event::Note(text.into()));
    }
    if let Some(line) = class_weights::told(&weighed.loss, inputs.classes.names()) {
        log.line(&line);
        observer(Event::Note(line));
    }
    let work = FitJob {
        train: &weighed,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        network: &network,
        vars,
        batches: Arc::new(batches),
        unmixed: None,
        noisy: Vec::new(),
        validate: validate(recipe, &network, inputs, parts.validation, device.burn(), stop),
        meta: ModelMeta {
            format: FORMAT,
            version: VERSION.into(),
            recipe: recipe.to_toml(),
            classes: inputs.classes.names().to_vec(),
            licence: recipe.licence.clone(),
            source: None,
            calibration: None,
            step: 0,
        },
        run: path,
        resume,
        device: device.burn().clone(),
        stop,
    };
    let (outcome, _) = fit(work, &mut |event| {
        log_fit(&log, &event);
        observer(Event::Fit(event));
    })?;
    log.line(&format!("ended at step {} of {}", outcome.step, outcome.total));
    Ok(outcome)
}

/// The clips of the other folds train and validate, those of the fold are judged.
fn divide(recipe: &StackRecipe, inputs: &Inputs, fold: u32) -> Result<Parts, PipelineError> {
    let of = |own: bool| -> Vec<Item> {
        let items = inputs.items.iter().zip(&inputs.folds);
        items
            .filter(|(_, f)| (**f == fold) == own)
            .map(|(item, _)| item.clone())
            .collect()
    };
    let by = Division {
        split: recipe.validation.split,
        seed: recipe.train.seed,
        stratify: stratify(&inputs.data),
        has_fold: true,
    };
    by.of(of(false), of(true))
}

/// A clip is one example: the mean of some of its tiles.
fn batches(recipe: &StackRecipe, inputs: &Arc<Inputs>, items: &[Item]) -> Result<BatchMaker, PipelineError> {
    let index = inputs.index();
    let places: Vec<usize> = items.iter().map(|item| index[item.file.as_str()]).collect();
    let (subset, inputs) = (recipe.stack.subset, Arc::clone(inputs));
    let shape = [inputs.features(), 1, 1];
    let classes = inputs.classes.len();
    Ok(BatchMaker::new(
        &recipe.batches,
        ExampleIndex::new(&vec![1; places.len()]),
        shape,
        classes,
        recipe.train.seed,
        Workers::new(0).map_err(earmark_data::setting::SettingError::from)?,
        move |place, x, y, rng| {
            let item = places[place.clip as usize];
            x.copy_from_slice(&inputs.drawn_row(item, &subset, rng));
            inputs.items[item].labels.iter().for_each(|&label| y[label] = 1.0);
            Ok(())
        },
    )?)
}

/// What judges weights while they train; `None` where there are no validation clips.
fn validate<'a>(
    recipe: &'a StackRecipe,
    network: &'a Network,
    inputs: &'a Inputs,
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
        let judged = judged(&scorer, inputs, &items).map_err(EvaluationError::from)?;
        Ok(Some(judged.report))
    }))
}

/// A run may only go on as what it began as.
fn check_same(path: &Path, recipe: &StackRecipe, info: &RunInfo, roles: &Roles) -> Result<(), PipelineError> {
    let run = RunDir::<StackRecipe>::open_as(path)?;
    let mut same = recipe.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    let what = if same != run.recipe {
        "the recipe or the list of inputs has changed since the run began"
    } else if run.info.data.fingerprint != info.data.fingerprint {
        "an input or the data has changed since the run began"
    } else if Roles::read(path)?.is_some_and(|then| then != *roles) {
        "other clips would be learnt from or judged than when it began"
    } else {
        return Ok(());
    };
    Err(PipelineError::Request(format!(
        "{}: cannot go on: {what}; start a new run in another folder",
        path.display()
    )))
}

fn run_info(job: &TrainStack, inputs: &Inputs, parts: &Parts, fold: u32) -> RunInfo {
    let root = &inputs.data.root;
    RunInfo {
        format: FORMAT,
        command: job.command.clone(),
        version: VERSION.into(),
        revision: REVISION.map(str::to_owned),
        started: now(),
        seed: job.recipe.train.seed,
        device: job.device.clone(),
        data: DataInfo {
            root: std::path::absolute(root).unwrap_or_else(|_| root.clone()),
            layout: inputs.data.layout.to_string(),
            fingerprint: inputs.fingerprint.clone(),
            fold: Some(fold),
            train: parts.train.len(),
            validation: parts.validation.len(),
            judged: parts.judged.len(),
            skipped: inputs.skipped.clone(),
        },
        init_from: None,
        scopes: ParameterPrefixes::default(),
        optimistic: parts.optimistic || inputs.optimistic,
        class_weights: None,
    }
}

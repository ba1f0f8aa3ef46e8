//! Recipe and data folder to a run directory.

use super::{Event, Observer, Parts, PipelineError, Skips, split};
use crate::device::device;
use crate::recipe::Recipe;
use crate::run_dir::{DataInfo, Log, RunDir, RunError, RunInfo, RunLock, find_model, now};
use crate::{REVISION, VERSION};
use earmark_data::augment::{LevelUnit, Spec};
use earmark_data::batches::store_maker;
use earmark_data::{BatchMaker, DataSet, FeatureStore, Item, Prepared, SkipReason, load};
use earmark_engine::{
    FORMAT, Fit, FitError, FitEvent, ModelFile, ModelMeta, Outcome, Scopes, Scorer, Validate, fit, judge::judge, warm_start,
};
use earmark_features::Extractor;
use earmark_models::{Network, Summary, VarKind, VarSpec, Vars};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What to train.
#[derive(Clone, Debug)]
pub struct Train {
    /// The system.
    pub recipe: Recipe,
    /// The data folder.
    pub data: PathBuf,
    /// The run directory.
    pub run: PathBuf,
    /// The fold kept for judging.
    pub fold: Option<u32>,
    /// A fold table, where the data has none or others are wanted.
    pub folds: Option<PathBuf>,
    /// A model whose weights are the start: file, RUN or RUN@STEP.
    pub init_from: Option<String>,
    /// Which of its weights.
    pub scopes: Scopes,
    /// Go on with the run, where there is one.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// How training ended.
    pub outcome: Outcome,
    /// Clips left out.
    pub skipped: Skips,
    /// The run directory.
    pub run: PathBuf,
}

/// What training would do, found without reading audio.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Plan {
    /// Classes in order.
    pub classes: Vec<String>,
    /// Clips to train on.
    pub train: usize,
    /// Clips that validate.
    pub validation: usize,
    /// Clips kept for judging.
    pub judged: usize,
    /// Channels, bands and frames of an example.
    pub example: [usize; 3],
    /// The network's layers.
    pub network: Summary,
    /// Trainable scalars, BatchNorm and biases included.
    pub trainable: usize,
    /// All scalars.
    pub parameters: usize,
    /// Bytes of one checkpoint.
    pub checkpoint_bytes: u64,
}

/// Opens the data as the recipe says.
pub(super) fn open_data(recipe: &Recipe, root: &Path) -> Result<DataSet, PipelineError> {
    Ok(load(root, &recipe.data)?)
}

/// Checks everything that can be checked without reading audio.
pub fn plan(recipe: &Recipe, data: &Path, fold: Option<u32>, folds: Option<&Path>) -> Result<Plan, PipelineError> {
    let data = open_data(recipe, data)?;
    let parts = split(recipe, &data, fold, folds)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let example = example_shape(&extractor);
    let (network, specs) = Network::build(&recipe.network, example[0], data.classes.len())?;
    let count = |trainable: bool| specs.iter().filter(|s| !trainable || s.kind == VarKind::Trainable).map(VarSpec::len).sum();
    let parameters: usize = count(false);
    Ok(Plan {
        classes: data.classes.names().to_vec(),
        train: parts.train.len(),
        validation: parts.validation.len(),
        judged: parts.judged.len(),
        example,
        network: network.summary(example[0], example[1], example[2]),
        trainable: count(true),
        parameters,
        checkpoint_bytes: 4 * parameters as u64,
    })
}

fn example_shape(e: &Extractor) -> [usize; 3] {
    [e.channels(), e.bands(), e.example_frames().unwrap_or(0)]
}

/// Trains. Clips that can't be read are named, left out and listed in the result; nothing of them is trained on.
pub fn train(job: &Train, observer: Observer, stop: &AtomicBool) -> Result<Trained, PipelineError> {
    let device_name = job.device.clone();
    let device = device(&device_name)?;
    let data = open_data(&job.recipe, &job.data)?;
    let parts = split(&job.recipe, &data, job.fold, job.folds.as_deref())?;
    let fresh = !(job.resume && job.run.join("run.json").exists());
    if fresh {
        RunDir::check_free(&job.run)?;
    }
    let _lock = RunLock::take(&job.run)?;
    let recipe = &job.recipe;
    let extractor = Extractor::new(&recipe.front_end)?;
    let [channels, ..] = example_shape(&extractor);
    let (network, specs) = Network::build(&recipe.network, channels, data.classes.len())?;
    let mut vars = Vars::init(specs, recipe.train.seed, &device);
    let carried = match &job.init_from {
        Some(name) if fresh => {
            let path = find_model(name)?;
            warm_start(&path, &ModelFile::read(&path)?, &job.scopes, &mut vars)?
        }
        _ => Vec::new(),
    };

    let store = Arc::new(FeatureStore::new(extractor, &recipe.cache)?);
    let prepared_train = prepare(&store, &parts.train, observer, stop)?;
    let prepared_validation = prepare(&store, &parts.validation, observer, stop)?;
    let mut skipped = failures(&prepared_train);
    skipped.extend(failures(&prepared_validation));
    // A recipe or a text beside the sounds is no input that failed.
    let failed = data.skipped.iter().filter(|s| s.reason != SkipReason::NotAudio);
    skipped.extend(failed.map(|s| (s.file.clone(), s.reason.to_string())));

    let info = run_info(job, &data, &parts, &skipped)?;
    let run = if fresh {
        RunDir::create(&job.run, recipe, &data.classes, &info)?
    } else {
        check_same(RunDir::open(&job.run)?, recipe, &info)?
    };
    let log = Log::open(&run.path)?;
    log.line(&format!("earmark {VERSION} {}: {}", if fresh { "train" } else { "resume" }, job.command.join(" ")));
    for (file, reason) in &skipped {
        log.line(&format!("left out {file}: {reason}"));
        observer(Event::Skipped { file, reason });
    }
    let told = |text: String| {
        log.line(&text);
        observer(Event::Note(text));
    };
    for note in prepared_train.notes.iter().chain(&prepared_validation.notes) {
        told(note.to_string());
    }
    for note in source_notes(&prepared_train) {
        told(note);
    }
    if !carried.is_empty() {
        told(format!("{} variables start from {}", carried.len(), job.init_from.as_deref().unwrap_or_default()));
        log.line(&format!("carried over: {}", carried.join(", ")));
    }
    if parts.optimistic {
        told("the judged fold steers this training (validation.split = judged-fold): its scores there are optimistic".into());
    }

    let batches = Arc::new(batch_maker(recipe, &store, &parts.train, &prepared_train, data.classes.len())?);
    let meta = ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes: data.classes.names().to_vec(),
        licence: recipe.licence.clone(),
        step: 0,
    };
    let good: Vec<Item> = readable(&parts.validation, &prepared_validation);
    let on = device.clone();
    let validate = (!good.is_empty()).then(|| {
        let scorer = |vars: &Vars| Scorer {
            network: network.clone(),
            vars: vars.clone(),
            loss: recipe.train.loss,
            extractor: Arc::new(Extractor::new(&recipe.front_end).expect("checked above")),
            batch: recipe.batches.size,
            device: on.clone(),
        };
        let (store, classes) = (Arc::clone(&store), data.classes.names().to_vec());
        let validate = move |vars: &Vars| {
            let fetch = |item: &Item| store.get(item);
            let never = AtomicBool::new(false);
            let ahead = store.workers().count();
            let judged = judge(&scorer(vars), &good, &classes, ahead, (0, 0), fetch, &never, &mut |_, _| {})?
                .expect("nothing stops it");
            match judged.skipped.into_iter().next() {
                Some(s) => Err(FitError::Judge { file: s.file, reason: s.reason }),
                None => Ok(judged.report),
            }
        };
        Box::new(validate) as Box<Validate>
    });
    let job_fit = Fit {
        train: &recipe.train,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        network: &network,
        vars,
        batches,
        validate,
        meta,
        run: &run.path,
        resume: !fresh,
        device,
        stop,
    };
    let (outcome, _) = fit(job_fit, &mut |event| {
        log_fit(&log, &event);
        observer(Event::Fit(event));
    })?;
    log.line(&format!("ended at step {} of {}{}", outcome.step, outcome.total, if outcome.interrupted { ", interrupted" } else { "" }));
    Ok(Trained { outcome, skipped, run: run.path })
}

/// The batches that a recipe makes of items.
pub(crate) fn batch_maker(
    recipe: &Recipe,
    store: &Arc<FeatureStore>,
    items: &[Item],
    prepared: &Prepared,
    classes: usize,
) -> Result<BatchMaker, PipelineError> {
    let augment = recipe.augment.clone();
    let hook = (!augment.is_nothing()).then(|| {
        let unit = LevelUnit::of(&recipe.front_end);
        Box::new(move |spec: &mut Spec, _: &mut [f32], rng: &mut earmark_data::rng::ChaCha8Rng| augment.apply(spec, unit, rng))
            as Box<earmark_data::batches::ExampleHook>
    });
    let items: Arc<[Item]> = items.into();
    Ok(store_maker(&recipe.batches, Arc::clone(store), items, prepared, classes, recipe.train.seed, hook)?)
}

/// Computes features, or finds them in the cache.
pub(crate) fn prepare(store: &FeatureStore, items: &[Item], observer: Observer, stop: &AtomicBool) -> Result<Prepared, PipelineError> {
    Ok(store.prepare(items, &|done, total| observer(Event::Features { done, total }), stop)?)
}

fn failures(prepared: &Prepared) -> Skips {
    prepared.failed.iter().map(|(_, e)| (e.file.clone(), e.fault.to_string())).collect()
}

fn readable(items: &[Item], prepared: &Prepared) -> Vec<Item> {
    items.iter().zip(&prepared.clips).filter(|(_, c)| c.is_some()).map(|(i, _)| i.clone()).collect()
}

/// What happened to the clips on the way in, counted.
fn source_notes(prepared: &Prepared) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for note in prepared.clips.iter().flatten().flat_map(|c| &c.notes) {
        *counts.entry(note.to_string()).or_default() += 1;
    }
    counts.into_iter().map(|(note, n)| format!("{n} clip{}: {note}", if n == 1 { "" } else { "s" })).collect()
}

fn run_info(job: &Train, data: &DataSet, parts: &Parts, skipped: &Skips) -> Result<RunInfo, PipelineError> {
    Ok(RunInfo {
        format: FORMAT,
        command: job.command.clone(),
        version: VERSION.into(),
        revision: REVISION.map(str::to_owned),
        started: now(),
        seed: job.recipe.train.seed,
        device: job.device.clone(),
        data: DataInfo {
            root: std::path::absolute(&job.data).unwrap_or_else(|_| job.data.clone()),
            layout: data.layout.to_string(),
            fingerprint: data.fingerprint()?,
            fold: job.fold,
            train: parts.train.len(),
            validation: parts.validation.len(),
            judged: parts.judged.len(),
            skipped: skipped.clone(),
        },
        init_from: job.init_from.clone(),
        optimistic: parts.optimistic,
    })
}

/// A run may only go on as what it began as.
fn check_same(run: RunDir, recipe: &Recipe, info: &RunInfo) -> Result<RunDir, PipelineError> {
    let refuse = |what: String| Err(PipelineError::Request(format!("{}: cannot go on: {what}; start a new run in another folder", run.path.display())));
    // Workers and caches change no result and may be chosen anew.
    let mut same = recipe.clone();
    same.cache = run.recipe.cache.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    if same != run.recipe {
        let (old, new) = (run.recipe.to_toml(), same.to_toml());
        let line = new.lines().zip(old.lines()).find(|(n, o)| n != o).map(|(n, o)| format!(" (`{o}` then, `{n}` now)"));
        return refuse(format!("the recipe has changed since the run began{}", line.unwrap_or_default()));
    }
    if run.info.data.fingerprint != info.data.fingerprint {
        return refuse("the data has changed since the run began".into());
    }
    if run.info.data.fold != info.data.fold {
        return refuse(format!("it judges fold {:?}, not {:?}", run.info.data.fold, info.data.fold));
    }
    if run.info.data.skipped.len() != info.data.skipped.len() {
        return refuse("other clips are readable now than when it began".into());
    }
    Ok(run)
}

impl From<RunError> for Box<PipelineError> {
    fn from(e: RunError) -> Self {
        Self::new(e.into())
    }
}

fn log_fit(log: &Log, event: &FitEvent) {
    match event {
        FitEvent::Started { step, total, steps_per_epoch } => {
            log.line(&format!("step {step} of {total}, {steps_per_epoch} an epoch"));
        }
        FitEvent::Step { step, loss, rate } if step % 10 == 0 => {
            log.line(&format!("step {step}  loss {loss:.5}  learning rate {rate:.3e}"));
        }
        FitEvent::Step { .. } => {}
        FitEvent::Validated { step, report, best } => {
            let value = |v: Option<f64>| v.map_or("-".into(), |v| format!("{v:.4}"));
            log.line(&format!(
                "step {step}  validation lwlrap {} accuracy {}{}",
                value(report.lwlrap),
                value(report.accuracy),
                if *best { "  best so far" } else { "" }
            ));
        }
        FitEvent::Saved { step } => log.line(&format!("step {step}  checkpoint written")),
        FitEvent::Note(text) => log.line(text),
    }
}

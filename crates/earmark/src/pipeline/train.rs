//! Recipe and data folder to a run directory.

use super::{Event, Observer, Parts, PipelineError, Roles, Skips, reason, split};
use crate::device::device;
use crate::recipe::Recipe;
use crate::run_dir::{DataInfo, Log, RunDir, RunInfo, RunLock, find_model, now};
use crate::{REVISION, VERSION};
use earmark_data::batches::store_maker;
use earmark_data::store::Kept;
use earmark_data::{BatchMaker, DataSet, FeatureStore, Item, Prepared, SkipReason, load};
use earmark_engine::{
    FORMAT, Fit, FitError, FitEvent, ModelFile, ModelMeta, Outcome, Scopes, Scorer, Validate, checkpoint,
    fit, judge::judge, warm_start,
};
use earmark_features::Extractor;
use earmark_models::{Network, Summary, VarKind, VarSpec, Vars};
use std::collections::BTreeSet;
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
pub fn plan(
    recipe: &Recipe,
    data: &Path,
    fold: Option<u32>,
    folds: Option<&Path>,
) -> Result<Plan, PipelineError> {
    let data = open_data(recipe, data)?;
    let parts = split(recipe, &data, fold, folds)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let example = example_shape(&extractor);
    let (network, specs) = Network::build(&recipe.network, example[0], data.classes.len())?;
    let count = |trainable: bool| {
        specs
            .iter()
            .filter(|s| !trainable || s.kind == VarKind::Trainable)
            .map(VarSpec::len)
            .sum()
    };
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
    let begun = if job.resume && job.run.join("run.json").exists() {
        let run = RunDir::open(&job.run)?;
        check_same_job(&run, job)?;
        Some(run)
    } else {
        RunDir::check_free(&job.run)?;
        None
    };
    let _lock = RunLock::take(&job.run)?;
    if begun.is_none() {
        // Another training may have begun and ended here since.
        RunDir::check_free(&job.run)?;
    }
    let recipe = &job.recipe;
    let extractor = Extractor::new(&recipe.front_end)?;
    let [channels, ..] = example_shape(&extractor);
    let (network, specs) = Network::build(&recipe.network, channels, data.classes.len())?;
    let mut vars = Vars::init(specs, recipe.train.seed, &device);
    // A run that was killed before its first state begins again, from the weights that it began with.
    let (init_from, scopes) = begun.as_ref().map_or((&job.init_from, &job.scopes), |run| {
        (&run.info.init_from, &run.info.scopes)
    });
    let carried = match init_from {
        Some(name) if begun.is_none() || !checkpoint::state_path(&job.run).exists() => {
            let path = find_model(name)?;
            warm_start(&path, &ModelFile::read(&path)?, scopes, &mut vars)?
        }
        _ => Vec::new(),
    };

    let store = Arc::new(FeatureStore::new(extractor, &recipe.cache)?);
    let prepared_train = prepare_training(recipe, &store, &parts.train, observer, stop)?;
    let prepared_validation = prepare(&store, &parts.validation, observer, stop)?;
    let mut skipped = failures(&parts.train, &prepared_train);
    skipped.extend(failures(&parts.validation, &prepared_validation));
    // A recipe or a text beside the sounds is no input that failed.
    let failed = data.skipped.iter().filter(|s| s.reason != SkipReason::NotAudio);
    skipped.extend(failed.map(|s| (s.file.clone(), s.reason.to_string())));

    let info = run_info(job, &data, &parts, &skipped)?;
    let roles = Roles::of(&parts);
    // The last of what may be refused: a refusal leaves no run behind.
    let batches = Arc::new(batch_maker(
        recipe,
        &store,
        &parts.train,
        &prepared_train,
        data.classes.len(),
    )?);
    let resume = begun.is_some();
    let run = match begun {
        Some(run) => {
            check_same_data(&run, &info)?;
            if Roles::read(&run.path)?.is_some_and(|then| then != roles) {
                return Err(cannot_go_on(
                    &run,
                    "other clips would be trained on or judged than when it began (--folds?)",
                )
                .unwrap_err());
            }
            run
        }
        None => {
            roles.write(&job.run)?;
            RunDir::create(&job.run, recipe, &data.classes, &info)?
        }
    };
    let log = Log::open(&run.path)?;
    log.line(&format!(
        "earmark {VERSION} {}: {}",
        if resume { "resume" } else { "train" },
        job.command.join(" ")
    ));
    for (file, reason) in &skipped {
        log.line(&format!("left out {file}: {reason}"));
        observer(Event::Skipped { file, reason });
    }
    let told = |text: String| {
        log.line(&text);
        observer(Event::Note(text));
    };
    for c in &data.corrected {
        told(format!(
            "{}: {} clips of the part {} left out, {} labelled anew",
            c.file.display(),
            c.removed,
            c.part,
            c.labelled
        ));
    }
    for note in prepared_train.notes.iter().chain(&prepared_validation.notes) {
        told(note.to_string());
    }
    for note in source_notes(&prepared_train) {
        told(note);
    }
    if !carried.is_empty() {
        told(format!(
            "{} variables start from {}",
            carried.len(),
            run.info.init_from.as_deref().unwrap_or_default()
        ));
        log.line(&format!("carried over: {}", carried.join(", ")));
    }
    if parts.optimistic {
        told("the judged fold steers this training (validation.split = judged-fold): its scores there are optimistic".into());
    }

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
            let fetch = |item: &Item| store.get(item).map_err(|e| reason(item, &e));
            let never = AtomicBool::new(false);
            let ahead = store.workers().count();
            let judged = judge(
                &scorer(vars),
                &good,
                &classes,
                ahead,
                (0, 0),
                fetch,
                &never,
                &mut |_, _| {},
            )?
            .expect("nothing stops it");
            match judged.skipped.into_iter().next() {
                Some(s) => Err(FitError::Judge {
                    file: s.file,
                    reason: s.reason,
                }),
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
        resume,
        device,
        stop,
    };
    let (outcome, _) = fit(job_fit, &mut |event| {
        log_fit(&log, &event);
        observer(Event::Fit(event));
    })?;
    log.line(&format!(
        "ended at step {} of {}{}",
        outcome.step,
        outcome.total,
        if outcome.interrupted { ", interrupted" } else { "" }
    ));
    Ok(Trained {
        outcome,
        skipped,
        run: run.path,
    })
}

/// The batches that a recipe makes of items.
pub(crate) fn batch_maker(
    recipe: &Recipe,
    store: &Arc<FeatureStore>,
    items: &[Item],
    prepared: &Prepared,
    classes: usize,
) -> Result<BatchMaker, PipelineError> {
    let items: Arc<[Item]> = items.into();
    Ok(store_maker(
        &recipe.batches,
        Arc::clone(store),
        items,
        prepared,
        classes,
        recipe.train.seed,
        &recipe.augment,
    )?)
}

/// Computes what a recipe trains on, or finds it in the cache: features, or samples where the sound itself is augmented.
fn prepare_training(
    recipe: &Recipe,
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    let kept = match recipe.augment.hears_samples() {
        true => Kept::Samples,
        false => Kept::Base,
    };
    let progress = |done, total| observer(Event::Features { done, total });
    Ok(store.prepare_as(kept, items, &progress, stop)?)
}

/// Computes features, or finds them in the cache.
pub(crate) fn prepare(
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    Ok(store.prepare(
        items,
        &|done, total| observer(Event::Features { done, total }),
        stop,
    )?)
}

fn failures(items: &[Item], prepared: &Prepared) -> Skips {
    prepared
        .failed
        .iter()
        .map(|(i, e)| (e.file.clone(), reason(&items[*i], e)))
        .collect()
}

fn readable(items: &[Item], prepared: &Prepared) -> Vec<Item> {
    items
        .iter()
        .zip(&prepared.clips)
        .filter(|(_, c)| c.is_some())
        .map(|(i, _)| i.clone())
        .collect()
}

/// What happened to the clips on the way in, counted.
fn source_notes(prepared: &Prepared) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for note in prepared.clips.iter().flatten().flat_map(|c| &c.notes) {
        *counts.entry(note.to_string()).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(note, n)| format!("{n} clip{}: {note}", if n == 1 { "" } else { "s" }))
        .collect()
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
        scopes: job.scopes.clone(),
        optimistic: parts.optimistic,
    })
}

fn cannot_go_on(run: &RunDir, what: impl std::fmt::Display) -> Result<(), PipelineError> {
    let place = run.path.display();
    Err(PipelineError::Request(format!(
        "{place}: cannot go on: {what}; start a new run in another folder"
    )))
}

/// A run may only go on as what it began as: recipe, fold and start of the weights.
fn check_same_job(run: &RunDir, job: &Train) -> Result<(), PipelineError> {
    let refuse = |what: String| cannot_go_on(run, what);
    // Workers and caches change no result and may be chosen anew.
    let mut same = job.recipe.clone();
    same.cache = run.recipe.cache.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    if same != run.recipe {
        let (old, new) = (run.recipe.to_toml(), same.to_toml());
        let line = new
            .lines()
            .zip(old.lines())
            .find(|(n, o)| n != o)
            .map(|(n, o)| format!(" (`{o}` then, `{n}` now)"));
        return refuse(format!(
            "the recipe has changed since the run began{}",
            line.unwrap_or_default()
        ));
    }
    if run.info.data.fold != job.fold {
        let name = |fold: Option<u32>| fold.map_or("no fold".to_owned(), |k| format!("fold {k}"));
        return refuse(format!(
            "it keeps {} for judging, not {} (--fold)",
            name(run.info.data.fold),
            name(job.fold)
        ));
    }
    if job.init_from.is_some() && (&job.init_from, &job.scopes) != (&run.info.init_from, &run.info.scopes) {
        return refuse("its weights began otherwise than --init-from, --include and --exclude say now (they may be left out)".into());
    }
    Ok(())
}

/// A run may only go on with the clips it began with.
fn check_same_data(run: &RunDir, info: &RunInfo) -> Result<(), PipelineError> {
    let (then, now) = (&run.info.data, &info.data);
    if then.fingerprint != now.fingerprint {
        return cannot_go_on(run, "the data has changed since the run began");
    }
    let names = |skips: &Skips| {
        skips
            .iter()
            .map(|(file, _)| file.clone())
            .collect::<BTreeSet<_>>()
    };
    if (then.train, then.validation, names(&then.skipped)) != (now.train, now.validation, names(&now.skipped))
    {
        return cannot_go_on(run, "other clips are used or readable now than when it began");
    }
    Ok(())
}

fn log_fit(log: &Log, event: &FitEvent) {
    match event {
        FitEvent::Started {
            step,
            total,
            steps_per_epoch,
        } => {
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

//! Recipe and data folder to a run directory.

use super::class_weights::{self, weigh_classes};
use super::data::{batch_maker, failures, prepare, prepare_training, readable, source_notes};
use super::input::fit_on_clips;
use super::plan::example_shape;
use super::resume::{check_same_data, check_same_job};
use super::start::{Start, classifier};
use super::steering::Steering;
use super::told::log_fit;
use super::{Event, Observer, Parts, PipelineError, Roles, Skips, split};
use crate::REVISION;
use earmark_core::VERSION;
use earmark_data::{DataSet, FeatureStore, Item, SkipReason};
use earmark_engine::{
    FORMAT, FitJob, FitOutcome, ModelMeta, ParameterPrefixes, TransferReport, check_prefixes, checkpoint, fit,
};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_models::{Network, Vars};
use earmark_recipe::Recipe;
use earmark_report::human_amount;
use earmark_runs::run_dir::{DataInfo, Log, RunDir, RunInfo, RunLock, now};
use std::collections::BTreeSet;
use std::path::PathBuf;
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
    pub fold_table: Option<PathBuf>,
    /// A model whose weights are the start: file, RUN or RUN@STEP.
    pub init_from: Option<String>,
    /// Which of its weights.
    pub scopes: ParameterPrefixes,
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
    pub outcome: FitOutcome,
    /// Clips left out.
    pub skipped: Skips,
    /// The run directory.
    pub run: PathBuf,
}

/// Trains. Clips that can't be read are named, left out and listed in the result; nothing of them is trained on.
pub fn train(job: &Train, observer: Observer, stop: &AtomicBool) -> Result<Trained, PipelineError> {
    let device = Device::named(&job.device)?;
    let data = open_data(&job.recipe, &job.data)?;
    let parts = split(&job.recipe, &data, job.fold, job.fold_table.as_deref())?;
    let noisy = noisy_clips(&job.recipe, &parts.train)?;
    // What names no class of the data is refused before any audio is read.
    weigh_classes(&job.recipe.train, data.classes.names(), &parts.train)?;
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
    check_prefixes(&recipe.train, &specs)?;
    let classifier = classifier(&network, &specs);
    let mut vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
    let start = Start::of(job, begun.as_ref());
    let carried = match &start {
        // The state of a run that goes on holds its weights; one that was killed before its first state begins again.
        Some(start) if begun.is_none() || !checkpoint::state_path(&job.run).exists() => {
            start.carry_over(&network, &classifier, data.classes.names(), &mut vars)?
        }
        _ => TransferReport::default(),
    };

    let store = Arc::new(FeatureStore::new(extractor, &recipe.cache)?);
    let prepared_train = prepare_training(recipe, &store, &parts.train, observer, stop)?;
    let prepared_validation = prepare(&store, &parts.validation, observer, stop)?;
    let mut skipped = failures(&parts.train, &prepared_train);
    skipped.extend(failures(&parts.validation, &prepared_validation));
    // A recipe or a text beside the sounds is no input that failed.
    let failed = data.skipped.iter().filter(|s| s.reason != SkipReason::NotAudio);
    skipped.extend(failed.map(|s| (s.file.clone(), s.reason.to_string())));

    let heard = readable(&parts.train, &prepared_train);
    let weighed = weigh_classes(&recipe.train, data.classes.names(), &heard)?;
    let mut info = run_info(job, &data, &parts, &skipped)?;
    info.class_weights = class_weights::named(&weighed.loss, data.classes.names());
    let roles = Roles::of(&parts);
    if !carried.scaler {
        fit_on_clips(&network, &store, &heard, &mut vars)?;
    }
    // The last of what may be refused: a refusal leaves no run behind.
    let classes = data.classes.len();
    let batches = batch_maker(recipe, &store, &parts.train, &prepared_train, classes)?;
    let unmixed = match recipe.train.phases.iter().any(|p| !p.mixing) {
        false => None,
        true => {
            let mut recipe = recipe.clone();
            (recipe.batches.mixup, recipe.batches.mix) = (None, None);
            let made = batch_maker(&recipe, &store, &parts.train, &prepared_train, classes)?;
            Some(Arc::new(made))
        }
    };
    let resume = begun.is_some();
    let run = match begun {
        Some(run) => {
            check_same_data(&run, &info, &roles)?;
            run
        }
        None => {
            roles.write(&job.run)?;
            RunDir::create(&job.run, recipe, &data.classes, &info)?
        }
    };
    let log = Log::open(&run.path)?;
    let verb = if resume { "resume" } else { "train" };
    log.line(&format!("earmark {VERSION} {verb}: {}", job.command.join(" ")));
    for (file, reason) in &skipped {
        log.line(&format!("left out {file}: {reason}"));
        observer(Event::Skipped { file, reason });
    }
    let told = |text: String| {
        log.line(&text);
        observer(Event::Note(text));
    };
    for c in &data.corrected {
        if c.passed_over {
            told(format!(
                "{}: not used, as data.parts ({}) leaves the part {:?} out",
                c.file.display(),
                recipe.data.subsets.as_deref().unwrap_or_default().join(", "),
                c.subset
            ));
            continue;
        }
        told(format!(
            "{}: {} of the part {} left out, {} labelled anew",
            c.file.display(),
            human_amount(c.removed, "clip", "clips"),
            c.subset,
            c.labelled
        ));
    }
    for note in prepared_train.notes.iter().chain(&prepared_validation.notes) {
        told(note.to_string());
    }
    for note in source_notes(&prepared_train) {
        told(note);
    }
    if let Some(start) = start.as_ref().filter(|_| !carried.variables.is_empty()) {
        for line in start.told(&carried) {
            told(line);
        }
        log.line(&format!("carried over: {}", carried.variables.join(", ")));
    }
    if recipe.train.is_partial() {
        recipe.train.describe_phases().into_iter().for_each(told);
    }
    if let Some(line) = class_weights::told(&weighed.loss, data.classes.names()) {
        told(line);
    }
    if parts.optimistic {
        told("the judged fold steers this training (validation.split = judged-fold): its scores there are optimistic".into());
    }

    let steering = Steering {
        recipe,
        network: &network,
        device: device.burn(),
        items: readable(&parts.validation, &prepared_validation),
        classes: data.classes.names(),
        store: &store,
        stop,
    };
    let job_fit = FitJob {
        train: &weighed,
        validation: &recipe.validation,
        checkpoints: &recipe.checkpoints,
        network: &network,
        vars,
        batches: Arc::new(batches),
        unmixed,
        noisy,
        validate: steering.validate()?,
        meta: ModelMeta {
            format: FORMAT,
            version: VERSION.into(),
            recipe: recipe.to_toml(),
            classes: data.classes.names().to_vec(),
            licence: recipe.licence.clone(),
            source: None,
            step: 0,
            calibration: None,
        },
        run: &run.path,
        resume,
        device: device.burn().clone(),
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
    let throughput = &outcome.throughput;
    if throughput.steps > 0 {
        log.line(&format!(
            "{} in {:.1} s; waited for data {:.1} % of the time after the first batch, which took {:.1} s",
            human_amount(throughput.steps, "step", "steps"),
            throughput.seconds,
            100.0 * throughput.waiting_share(),
            throughput.first_wait
        ));
    }
    Ok(Trained {
        outcome,
        skipped,
        run: run.path,
    })
}

/// Which clips are noisy, as `train.noisy-parts` says.
fn noisy_clips(recipe: &Recipe, items: &[Item]) -> Result<Vec<bool>, PipelineError> {
    let noisy = &recipe.train.noisy_subsets;
    if let Some(part) = noisy.iter().find(|part| items.iter().all(|i| i.subset != **part)) {
        let known: BTreeSet<&str> = items.iter().map(|i| i.subset.as_str()).collect();
        return Err(PipelineError::Request(format!(
            "train.noisy-parts: no clip to train on is of the part {part:?}; there are {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(items.iter().map(|i| noisy.contains(&i.subset)).collect())
}

fn run_info(job: &Train, data: &DataSet, parts: &Parts, skipped: &Skips) -> Result<RunInfo, PipelineError> {
    let start = Start::of(job, None);
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
        init_from: start.as_ref().map(|s| s.config.from.clone()),
        scopes: start.map_or_else(ParameterPrefixes::default, |s| s.config.prefixes()),
        optimistic: parts.optimistic,
        class_weights: None,
    })
}

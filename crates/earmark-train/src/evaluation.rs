//! Evaluating a run's checkpoints on its test clips.

use crate::evaluate_job::{Checkpoints, EvaluateJob};
use crate::evaluated_clips::{ClipNotes, remember_data, test_items};
use crate::lost_clips::{self, LostClips};
use crate::training::{add_damaged, damaged_in};
use crate::{Event, Observer, PipelineError, Skips, stacking};
use earmark_core::atomic::WriteError;
use earmark_data::feature_store::CachedForm;
use earmark_data::{FeatureStore, Item};
use earmark_engine::evaluation::{
    CheckpointClaim, Evaluation, EvaluationJob, ResultNotes, clips_key, evaluate_with, evaluated_steps,
    every_nth, read_result, result_damage, result_path, write_result,
};
use earmark_engine::{ScorerOutput, SegmentScores, checkpoint};
use earmark_features::Extractor;
use earmark_inference::model::ModelSource;
use earmark_inference::{
    Device, Model, ModelPrecision, NotWhole, Outcome, OutcomeJob, Recordings, Remarks, grouped_notes,
};
use earmark_metrics::{Aligned, MetricsError, Report, ScoreTable};
use earmark_models::Precision;
use earmark_runs::experiment_log::result_notes;
use earmark_runs::optimism::Optimism;
use earmark_runs::run_dir::{RunDir, RunError, best_step, find_model, is_stack};
use earmark_runs::warnings::{Remedies, ResultFacts, RunWarning};
use serde_json::Value;
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The key of the JSON of a result that says what its scores were computed in, where that is not single precision.
const COMPUTED_IN: &str = "computed_in";
/// The former one. Where it is a number, it is the metric of that name.
const COMPUTED_IN_BEFORE: &str = "precision";

/// What came of a checkpoint: its results and what they were computed in, none where it is gone; breaks when stopped.
pub(super) type ScoredCheckpoint = ControlFlow<(), Option<(Evaluation, Precision)>>;

/// The results of an evaluation.
#[derive(Clone, Debug, Default)]
pub struct EvaluateResult {
    /// Steps evaluated now, with their results.
    pub evaluated: Vec<(u64, Report)>,
    /// Steps that were evaluated before, or that another process is evaluating.
    pub already_evaluated: Vec<u64>,
    /// Clips left out, now or when the steps were evaluated, and entries of the data folder that can't be used.
    pub skipped: Skips,
    /// Clips that were scored, now or then, though a part of them is missing, with what.
    pub damaged: Skips,
    /// Why the results are too high, where the clips had a part in making the model.
    pub optimism: Option<Optimism>,
    /// What can be advised where the results are weak.
    pub remedies: Remedies,
    /// What the models score in; `None` where nothing was asked for and no model that scores audio was opened.
    pub precision: Option<ModelPrecision>,
    /// Folder of the results.
    pub eval_dir: PathBuf,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
}

/// Evaluates every checkpoint that has not been evaluated yet.
///
/// # Errors
///
/// When run, data or weights can't be read, or the run was trained on the clips to evaluate on.
pub fn evaluate(
    job: &EvaluateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    if is_stack(&job.run) {
        return stacking::evaluate(job, observer, stop);
    }
    let device = Device::named(&job.device)?;
    let (job, precision) = in_precision(job, &device, observer)?;
    let device = device.with_precision(job.precision);
    evaluate_audio(&job, (&device, precision), observer, stop)
}

/// The same of a run that scores audio, in the precision that the device computes.
fn evaluate_audio(
    job: &EvaluateJob,
    (device, mut precision): (&Device, Option<ModelPrecision>),
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    let mut run = RunDir::open(&job.run)?;
    let data = job.read.over(&run.recipe.data);
    run.recipe.set_data(data);
    let (items, mut skipped) = test_items(job, &run, observer)?;
    let remedies = Remedies::of_audio(&run.recipe, run.info.init_from.is_some());
    let notes = ClipNotes::of(job, &run, &run.recipe.name, &items, remedies)?;
    let mut cache = run.recipe.cache.at_most_defaults();
    // Features for one checkpoint are computed while it scores, and not kept.
    let weights = weights(&job.run, job.checkpoints)?;
    let reads_once = weights.len() == 1;
    if reads_once {
        cache = cache.read_once();
    }
    let store = FeatureStore::new(Extractor::new(&run.recipe.front_end)?, &cache)?
        .with_longest(run.recipe.predict.longest_seconds);
    let of_fold = job.subset.is_none() && job.fold.or(run.info.data.fold).is_some();
    let asked = job.precision.unwrap_or(run.recipe.predict.precision);
    let first = weights.iter().find(|(_, path)| path.exists());
    if let Some((_, path)) = first.filter(|_| asked != Precision::F32) {
        // Whether a network gains by it is the same at each step.
        match open_model(path, &run, of_fold, device) {
            // A training that is still running may have removed the checkpoint.
            Err(_) if !path.exists() => {}
            opened => say_precision(&mut precision, &opened?, observer),
        }
    }
    refuse_other_precision(job, precision.map_or(Precision::F32, |found| found.computed))?;
    let mut ready = false;
    let damaged = || damaged_in(&store);
    let mut result = evaluate_each(job, &items, &notes, observer, &damaged, |step, path| {
        if !ready && !reads_once {
            let short: Vec<Item> = items
                .iter()
                .filter(|item| !store.is_long(item))
                .cloned()
                .collect();
            let progress = |done, total| observer(Event::Features { done, total });
            store.prepare_as(CachedForm::Features, &short, &progress, stop)?;
        }
        ready = true;
        let Some(model) = open_listed((step, path), &run, of_fold, device)? else {
            return Ok(Continue(None));
        };
        say_precision(&mut precision, &model, observer);
        let work = EvaluationJob {
            scorer: model.scorer(),
            items: &items,
            classes: model.classes(),
            workers: store.workers(),
            seed: run.info.seed,
            step,
            stop,
        };
        let recordings = Recordings::new(model.scorer(), &store);
        let wanted = OutcomeJob {
            output: ScorerOutput::Scores,
            classes: model.classes(),
            keep_segments: false,
            stop,
        };
        let total = items.len();
        let mut running = |done, lwlrap| {
            observer(Event::Evaluating {
                step,
                done,
                total,
                lwlrap,
            });
        };
        let computed = model.precision().computed;
        let evaluation = evaluate_recordings(&work, &recordings, &wanted, &mut running)?;
        Ok(evaluation.map_or(Break(()), |evaluation| Continue(Some((evaluation, computed)))))
    })?;
    report_remarks(&store, observer);
    add_damaged(&mut result.damaged, damaged());
    skipped.append(&mut result.skipped);
    Ok(EvaluateResult {
        skipped,
        precision,
        ..result
    })
}

/// The job with the precision that the device computes where another was asked for, which is said: the folder of the
/// results has the name of the one that was computed.
fn in_precision(
    job: &EvaluateJob,
    device: &Device,
    observer: Observer,
) -> Result<(EvaluateJob, Option<ModelPrecision>), PipelineError> {
    let mut job = job.clone();
    let Some(asked) = job.precision else {
        return Ok((job, None));
    };
    let (found, _) = ModelPrecision::on(device, asked)?;
    found
        .note()
        .into_iter()
        .for_each(|note| observer(Event::Note(note)));
    job.precision = Some(found.computed);
    Ok((job, Some(found)))
}

/// Remembers what a model scores in, and says so where that was not said before and is not what was asked for.
fn say_precision(said: &mut Option<ModelPrecision>, model: &Model, observer: Observer) {
    let found = model.precision();
    if said.is_none_or(|said| said.computed != found.computed) {
        *said = Some(found);
        found
            .note()
            .into_iter()
            .for_each(|note| observer(Event::Note(note)));
    }
}

/// Refuses a folder with results in another precision than that of this evaluation, which must not mix. Those of a
/// cross-validation stay as they are, as it may be resumed or summed up on another processor.
fn refuse_other_precision(job: &EvaluateJob, computed: Precision) -> Result<(), PipelineError> {
    if job.checkpoints == Checkpoints::Best {
        return Ok(());
    }
    let eval = job.eval_dir();
    let other = |step: u64| {
        let result = read_result(&eval, step).unwrap_or_default();
        // Those that say nothing are of single precision.
        let found = [COMPUTED_IN, COMPUTED_IN_BEFORE]
            .iter()
            .find_map(|key| result[*key].as_str());
        let found = found.unwrap_or(Precision::F32.name());
        // What is damaged is evaluated again.
        let is_other = found != computed.name() && result_damage(&eval, step).is_none();
        is_other.then(|| found.to_owned())
    };
    match evaluated_steps(&eval).find_map(other) {
        None => Ok(()),
        Some(found) => Err(PipelineError::Request(format!(
            "{}: holds results that were computed in {found}, not {computed}; choose another folder with --eval-dir, or \
             that precision",
            eval.display()
        ))),
    }
}

/// What the JSON of a result says of the precision.
fn precision_key(computed: Precision) -> Option<(String, Value)> {
    (computed != Precision::F32).then(|| (COMPUTED_IN.to_owned(), computed.name().into()))
}

/// Reports the damage of recordings, and notes about them.
fn report_remarks(store: &FeatureStore, observer: Observer) {
    for (file, what) in &damaged_in(store) {
        observer(Event::Damaged { file, what });
    }
    for note in grouped_notes(&Remarks::of(store).notes()) {
        observer(Event::Note(note));
    }
}

/// Evaluates clips of any length; `None` when stopped.
fn evaluate_recordings(
    work: &EvaluationJob,
    recordings: &Recordings,
    wanted: &OutcomeJob,
    running: &mut dyn FnMut(usize, Option<f64>),
) -> Result<Option<Evaluation>, PipelineError> {
    let mut failed = None;
    let outcome = |item: &Item, fetched: Result<SegmentScores, NotWhole>| match recordings
        .outcome(item, fetched, wanted)
    {
        Ok(Outcome::Scored(segments)) => Some(Ok(work.scorer.mean(&segments))),
        Ok(Outcome::Skipped(reason)) => Some(Err(reason)),
        Ok(Outcome::Stopped) => None,
        Err(error) => {
            failed = Some(error);
            None
        }
    };
    let fetch = |item: &Item| recordings.fetch(item);
    let evaluation = evaluate_with(work, fetch, outcome, running)?;
    failed.map_or(Ok(evaluation), Err)
}

/// Evaluates each checkpoint of a job that has not been evaluated yet by `score`; `damaged` gives the clips that it has
/// used in part. What results lack is kept with them, and read of those that are there.
pub(super) fn evaluate_each(
    job: &EvaluateJob,
    items: &[Item],
    notes: &ClipNotes,
    observer: Observer,
    damaged: &dyn Fn() -> Skips,
    mut score: impl FnMut(u64, &Path) -> Result<ScoredCheckpoint, PipelineError>,
) -> Result<EvaluateResult, PipelineError> {
    let weights = weights(&job.run, job.checkpoints)?;
    let mut result = EvaluateResult {
        optimism: notes.optimism.clone(),
        remedies: notes.remedies,
        ..EvaluateResult::nothing(job)
    };
    let eval = result.eval_dir.clone();
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    let clips = clips_key(&remember_data(&eval, items)?);
    let mut lost = LostClips::default();
    for (step, path) in weights {
        forget_damaged(&eval, step, observer)?;
        let Some(_claim) = CheckpointClaim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.already_evaluated.push(step);
            lost.add_evaluated(&eval, step, observer);
            continue;
        };
        match score(step, &path)? {
            Break(()) => return Ok(result.with(lost)),
            Continue(None) => {}
            Continue(Some((evaluation, computed))) => {
                let warnings = ResultFacts::from(&evaluation.report).warnings("clips", notes.remedies);
                let notes = ResultNotes {
                    heading: notes.heading.clone(),
                    warnings: warnings.iter().map(RunWarning::to_string).collect(),
                    keys: result_notes(&evaluation.report, notes.optimism.as_ref(), notes.remedies)
                        .into_iter()
                        .chain([clips.clone()])
                        .chain(precision_key(computed))
                        .chain(lost_clips::keys(&evaluation, damaged()))
                        .collect(),
                };
                write_result(&eval, step, &evaluation, &notes)?;
                result.add(step, evaluation, &mut lost, observer);
            }
        }
    }
    result.interrupted = false;
    Ok(result.with(lost))
}

/// Removes the mark of an evaluated step whose results are damaged, so that it is evaluated again.
fn forget_damaged(eval: &Path, step: u64, observer: Observer) -> Result<(), PipelineError> {
    let Some(damage) = result_damage(eval, step) else {
        return Ok(());
    };
    observer(Event::Note(format!("{damage}; step {step} is evaluated again")));
    let mark = result_path(eval, step);
    match std::fs::remove_file(&mark) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(WriteError::new(&mark, e).into()),
        _ => Ok(()),
    }
}

impl EvaluateResult {
    /// The result of a job that was stopped before it evaluated anything.
    pub(super) fn nothing(job: &EvaluateJob) -> Self {
        Self {
            eval_dir: job.eval_dir(),
            interrupted: true,
            ..Self::default()
        }
    }

    /// Adds a checkpoint; the clips that its evaluation skipped are mostly those of every other one too, and named
    /// once.
    fn add(&mut self, step: u64, evaluation: Evaluation, lost: &mut LostClips, observer: Observer) {
        let report = &evaluation.report;
        observer(Event::Evaluated { step, report });
        for skipped in evaluation.skipped {
            lost.skip(skipped.file, skipped.reason, observer);
        }
        self.evaluated.push((step, evaluation.report));
    }

    fn with(mut self, lost: LostClips) -> Self {
        (self.skipped, self.damaged) = (lost.skipped, lost.damaged);
        self
    }
}

/// Scores of clips with their labels as the truth.
pub(crate) fn with_truth(scores: ScoreTable, items: &[Item]) -> Result<Aligned, MetricsError> {
    let classes = scores.classes().len();
    let truth = items.iter().flat_map(|item| item.multi_hot(classes));
    let truth = truth.map(|v| v > 0.0).collect();
    Aligned::from_rows(scores, truth)
}

/// A model of the run, with the run's classes; it cuts clips of a fold as for out-of-fold scores.
fn open_model(path: &Path, run: &RunDir, of_fold: bool, device: &Device) -> Result<Model, PipelineError> {
    let source = ModelSource::read(path)?;
    let source = match of_fold {
        true => source.for_out_of_fold(),
        false => source,
    };
    let model = source.into_model(device)?;
    if model.classes() != run.classes.names() {
        return Err(PipelineError::Request(format!(
            "{}: its classes differ from those of {}; one of the two files was changed or belongs to another run",
            path.display(),
            run.path.join("classes.csv").display()
        )));
    }
    Ok(model)
}

/// The model of a step that was listed. None where a training that is still running has removed the checkpoint since, or
/// has found better weights in place of the best ones.
fn open_listed(
    (step, path): (u64, &Path),
    run: &RunDir,
    of_fold: bool,
    device: &Device,
) -> Result<Option<Model>, PipelineError> {
    match open_model(path, run, of_fold, device) {
        Err(_) if !path.exists() => Ok(None),
        Err(error) => Err(error),
        Ok(model) => {
            let is_best = path == checkpoint::best_path(&run.path);
            Ok((!is_best || model.meta().step == step).then_some(model))
        }
    }
}

/// The steps to evaluate, with their model files, ascending.
fn weights(run: &Path, which: Checkpoints) -> Result<Vec<(u64, PathBuf)>, PipelineError> {
    let Checkpoints::Every(every) = which else {
        let best = find_model(&run.to_string_lossy())?;
        return Ok(vec![(best_step(run)?, best)]);
    };
    let steps = checkpoint::list(run).map_err(|e| WriteError::new(run, e))?;
    if steps.is_empty() {
        return Err(RunError::NoWeights(run.into()).into());
    }
    let wanted = every_nth(&steps, every).into_iter();
    let mut wanted: Vec<(u64, PathBuf)> = wanted.map(|step| (step, checkpoint::path(run, step))).collect();
    // The results of a run are those of the weights that a prediction takes; not all checkpoints are kept.
    let best = checkpoint::best_path(run);
    if best.is_file() {
        let step = best_step(run)?;
        if wanted.iter().all(|(other, _)| *other != step) {
            let kept = checkpoint::path(run, step);
            wanted.push((step, if kept.is_file() { kept } else { best }));
            wanted.sort();
        }
    }
    Ok(wanted)
}

//! Hyperparameter search for stacking.

use super::SearchDimension;
use super::run_trial::ends_search;
use super::trial::{Trial, TrialState, folder_of};
use super::trials::{NestedResult, SearchedTrials, Trials};
use crate::{StackJob, out_of_fold, train_stack};
use earmark_engine::ValidationMetric;
use earmark_inference::shards::Shard;
use earmark_inference::{Observer, PipelineError};
use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
use earmark_recipe::StackRecipe;
use earmark_runs::experiment_log::{TrainingHistory, highest};
use earmark_runs::run_dir::{RunDir, fold_runs};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The search.
#[derive(Clone, Debug)]
pub struct StackSearchJob {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The runs whose scores are stacked, as [`input_names`](crate::input_names) names them.
    pub inputs: Vec<String>,
    /// Where the clips' labels are.
    pub data: Option<PathBuf>,
    /// The folder of the search.
    pub folder: PathBuf,
    /// Resume a search.
    pub resume: bool,
    /// Only these trials, each of which resumes: in several processes at a time, and summed up by a resumed search.
    pub shard: Option<Shard>,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// The default search space: that of argus-2019.
pub fn stack_space() -> Vec<SearchDimension> {
    let space = [
        "network.base=64,128,256,512",
        "network.reduction=1,2,4,8,16",
        "network.drop-prob=0.0..0.6",
        "train.learning-rate=1e-5..3e-3:log",
        "batches.size=32,64,128",
        "train.schedule.patience=2..10",
        "train.schedule.factor=0.5..0.9",
    ];
    let dimension = |text: &str| match text.contains("..") {
        true => SearchDimension::range(text),
        false => SearchDimension::list(text),
    };
    let space = space.map(|text| dimension(text).expect("a key and its values"));
    space.to_vec()
}

/// Trains a stacked network for every setting, or those of a shard, and compares them on validation clips, none of
/// which is a test clip of its fold; `None` when stopped. Trials that have already ended, failed ones too, are passed
/// over.
///
/// # Errors
/// Input runs or a run directory that can't be used, and files that can't be written.
pub fn search_stack(
    job: &StackSearchJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trials>, PipelineError> {
    let mut recipes = Vec::new();
    for setting in &job.settings {
        let overrides = [job.overrides.clone(), setting.clone()].concat();
        let mut recipe = StackRecipe::load(&job.recipe, &overrides)?;
        recipe.stack.inputs.clone_from(&job.inputs);
        recipes.push(recipe);
    }
    let Some(metric) = recipes.first().map(|r| r.validation.metric) else {
        return Err(PipelineError::Request(
            "nothing to try: --search must be at least 1".into(),
        ));
    };
    refuse_test_clips(&recipes)?;
    let _lock = match job.shard {
        None => Some(RunDir::lock_folder(&job.folder, job.resume)?),
        Some(_) => None,
    };
    let compared_by = "the mean over folds of their validation clips (validation.split)".to_owned();
    let all = Trials::new(metric.name(), compared_by, recipes.len());
    let toml = |index: usize| recipes[index].to_toml();
    let run = |index: usize, _: &[Trial]| run_trial(job, recipes[index].clone(), index, observer, stop);
    let search = SearchedTrials {
        folder: &job.folder,
        settings: &job.settings,
        shard: job.shard,
    };
    let Some(mut all) = all.run(&search, observer, toml, run)? else {
        return Ok(None);
    };
    if job.shard.is_none() {
        all.nested = nested(job, &all, metric, observer, stop)?;
        all.write(&job.folder)?;
    }
    Ok(Some(all))
}

/// Trials are compared on validation clips; test clips do not choose settings.
fn refuse_test_clips(recipes: &[StackRecipe]) -> Result<(), PipelineError> {
    use earmark_engine::ValidationSplit::{None, TestFold};
    let mut splits = recipes.iter().map(|r| r.validation.split);
    if splits.any(|split| matches!(split, None | TestFold)) {
        let message = "validation.split: trials must be compared on validation clips outside the test fold; set \
                       validation.split={kind=\"hold-out\",fraction=0.1}";
        return Err(PipelineError::Request(message.into()));
    }
    Ok(())
}

/// Runs a trial; `None` when stopped.
fn run_trial(
    job: &StackSearchJob,
    mut recipe: StackRecipe,
    index: usize,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trial>, PipelineError> {
    let (number, setting) = (index + 1, &job.settings[index]);
    let run = job.folder.join(folder_of(number));
    let metric = recipe.validation.metric;
    recipe.validation.split = recipe.validation.split.with_any_clips();
    let work = StackJob {
        recipe,
        data: job.data.clone(),
        run: run.clone(),
        resume: run.exists(),
        device: job.device.clone(),
        command: job.command.clone(),
    };
    let trained = match train_stack(&work, observer, stop) {
        // Requests are about the inputs, which are those of every trial.
        Err(e) if !ends_search(&e) && !matches!(e, PipelineError::Request(_)) => {
            let reason = e.to_string();
            let trial = Trial::new(number, setting, TrialState::Failed { reason }, Vec::new());
            return Ok(Some(trial));
        }
        trained => trained?,
    };
    let Some(report) = trained.report else {
        return Ok(None);
    };
    let trial = Trial::new(number, setting, TrialState::Done, validations(&run, metric)?);
    Ok(Some(Trial {
        test_score: metric.of(&report.pooled),
        skipped: trained.skipped,
        damaged: trained.damaged,
        ..trial
    }))
}

/// The best validation of each fold, ascending by fold.
fn validations(set: &Path, metric: ValidationMetric) -> Result<Vec<f64>, PipelineError> {
    let best = |run: &Path| highest(TrainingHistory::read(run).validation_of(metric)).map(|(_, score)| score);
    Ok(fold_runs(set)?.iter().filter_map(|(_, run)| best(run)).collect())
}

/// The nested score of the search: each fold is scored by the trial that its own validation clips choose.
fn nested(
    job: &StackSearchJob,
    all: &Trials,
    metric: ValidationMetric,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<NestedResult>, PipelineError> {
    let done = all.trials.iter().filter(|t| t.state == TrialState::Done);
    let done: Vec<&Trial> = done.collect();
    let Some(first) = done.first() else {
        return Ok(None);
    };
    let folds = fold_runs(&job.folder.join(&first.folder))?;
    let mut chosen = Vec::new();
    for (k, (fold, _)) in folds.iter().enumerate() {
        let complete = done.iter().filter(|t| t.scores.len() == folds.len());
        let best = complete.reduce(|a, b| if b.scores[k] > a.scores[k] { b } else { a });
        let Some(best) = best else { return Ok(None) };
        chosen.push((*fold, best.number));
    }
    let (mut files, mut values, mut truth, mut classes) = (vec![], vec![], vec![], vec![]);
    for trial in &done {
        if chosen.iter().all(|(_, number)| *number != trial.number) {
            continue;
        }
        let set = job.folder.join(&trial.folder);
        let Some(oof) = out_of_fold(&set, job.data.as_deref(), &job.device, observer, stop)? else {
            return Ok(None);
        };
        let clips = oof
            .aligned()?
            .select(|clip| chosen.contains(&(oof.folds[clip], trial.number)))?;
        classes = clips.classes().to_vec();
        files.extend_from_slice(clips.files());
        for (scores, marks) in clips.rows() {
            values.extend_from_slice(scores);
            truth.extend_from_slice(marks);
        }
    }
    let aligned = Aligned::from_rows(ScoreTable::new(files, classes, values)?, truth)?;
    let report = Report::of(&aligned, &ReportOptions::default())?;
    Ok(Some(NestedResult {
        chosen,
        test_score: metric.of(&report),
    }))
}

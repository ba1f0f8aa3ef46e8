//! Hyperparameter search: many trainings of one recipe with different values of some keys, compared on validation
//! clips.
//!
//! A trial's score is the best validation of its training, on clips that the recipe splits off (`validation.split`), or
//! the mean of that over inner folds. No trial sees the test fold (`--fold K`); the best setting is evaluated there
//! once, afterwards.

mod plan_and_refusals;
mod run_trial;
mod search_space;
mod stack_search;
mod trial;
mod trials;

pub use plan_and_refusals::{TunePlan, plan};
pub use search_space::{SearchDimension, SearchValues, SpaceError, grid, random};
pub use stack_search::{StackSearchJob, search_stack, stack_space};
pub use trial::{Trial, TrialState, folder_of};
pub use trials::{NestedResult, Trials};

use earmark_inference::shards::Shard;
use earmark_inference::{Event, Observer, PipelineError};
use earmark_recipe::Recipe;
use earmark_runs::experiment_log::{Points, TrainingHistory};
use earmark_runs::run_dir::RunDir;
use plan_and_refusals::check_data;
use run_trial::run_trial;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use trials::SearchedTrials;

/// The search.
#[derive(Clone, Debug)]
pub struct TuneJob {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The data folder.
    pub data: PathBuf,
    /// Folder of the search.
    pub folder: PathBuf,
    /// The test fold, which no trial sees.
    pub fold: Option<u32>,
    /// A fold table, if the data has no folds or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// Number of inner folds; trials are then compared by the mean over them instead of on the recipe's validation
    /// clips.
    pub inner_folds: Option<u32>,
    /// Whether trials that are worse than the median of earlier ones are abandoned.
    pub abandon: bool,
    /// Resume a search.
    pub resume: bool,
    /// Only these trials, each of which resumes: in several processes at a time, and summed up by a resumed search.
    pub shard: Option<Shard>,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// Trains every trial, or those of a shard, and compares them; `None` when stopped. Trials that have already ended,
/// failed ones too, are passed over. Clips that are left out are named once.
///
/// # Errors
/// Data or a run directory that can't be used, and files that can't be written. A trial that fails is noted and ends
/// alone.
pub fn tune(job: &TuneJob, observer: Observer, stop: &AtomicBool) -> Result<Option<Trials>, PipelineError> {
    let plan = plan(job)?;
    check_data(job, &plan.recipes)?;
    // Shards write nothing that another one writes; each trial has a lock of its own.
    let _lock = match job.shard {
        None => Some(RunDir::lock_folder(&job.folder, job.resume)?),
        Some(_) => None,
    };
    let all = Trials::new(plan.metric.name(), plan.compared_by, job.settings.len());
    let (recipes, mut curves, mut seen) = (plan.recipes, Vec::<Points>::new(), 0);
    let toml = |index: usize| recipes[index].as_ref().map(Recipe::to_toml).unwrap_or_default();
    let curve = |trial: &Trial| {
        let history = TrainingHistory::read(&job.folder.join(&trial.folder));
        for problem in &history.problems {
            observer(Event::Note(format!("{}: {problem}", trial.folder)));
        }
        history.validation_of(plan.metric).clone()
    };
    let named = Mutex::new(BTreeSet::new());
    let once = |event: Event| match event {
        Event::Skipped { file, .. } if !is_new(&named, file) => {}
        event => observer(event),
    };
    let run = |index: usize, before: &[Trial]| -> Result<Option<Trial>, PipelineError> {
        let done = before[seen..].iter().filter(|t| t.state == TrialState::Done);
        curves.extend(done.map(curve));
        seen = before.len();
        run_trial(job, index, &recipes[index], &curves, &once, stop)
    };
    let search = SearchedTrials {
        folder: &job.folder,
        settings: &job.settings,
        shard: job.shard,
    };
    all.run(&search, &once, toml, run)
}

/// Whether a file has not been named yet.
fn is_new(named: &Mutex<BTreeSet<String>>, file: &str) -> bool {
    let mut named = named.lock().unwrap_or_else(PoisonError::into_inner);
    named.insert(file.to_owned())
}

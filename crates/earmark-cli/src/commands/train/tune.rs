//! `earmark tune`

use super::resume::{given_command, resume_with, run_folder};
use super::search::{SearchSpace, finish, finish_shard, list, refuse_set_again};
use crate::args::{TrainingShardArgs, count_to};
use crate::prelude::*;
use earmark::Recipe;
use earmark::train::tuning::{self, SearchDimension, grid, random};
use std::num::NonZeroUsize;

/// Search for settings: train a recipe many times and compare on validation clips
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark tune folder --data sounds --fold 1 --grid train.learning-rate=1e-4,1e-3\n  \
    earmark tune my.toml --data sounds --random 20 --range train.learning-rate=1e-4..1e-2:log\n\n\
    Each trial is a run in a folder of its own (trial-001, ...). trials.json lists the trials, best.toml is the recipe \
    of the best one. A trial that fails is marked and passed over, also with --resume; the exit status is then 2. \
    No trial sees the test fold (--fold): train best.toml on it once at the end, and evaluate."
)]
pub struct Tune {
    /// Recipe file, or name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The folder of the search; default: a new numbered folder under runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Try every combination of the values of these keys
    #[arg(long, value_name = "KEY=V1,V2,...", value_parser = list)]
    #[arg(conflicts_with_all = ["random", "range", "choice"], required_unless_present = "random")]
    pub grid: Vec<SearchDimension>,
    /// Try N random settings, drawn from --range and --choice
    #[arg(long, value_name = "N", value_parser = count_to::<10_000>)]
    pub random: Option<NonZeroUsize>,
    #[command(flatten)]
    pub space: SearchSpace,
    /// Test fold, which no trial sees
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Compare by the mean over N folds of the remaining clips instead of the recipe's validation clips
    #[arg(long, value_name = "N")]
    pub inner_folds: Option<u32>,
    /// Stop trials that are worse than half of the earlier ones at the same step
    #[arg(long, conflicts_with = "inner_folds")]
    pub abandon: bool,
    /// Resume an interrupted search
    #[arg(long, requires = "run")]
    pub resume: bool,
    #[command(flatten)]
    pub shard: TrainingShardArgs,
    /// List the trials without training
    #[arg(long)]
    pub dry_run: bool,
    /// Print the trials as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Searches, or lists what a search would try.
pub fn run(args: Tune, console: &Console) -> anyhow::Result<Status> {
    let (settings, shard) = (settings(&args)?, args.shard.shard()?);
    if shard.is_some() && args.dry_run {
        bail!("--dry-run lists the trials of all shards; leave --shard out");
    }
    let named = args.run.is_some();
    let name = match args.run {
        Some(_) => String::new(),
        None => Recipe::load(&args.recipe, &args.overrides.set)?.name + "-tune",
    };
    let job = tuning::TuneJob {
        recipe: args.recipe,
        overrides: args.damaged.after(args.read.overrides(&args.overrides.set)?),
        settings,
        data: args.data,
        folder: run_folder(args.run, &name),
        fold: args.fold,
        fold_table: args.fold_table,
        inner_folds: args.inner_folds,
        abandon: args.abandon,
        resume: args.resume,
        shard,
        device: args.compute.device,
        command: given_command(),
    };
    let plan = tuning::plan(&job)?;
    if args.dry_run {
        let (metric, compared_by) = (plan.metric.name(), &plan.compared_by);
        let result = || json!({ "metric": metric, "judged_by": compared_by, "settings": job.settings });
        print_as(args.json, result, || {
            let trials = job.settings.iter().enumerate();
            let trials =
                trials.map(|(k, setting)| format!("trial {:3}  {}\n", k + 1, one_line(&setting.join("  "))));
            format!(
                "{}compared by {metric} on {compared_by}",
                trials.collect::<String>()
            )
        })?;
        return Ok(Status::Done);
    }
    let resume = resume_with(&job.folder, named, job.resume);
    let found = console.run(&resume, |show, stop| tuning::tune(&job, show, stop))?;
    match shard {
        Some(shard) => finish_shard(&found, shard, args.json),
        None => finish(&found, &job.folder, args.json),
    }
}

/// The settings to try.
fn settings(args: &Tune) -> anyhow::Result<Vec<Vec<String>>> {
    let settings = match args.random {
        None => grid(&args.grid)?,
        Some(count) => {
            let space = args.space.dimensions();
            if space.is_empty() {
                bail!("--random: nothing to draw from; give --range KEY=LOW..HIGH or --choice KEY=V1,V2");
            }
            random(&space, count.get(), args.space.seed)
        }
    };
    let keys = settings.iter().flatten();
    let keys = keys.filter_map(|setting| Some(setting.split_once('=')?.0));
    refuse_set_again(&args.overrides.set, keys)?;
    Ok(settings)
}

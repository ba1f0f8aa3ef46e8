//! `earmark train`

use super::resume::{given_command, resume_note, run_folder};
use super::{cross_validate, dry_run};
use crate::args::TrainingShardArgs;
use crate::prelude::*;
use earmark::Recipe;
use earmark::engine::ParameterPrefixes;
use earmark::train::{self, FoldSet};
use std::time::Instant;

/// Train a recipe on a data folder
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark train dcase2019-baseline/esc10 --data ESC-10 --fold 1\n  \
    earmark train my.toml --data sounds --run runs/a --set train.epochs=20\n  \
    earmark train my.toml --data sounds --run runs/a --resume\n  \
    earmark train dcase2019-baseline/esc10 --data ESC-10 --run runs/cv --folds all\n  \
    earmark train dcase2019-baseline/esc10 --data ESC-10 --run runs/cv --folds all --shard auto\n\n\
    Ctrl-C stops training after the current step (or validation batch) and saves the weights as an extra checkpoint. \
    With --resume, training continues exactly there and ends with the same weights as without the interruption. \
    --resume with a larger train.epochs or train.steps trains for longer, unless the schedule is a cosine, which ends \
    with the run.\n\n\
    Clips of a subset named test, testing, eval or evaluation are not trained on unless data.subsets names it, and \
    neither are clips without labels."
)]
pub struct Train {
    /// Recipe file, or name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The run directory; default: a new numbered folder under runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// Hold out this fold as the test fold
    #[arg(long)]
    pub fold: Option<u32>,
    /// Cross-validate: train and evaluate these folds in turn, each in its own run under the run directory (all, or
    /// 1,3,5)
    #[arg(long, value_name = "all|K,K,...", conflicts_with_all = ["fold"])]
    pub folds: Option<FoldSet>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub shard: TrainingShardArgs,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Resume an interrupted run, or train it for longer
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Warm start from the weights of a model: MODEL.safetensors, RUN or RUN@STEP
    #[arg(long, value_name = "MODEL")]
    pub init_from: Option<String>,
    /// Transfer only parameters whose names start with one of these prefixes
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', requires = "init_from")]
    pub include: Vec<String>,
    /// Do not transfer parameters whose names start with one of these prefixes
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', requires = "init_from")]
    pub exclude: Vec<String>,
    /// Print the plan (classes, network, memory, disk, time) without training
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome (or the plan) as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Trains, or prints what training would do.
pub fn run(args: Train, console: &Console) -> anyhow::Result<Status> {
    let mut recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    recipe.set_data(args.damaged.over(args.read.over(&recipe.data)?));
    let (named, shard) = (args.run.is_some(), args.shard.shard()?);
    if shard.is_some() && (args.folds.is_none() || args.dry_run) {
        bail!("--shard: shares the folds of a training; add --folds all, and leave --dry-run out");
    }
    let job = train::TrainJob {
        run: run_folder(args.run, &recipe.name),
        recipe,
        data: args.data,
        fold: args.fold,
        fold_table: args.fold_table,
        init_from: args.init_from,
        prefixes: ParameterPrefixes {
            include: args.include,
            exclude: args.exclude,
        },
        resume: args.resume,
        device: args.compute.device,
        command: given_command(),
    };
    if args.dry_run {
        return dry_run::run(&job, args.folds.as_ref(), args.json);
    }
    let resume = resume_note(&job, named);
    if let Some(folds) = &args.folds {
        return cross_validate::run(&job, (folds, shard), args.json, resume, console);
    }
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = train::train(&job, &|e| console.show(e), &stop)?;
    let (outcome, seconds) = (&trained.outcome, start.elapsed().as_secs_f64());
    let result = || {
        json!({
            "run": trained.run, "step": outcome.step, "total": outcome.total, "interrupted": outcome.interrupted,
            "stopped_early": outcome.stopped_early, "best": outcome.best, "seconds": seconds,
            "warnings": trained.warnings, "skipped": trained.skipped, "damaged": trained.damaged, "waited_for_data": {
                "share": outcome.throughput.waiting_share(), "seconds": outcome.throughput.waited,
                "first_batch_seconds": outcome.throughput.first_wait, "step_seconds": outcome.throughput.seconds,
            },
        })
    };
    print_as(args.json, result, || {
        let metric = job.recipe.validation.metric.name();
        let best = outcome.best.map_or(String::new(), |best| {
            format!(
                ", best {metric} {:.4} at step {} (of the validation clips that chose it)",
                best.score, best.step
            )
        });
        let (step, total, time) = (outcome.step, outcome.total, human_duration(seconds));
        let (run, cautions) = (shown(&trained.run), cautions(&trained.warnings));
        format!("step {step} of {total} after {time}{best}\n{cautions}run: {run}")
    })?;
    match outcome.interrupted {
        true => bail!(Stopped(resume)),
        false => Ok(Status::of_skips(trained.skipped.len() + trained.damaged.len())),
    }
}

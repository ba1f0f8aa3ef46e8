//! `earmark stack`

use super::resume::{given_command, resume_with, run_folder};
use super::search::{SearchSpace, finish, finish_shard, refuse_set_again, sets};
use crate::args::{TrainingShardArgs, count_to};
use crate::commands::fold_and_layer_tables::fold_table;
use crate::prelude::*;
use earmark::recipe::StackRecipe;
use earmark::train;
use earmark::train::tuning::{SearchDimension, StackSearchJob, random, search_stack, stack_space};
use std::num::NonZeroUsize;

/// Train a stacking model on the out-of-fold scores of several cross-validation runs
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark stack runs/a runs/b runs/c --run runs/stack\n  \
    earmark stack runs/a runs/b --run runs/search --random 20\n  \
    earmark stack runs/a runs/b --recipe runs/search/best.toml --run runs/stack --resume\n\n\
    The run of fold K is trained on the other folds and evaluated on fold K. Then \
    `earmark predict runs/stack --data DIR` scores recordings with the stacked runs and the stacking model, and \
    `earmark predict runs/stack --out-of-fold` gives the stacking model's own out-of-fold scores."
)]
pub struct Stack {
    /// Cross-validation runs of the base models (`earmark train --folds all`), all with the same folds
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// Stacking recipe: a file, or name of a built-in recipe
    #[arg(long, default_value = "argus-2019/2-stack")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Folder for its runs, one per fold; default: a new numbered folder under runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was when the first input was trained
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Resume an interrupted run
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Try N random settings, each in a folder of its own (trial-001, ...); best.toml is the recipe of the best one
    #[arg(long, alias = "search", value_name = "N", value_parser = count_to::<10_000>)]
    pub random: Option<NonZeroUsize>,
    #[command(flatten)]
    pub shard: TrainingShardArgs,
    #[command(flatten)]
    pub space: SearchSpace,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Trains a stacking model, or searches for its settings.
pub fn run(args: Stack, console: &Console) -> anyhow::Result<Status> {
    let inputs = train::input_names(&args.inputs)?;
    let mut recipe = StackRecipe::load(&args.recipe, &args.overrides.set)?;
    let run = run_folder(args.run.clone(), &recipe.name);
    if let Some(count) = args.random {
        return search(args, count.get(), inputs, run, console);
    }
    if args.shard.shard()?.is_some() {
        bail!("--shard: shares the trials of a search; add --random N, or leave it out");
    }
    if !args.space.dimensions().is_empty() {
        bail!("--range and --choice are for a search: add --random N, or set one value with --set");
    }
    recipe.stack.inputs = inputs;
    let named = args.run.is_some();
    let job = train::StackJob {
        recipe,
        data: args.data,
        run,
        resume: args.resume,
        device: args.compute.device,
        command: given_command(),
    };
    let resume = resume_with(&job.run, named, job.resume);
    let (report, skipped, damaged) = console.run(&resume, |show, stop| {
        let trained = train::train_stack(&job, show, stop)?;
        let (skipped, damaged) = (trained.skipped, trained.damaged);
        Ok(trained.report.map(|report| (report, skipped, damaged)))
    })?;
    let result = || json!({ "run": job.run, "report": report, "skipped": skipped, "damaged": damaged });
    print_as(args.json, result, || {
        let optimistic = match report.optimistic {
            true => "OPTIMISTIC: the test clips drove this training or that of an input\n",
            false => "",
        };
        let (table, run) = (fold_table(&report), shown(&job.run));
        format!("{table}{optimistic}{}run: {run}", cautions(&report.warnings))
    })?;
    Ok(Status::of_skips(skipped.len() + damaged.len()))
}

fn search(
    args: Stack,
    count: usize,
    inputs: Vec<String>,
    folder: PathBuf,
    console: &Console,
) -> anyhow::Result<Status> {
    let (space, shard) = (space(&args)?, args.shard.shard()?);
    let named = args.run.is_some();
    let job = StackSearchJob {
        recipe: args.recipe,
        overrides: args.overrides.set,
        settings: random(&space, count, args.space.seed),
        inputs,
        data: args.data,
        folder,
        resume: args.resume,
        shard,
        device: args.compute.device,
        command: given_command(),
    };
    let resume = resume_with(&job.folder, named, job.resume);
    let found = console.run(&resume, |show, stop| search_stack(&job, show, stop))?;
    match shard {
        Some(shard) => finish_shard(&found, shard, args.json),
        None => finish(&found, &job.folder, args.json),
    }
}

/// What is searched: what the command line names, or else everything that it does not set.
fn space(args: &Stack) -> anyhow::Result<Vec<SearchDimension>> {
    let mut space = args.space.dimensions();
    if space.is_empty() {
        space = stack_space();
        space.retain(|dimension| !args.overrides.set.iter().any(|set| sets(set, &dimension.key)));
    }
    refuse_set_again(&args.overrides.set, space.iter().map(|d| d.key.as_str()))?;
    Ok(space)
}

//! `earmark stack`

use super::resume::given_command;
use super::search::{print_trials, refuse_no_best, refuse_set_again, sets};
use crate::args::Stack;
use crate::commands::tables::fold_table;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::{Interrupted, Status};
use anyhow::bail;
use earmark::metrics::number;
use earmark::recipe::StackRecipe;
use earmark::runs::run_dir::fresh;
use earmark::train;
use earmark::train::tuning::{Dimension, SearchStack, random, search_stack, stack_space};
use std::path::{Path, PathBuf};

/// Trains a stacking model, or searches for its settings.
pub fn run(args: Stack, console: &Console) -> anyhow::Result<Status> {
    let inputs = train::input_names(&args.inputs)?;
    let mut recipe = StackRecipe::load(&args.recipe, &args.overrides.set)?;
    let run = args
        .run
        .clone()
        .unwrap_or_else(|| fresh(Path::new("runs"), &recipe.name));
    if let Some(count) = args.random {
        return search(args, count.get(), inputs, run, console);
    }
    if !args.space.dimensions().is_empty() {
        bail!("--range and --choice are for a search: add --random N, or set one value with --set");
    }
    recipe.stack.inputs = inputs;
    let job = train::StackJob {
        recipe,
        data: args.data,
        run,
        resume: args.resume,
        device: args.compute.device,
        command: given_command(),
    };
    let stop = console.stop_flag()?;
    let trained = train::train_stack(&job, &|e| console.show(e), &stop);
    let trained = console.finished(trained.map(Some), &resume_note(&job.run))?;
    let Some(report) = &trained.report else {
        console.note(format!("interrupted; {}", resume_note(&job.run)));
        return Err(Interrupted.into());
    };
    if args.json {
        print_json(&serde_json::json!({ "run": job.run, "report": report, "skipped": trained.skipped }))?;
    } else {
        print(fold_table(report).trim_end())?;
        if report.optimistic {
            print("OPTIMISTIC: the test clips drove this training or that of an input")?;
        }
        print(format!("run: {}", job.run.display()))?;
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

fn resume_note(run: &Path) -> String {
    format!(
        "resume with the same command and --run {} --resume",
        run.display()
    )
}

fn search(
    args: Stack,
    count: usize,
    inputs: Vec<String>,
    folder: PathBuf,
    console: &Console,
) -> anyhow::Result<Status> {
    let space = space(&args)?;
    let job = SearchStack {
        recipe: args.recipe,
        overrides: args.overrides.set,
        settings: random(&space, count, args.space.seed),
        inputs,
        data: args.data,
        folder,
        resume: args.resume,
        device: args.compute.device,
        command: given_command(),
    };
    let stop = console.stop_flag()?;
    let found = search_stack(&job, &|e| console.show(e), &stop);
    let found = console.finished(found, &resume_note(&job.folder))?;
    if args.json {
        print_json(&found)?;
    } else {
        print_trials(&found, &job.folder)?;
        if let Some(nested) = &found.nested {
            print(format!(
                "the search itself, each fold evaluated with the setting that its own validation clips chose: {} {}",
                found.metric,
                number(nested.judged)
            ))?;
        }
    }
    refuse_no_best(&found, &job.folder)?;
    Ok(Status::Done)
}

/// What is searched: what the command line names, or else everything that it does not set.
fn space(args: &Stack) -> anyhow::Result<Vec<Dimension>> {
    let mut space = args.space.dimensions();
    if space.is_empty() {
        space = stack_space();
        space.retain(|dimension| !args.overrides.set.iter().any(|set| sets(set, &dimension.key)));
    }
    refuse_set_again(&args.overrides.set, space.iter().map(|d| d.key.as_str()))?;
    Ok(space)
}

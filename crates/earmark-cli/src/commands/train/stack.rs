//! `earmark stack`

use super::tune::{refuse_set_again, set_again};
use crate::Status;
use crate::args::{Global, Stack};
use crate::console::{Console, command_line, out, out_json};
use anyhow::bail;
use earmark::inference::Event;
use earmark::metrics::number;
use earmark::recipe::StackRecipe;
use earmark::runs::run_dir::fresh;
use earmark::train::tuning::{SearchStack, random, search_stack, stack_space};
use std::path::{Path, PathBuf};

/// Trains a second level, or searches for its settings.
pub fn run(args: Stack, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let inputs = earmark::train::input_names(&args.inputs)?;
    let mut recipe = StackRecipe::load(&args.recipe, &args.overrides.set)?;
    let run = args
        .run
        .clone()
        .unwrap_or_else(|| fresh(Path::new("runs"), &recipe.name));
    if args.search.is_some() {
        return search(args, inputs, run, global, console);
    }
    if !args.space.dimensions().is_empty() {
        bail!("--range and --choice: say what is searched; add --search N, or set one value by --set");
    }
    recipe.stack.inputs = inputs;
    let job = earmark::train::StackJob {
        recipe,
        data: args.data,
        run,
        resume: args.resume,
        device: global.device.clone(),
        command: command_line(),
    };
    let stop = console.stop_flag()?;
    let trained = match earmark::train::train_stack(&job, &|e: Event| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        trained => Some(trained?),
    };
    let place = job.run.display();
    let Some((report, trained)) = trained.as_ref().and_then(|t| Some((t.report.as_ref()?, t))) else {
        console.note(format!(
            "interrupted; go on by the same command with --run {place} --resume"
        ));
        return Ok(Status::Interrupted);
    };
    if args.json {
        out_json(&serde_json::json!({ "run": job.run, "report": report, "skipped": trained.skipped }))?;
    } else {
        out(super::train_folds::table(report).trim_end())?;
        if report.optimistic {
            out("OPTIMISTIC: judged clips steered this level or one of its inputs")?;
        }
        out(format!("run: {place}"))?;
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

fn search(
    args: Stack,
    inputs: Vec<String>,
    folder: PathBuf,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Status> {
    let mut space = args.space.dimensions();
    let own = !space.is_empty();
    if !own {
        // What the command line says stands, and the rest is searched.
        space = stack_space();
        space.retain(|dimension| {
            !args
                .overrides
                .set
                .iter()
                .any(|set| set_again(set, &dimension.key))
        });
    }
    refuse_set_again(
        &args.overrides.set,
        space.iter().map(|dimension| dimension.key.as_str()),
    )?;
    let count = args.search.map_or(0, std::num::NonZeroUsize::get);
    let job = SearchStack {
        recipe: args.recipe,
        overrides: args.overrides.set,
        settings: random(&space, count, args.space.seed),
        inputs,
        data: args.data,
        folder,
        resume: args.resume,
        device: global.device.clone(),
        command: command_line(),
    };
    let stop = console.stop_flag()?;
    let found = match search_stack(&job, &|e: Event| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        found => found?,
    };
    let Some(found) = found else {
        console.note(format!(
            "interrupted; go on by the same command with --run {} --resume",
            job.folder.display()
        ));
        return Ok(Status::Interrupted);
    };
    if args.json {
        out_json(&found)?;
    } else {
        super::tune::tell(&found, &job.folder)?;
        if let Some(nested) = &found.nested {
            out(format!(
                "the search itself, each fold judged by the setting that its own validation clips chose: {} {}",
                found.metric,
                number(nested.judged)
            ))?;
        }
    }
    if found.best.is_none() {
        bail!(
            "no trial came to its end; {} has the reasons",
            job.folder.join("trials.json").display()
        );
    }
    Ok(Status::Done)
}

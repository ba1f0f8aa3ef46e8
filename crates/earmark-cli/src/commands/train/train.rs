//! `earmark train`

use crate::Status;
use crate::args::{Global, Train};
use crate::console::{Console, command_line, out, out_json};
use earmark::Recipe;
use earmark::engine::ParameterPrefixes;
use earmark::report::{human_bytes, human_duration};
use earmark::runs::run_dir::fresh;
use earmark::train::Plan;
use std::path::Path;
use std::time::Instant;

/// Trains, or says what training would do.
pub fn run(args: Train, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    let run = args
        .run
        .clone()
        .unwrap_or_else(|| fresh(Path::new("runs"), &recipe.name));
    let job = earmark::train::TrainJob {
        recipe,
        data: args.data.clone(),
        run,
        fold: args.fold,
        fold_table: args.fold_table.clone(),
        init_from: args.init_from.clone(),
        prefixes: ParameterPrefixes {
            include: args.include.clone(),
            exclude: args.exclude.clone(),
        },
        resume: args.resume,
        device: global.device.clone(),
        command: command_line(),
    };
    if args.dry_run {
        return dry_run(&job, &args, global);
    }
    if let Some(set) = &args.folds {
        return super::train_folds::run(&args, &job, set, console);
    }
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = match earmark::train::train(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => {
            console.note(e);
            return Ok(Status::Interrupted);
        }
        trained => trained?,
    };
    let outcome = &trained.outcome;
    let run = trained.run.display();
    if args.json {
        out_json(&serde_json::json!({
            "run": trained.run, "step": outcome.step, "total": outcome.total, "interrupted": outcome.interrupted,
            "stopped_early": outcome.stopped_early, "best": outcome.best, "seconds": start.elapsed().as_secs_f64(),
            "skipped": trained.skipped, "waited_for_data": {
                "share": outcome.throughput.waiting_share(), "seconds": outcome.throughput.waited,
                "first_batch_seconds": outcome.throughput.first_wait, "step_seconds": outcome.throughput.seconds,
            },
        }))?;
    } else {
        let best = outcome.best.map_or(String::new(), |b| {
            format!(
                ", best {} {:.4} at step {}",
                job.recipe.validation.metric.name(),
                b.score,
                b.step
            )
        });
        out(format!(
            "step {} of {} after {}{best}",
            outcome.step,
            outcome.total,
            human_duration(start.elapsed().as_secs_f64())
        ))?;
        out(format!("run: {run}"))?;
    }
    if outcome.interrupted {
        console.note(format!(
            "interrupted; go on with: {}",
            go_on(&args, command_line().into_iter().skip(1), &run.to_string())
        ));
        return Ok(Status::Interrupted);
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

/// The command line that goes on with a run: as it was given, since settings must be the same again.
pub(super) fn go_on(args: &Train, given: impl Iterator<Item = String>, run: &str) -> String {
    let mut words: Vec<String> = std::iter::once("earmark".to_owned()).chain(given).collect();
    if args.run.is_none() {
        words.extend(["--run".to_owned(), run.to_owned()]);
    }
    if !args.resume {
        words.push("--resume".into());
    }
    earmark_core::text::command_line(&words)
}

fn dry_run(job: &earmark::train::TrainJob, args: &Train, global: &Global) -> anyhow::Result<Status> {
    let recipe = &job.recipe;
    let table = args.fold_table.as_deref();
    let folds = match &args.folds {
        Some(set) => earmark::train::folds_of(recipe, &args.data, table, set)?,
        None => Vec::new(),
    };
    // Of several folds the first one stands for all: they differ by a few clips.
    let plan = earmark::train::plan(job, args.fold.or(folds.first().copied()))?;
    let cost = earmark::train::estimate(recipe, &plan, &args.data, &global.device)?;
    if args.json {
        let mut told = serde_json::json!({ "plan": plan, "estimate": cost, "recipe": recipe });
        if !folds.is_empty() {
            told["folds"] = folds.into();
        }
        out_json(&told)?;
        return Ok(Status::Done);
    }
    let Plan {
        train,
        validation,
        judged,
        example: [c, b, f],
        ..
    } = &plan;
    out(format!("{}: {}", recipe.name, recipe.description))?;
    out(format!(
        "clips       {train} to train on, {validation} for validation, {judged} kept for judging"
    ))?;
    out(format!(
        "classes     {}: {}",
        plan.classes.len(),
        plan.classes.join(", ")
    ))?;
    out(format!("example     {c} x {b} bands x {f} frames"))?;
    out("")?;
    out(crate::commands::run::models::network_table(&plan.network))?;
    out(format!(
        "parameters  {} trainable, {} in all (BatchNorm and biases included)",
        plan.trainable, plan.parameters
    ))?;
    for line in &plan.start {
        out(format!("start       {line}"))?;
    }
    for line in plan.phases.iter().chain(&plan.class_weights) {
        out(format!("learning    {line}"))?;
    }
    out("")?;
    out(format!(
        "steps       about {} of about {} an epoch (exact once the audio is read)",
        cost.steps, cost.steps_per_epoch
    ))?;
    out(format!(
        "memory      about {} for a training step, {} for features",
        human_bytes(cost.step_bytes),
        human_bytes(cost.feature_bytes)
    ))?;
    out(format!(
        "disk        {} a checkpoint, about {} for the run, {} for cached features",
        human_bytes(plan.checkpoint_bytes),
        human_bytes(cost.run_bytes),
        human_bytes(cost.cache_bytes)
    ))?;
    out(format!(
        "time        about {} (a step takes {:.2} s here)",
        human_duration(cost.seconds),
        cost.step_seconds
    ))?;
    if !folds.is_empty() {
        let names: Vec<String> = folds.iter().map(u32::to_string).collect();
        out(format!(
            "folds       {}: all of this for each, about {} together",
            names.join(", "),
            human_duration(cost.seconds * folds.len() as f64)
        ))?;
    }
    Ok(Status::Done)
}

//! `earmark train`

use super::resume::{given_command, interrupted};
use super::{cross_validate, dry_run};
use crate::args::Train;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::{Interrupted, Status};
use earmark::Recipe;
use earmark::engine::ParameterPrefixes;
use earmark::runs::run_dir::fresh;
use earmark::train;
use earmark_core::human::human_duration;
use std::path::Path;
use std::time::Instant;

/// Trains, or prints what training would do.
pub fn run(args: &Train, console: &Console) -> anyhow::Result<Status> {
    let job = job(args)?;
    if args.dry_run {
        return dry_run::run(&job, args);
    }
    if let Some(folds) = &args.folds {
        return cross_validate::run(args, &job, folds, console);
    }
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = match train::train(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => {
            console.note(e);
            return Err(Interrupted.into());
        }
        trained => trained?,
    };
    let (outcome, seconds) = (&trained.outcome, start.elapsed().as_secs_f64());
    if args.json {
        print_json(&serde_json::json!({
            "run": trained.run, "step": outcome.step, "total": outcome.total, "interrupted": outcome.interrupted,
            "stopped_early": outcome.stopped_early, "best": outcome.best, "seconds": seconds,
            "skipped": trained.skipped, "waited_for_data": {
                "share": outcome.throughput.waiting_share(), "seconds": outcome.throughput.waited,
                "first_batch_seconds": outcome.throughput.first_wait, "step_seconds": outcome.throughput.seconds,
            },
        }))?;
    } else {
        let metric = job.recipe.validation.metric.name();
        let best = outcome.best.map_or(String::new(), |best| {
            format!(", best {metric} {:.4} at step {}", best.score, best.step)
        });
        print(format!(
            "step {} of {} after {}{best}\nrun: {}",
            outcome.step,
            outcome.total,
            human_duration(seconds),
            trained.run.display()
        ))?;
    }
    if outcome.interrupted {
        return interrupted(args, &trained.run, console);
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

fn job(args: &Train) -> anyhow::Result<train::TrainJob> {
    let recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    Ok(train::TrainJob {
        run: args
            .run
            .clone()
            .unwrap_or_else(|| fresh(Path::new("runs"), &recipe.name)),
        recipe,
        data: args.data.clone(),
        fold: args.fold,
        fold_table: args.fold_table.clone(),
        init_from: args.init_from.clone(),
        prefixes: ParameterPrefixes {
            include: args.include.clone(),
            exclude: args.exclude.clone(),
        },
        resume: args.resume,
        device: args.compute.device.clone(),
        command: given_command(),
    })
}

//! `earmark eval`

use crate::args::Eval;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::{Interrupted, Status};
use anyhow::bail;
use earmark::engine::evaluation::result_path;
use earmark::runs::run_dir::fold_runs;
use earmark::train::{self, Checkpoints, EvaluateJob, EvaluateResult};
use earmark_core::human::human_amount;
use serde_json::{Map, Value, json};

/// Evaluates a run's checkpoints, or those of each run of a cross-validation.
pub fn run(args: Eval, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let folds = fold_runs(&args.run)?;
    if args.fold.is_some() && !folds.is_empty() {
        bail!(
            "--fold: {} holds one run per fold; evaluate one of them: earmark eval {0}/fold-K",
            args.run.display()
        );
    }
    let job = EvaluateJob {
        run: args.run,
        data: args.data,
        fold: args.fold,
        fold_table: args.fold_table,
        part: args.subset,
        checkpoints: Checkpoints::Every(args.every),
        eval_dir: args.eval_dir,
        device: args.compute.device,
    };
    let evaluate = |job: &EvaluateJob| match train::evaluate(job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => Err(Interrupted.into()),
        done => anyhow::Ok(done?),
    };
    if folds.is_empty() {
        let done = evaluate(&job)?;
        match args.json {
            true => print_json(&as_json(&done))?,
            false => show(&done, console)?,
        }
        return Ok(status(done.interrupted, done.skipped.len()));
    }
    let mut results = Map::new();
    let (mut interrupted, mut skipped) = (false, 0);
    for (fold, run) in folds {
        if !args.json {
            print(format!("fold {fold}"))?;
        }
        let done = evaluate(&EvaluateJob {
            eval_dir: job.eval_dir.as_ref().map(|dir| dir.join(format!("fold-{fold}"))),
            run,
            ..job.clone()
        })?;
        match args.json {
            true => drop(results.insert(fold.to_string(), as_json(&done))),
            false => show(&done, console)?,
        }
        skipped += done.skipped.len();
        interrupted = done.interrupted;
        if interrupted {
            break;
        }
    }
    if args.json {
        print_json(&json!({ "folds": results }))?;
    }
    Ok(status(interrupted, skipped))
}

fn status(interrupted: bool, skipped: usize) -> Status {
    if interrupted {
        Status::Interrupted
    } else {
        Status::of_skips(skipped)
    }
}

fn as_json(done: &EvaluateResult) -> Value {
    let judged: Map<_, _> = done
        .judged
        .iter()
        .map(|(step, report)| (step.to_string(), json!(report)))
        .collect();
    json!({
        "eval_dir": done.eval_dir, "judged": judged, "judged_before": done.before, "skipped": done.skipped,
    })
}

fn show(done: &EvaluateResult, console: &Console) -> anyhow::Result<()> {
    if let Some((step, report)) = done.judged.last() {
        print(format!("step {step}\n{}", report.table()))?;
    }
    if done.interrupted {
        console.note("interrupted; run the same command again to resume");
    } else if let (true, Some(step)) = (done.judged.is_empty(), done.before.last()) {
        console.note(format!(
            "nothing new to evaluate; the last result is {}",
            result_path(&done.eval_dir, *step).display()
        ));
    }
    let before = match done.before.len() {
        0 => String::new(),
        n => format!(" ({n} evaluated before)"),
    };
    print(format!(
        "{} evaluated{before}; results in {}",
        human_amount(done.judged.len(), "checkpoint", "checkpoints"),
        done.eval_dir.display()
    ))
}

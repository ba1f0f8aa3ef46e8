//! `earmark eval`

use crate::Status;
use crate::args::{Eval, Global};
use crate::console::{Console, out, out_json};
use anyhow::bail;
use earmark::engine::evaluation::result_path;
use earmark::report::human_amount;
use earmark::runs::run_dir::fold_runs;
use earmark::train::{Checkpoints, EvaluateJob, EvaluateResult};
use serde_json::{Map, Value, json};

/// Judges a run's checkpoints, or those of each run of a set of folds.
pub fn run(args: Eval, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let job = EvaluateJob {
        run: args.run.clone(),
        data: args.data.clone(),
        fold: args.fold,
        fold_table: args.fold_table,
        part: args.part,
        checkpoints: Checkpoints::Every(args.every),
        eval_dir: args.eval_dir,
        device: global.device.clone(),
    };
    let folds = fold_runs(&args.run)?;
    if folds.is_empty() {
        let done = match earmark::train::evaluate(&job, &|e| console.show(e), &stop) {
            Err(e) if e.is_interrupt() => return Ok(Status::Interrupted),
            done => done?,
        };
        if args.json {
            out_json(&as_json(&done))?;
        } else {
            tell(&done, console)?;
        }
        return Ok(status(done.interrupted, done.skipped.len()));
    }
    if args.fold.is_some() {
        bail!(
            "--fold: {} holds a run for each fold; judge one of them: earmark eval {0}/fold-K",
            args.run.display()
        );
    }
    let mut told = Map::new();
    let (mut interrupted, mut skipped) = (false, 0);
    for (fold, path) in folds {
        let job = EvaluateJob {
            eval_dir: job.eval_dir.as_ref().map(|dir| dir.join(format!("fold-{fold}"))),
            run: path,
            ..job.clone()
        };
        if !args.json {
            out(format!("fold {fold}"))?;
        }
        let done = match earmark::train::evaluate(&job, &|e| console.show(e), &stop) {
            Err(e) if e.is_interrupt() => return Ok(Status::Interrupted),
            done => done?,
        };
        if args.json {
            told.insert(fold.to_string(), as_json(&done));
        } else {
            tell(&done, console)?;
        }
        skipped += done.skipped.len();
        interrupted = done.interrupted;
        if interrupted {
            break;
        }
    }
    if args.json {
        out_json(&json!({ "folds": told }))?;
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
        .map(|(s, r)| (s.to_string(), serde_json::to_value(r).unwrap_or_default()))
        .collect();
    json!({
        "eval_dir": done.eval_dir, "judged": judged, "judged_before": done.before, "skipped": done.skipped,
    })
}

fn tell(done: &EvaluateResult, console: &Console) -> anyhow::Result<()> {
    if let Some((step, report)) = done.judged.last() {
        out(format!("step {step}"))?;
        out(report.table())?;
    }
    if done.interrupted {
        console.note("interrupted; the same command goes on");
    } else if let (true, Some(step)) = (done.judged.is_empty(), done.before.last()) {
        console.note(format!(
            "nothing new to judge; the last result is {}",
            result_path(&done.eval_dir, *step).display()
        ));
    }
    let before = if done.before.is_empty() {
        String::new()
    } else {
        format!(" ({} judged before)", done.before.len())
    };
    out(format!(
        "{} judged{before}; results in {}",
        human_amount(done.judged.len(), "checkpoint", "checkpoints"),
        done.eval_dir.display()
    ))
}

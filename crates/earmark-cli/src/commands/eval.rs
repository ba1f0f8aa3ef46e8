//! `earmark eval`

use crate::Status;
use crate::args::{Eval, Global};
use crate::console::{Console, out, out_json};
use earmark::engine::judge::result_path;
use earmark::pipeline;
use earmark::report::human_amount;

/// Judges a run's checkpoints.
pub fn run(args: Eval, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let job = pipeline::Evaluate {
        run: args.run.clone(),
        data: args.data.clone(),
        fold: args.fold,
        folds: args.folds,
        part: args.part,
        every: args.every,
        eval_dir: args.eval_dir,
        device: global.device.clone(),
    };
    let stop = console.stop_flag()?;
    let done = match pipeline::evaluate(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => return Ok(Status::Interrupted),
        done => done?,
    };
    if args.json {
        let judged: serde_json::Map<_, _> = done
            .judged
            .iter()
            .map(|(s, r)| (s.to_string(), serde_json::to_value(r).unwrap_or_default()))
            .collect();
        out_json(&serde_json::json!({
            "eval_dir": done.eval_dir, "judged": judged, "judged_before": done.before, "skipped": done.skipped,
        }))?;
    } else {
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
        ))?;
    }
    if done.interrupted {
        return Ok(Status::Interrupted);
    }
    Ok(Status::of_skips(done.skipped.len()))
}

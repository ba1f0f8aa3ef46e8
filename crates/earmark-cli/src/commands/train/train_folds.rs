//! `earmark train --folds`

use super::train::go_on;
use crate::Status;
use crate::args::Train;
use crate::console::{Console, command_line, out, out_json};
use earmark::metrics::number;
use earmark::report::{Align, human_duration, text_table};
use earmark::train::{FoldSet, FoldsReport};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Metrics of the table; the file has more.
const METRICS: [&str; 5] = ["lwlrap", "accuracy", "map@3", "mAP", "auc"];

/// What `--json` says.
#[derive(Serialize)]
struct Told<'a> {
    run: &'a Path,
    folds: &'a [u32],
    interrupted: bool,
    report: Option<&'a FoldsReport>,
    seconds: f64,
    skipped: &'a [(String, String)],
}

/// Trains the folds one after the other and says what they come to.
pub fn run(
    args: &Train,
    job: &earmark::train::TrainJob,
    set: &FoldSet,
    console: &Console,
) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let place = job.run.display().to_string();
    let interrupted = || {
        let command = go_on(args, command_line().into_iter().skip(1), &place);
        console.note(format!("interrupted; go on with: {command}"));
        Ok(Status::Interrupted)
    };
    let trained = match earmark::train::train_folds(job, set, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => {
            console.note(e);
            return interrupted();
        }
        trained => trained?,
    };
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        out_json(&Told {
            run: &job.run,
            folds: &trained.folds,
            interrupted: trained.report.is_none(),
            report: trained.report.as_ref(),
            seconds,
            skipped: &trained.skipped,
        })?;
    } else {
        if let Some(report) = &trained.report {
            out(table(report).trim_end())?;
            if report.optimistic {
                out("OPTIMISTIC: the judged clips steered the trainings (validation.split = test-fold)")?;
            }
            out(format!(
                "{} folds after {}",
                report.folds.len(),
                human_duration(seconds)
            ))?;
        }
        out(format!("run: {place}"))?;
    }
    if trained.report.is_none() {
        return interrupted();
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

/// A line a fold, then their mean and deviation, then all clips together.
pub(super) fn table(report: &FoldsReport) -> String {
    let pooled = serde_json::to_value(&report.pooled).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = report
        .folds
        .iter()
        .map(|f| {
            let head = [f.fold.to_string(), f.clips.to_string(), f.step.to_string()];
            let values = METRICS.map(|m| number(f.metrics.get(m).copied().flatten()));
            head.into_iter().chain(values).collect()
        })
        .collect();
    let clips = report.pooled.clips.to_string();
    let mut add = |name: &str, value: &dyn Fn(&str) -> Option<f64>| {
        let head = [name.to_owned(), clips.clone(), String::new()];
        rows.push(
            head.into_iter()
                .chain(METRICS.map(|m| number(value(m))))
                .collect(),
        );
    };
    add("mean", &|m| report.metrics.get(m).map(|s| s.mean));
    add("deviation", &|m| report.metrics.get(m)?.deviation);
    add("pooled", &|m| pooled.get(m)?.as_f64());
    let headers: Vec<&str> = ["fold", "clips", "step"].into_iter().chain(METRICS).collect();
    let alignments: Vec<Align> = std::iter::once(Align::Left)
        .chain(std::iter::repeat_n(Align::Right, headers.len() - 1))
        .collect();
    text_table(&headers, &rows, &alignments)
}

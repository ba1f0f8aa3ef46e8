//! `earmark train --folds`

use super::resume::interrupted;
use crate::args::Train;
use crate::commands::tables::fold_table;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use earmark::train::{self, CrossValidationReport, FoldSet};
use earmark_core::human::human_duration;
use std::path::Path;
use std::time::Instant;

/// The outcome as JSON. A struct and not `json!`, which would print an `f32` with the digits of an `f64`.
#[derive(serde::Serialize)]
struct Outcome<'a> {
    run: &'a Path,
    folds: &'a [u32],
    interrupted: bool,
    report: Option<&'a CrossValidationReport>,
    seconds: f64,
    skipped: &'a [(String, String)],
}

/// Trains the folds one after the other and summarizes their results.
pub fn run(
    args: &Train,
    job: &train::TrainJob,
    folds: &FoldSet,
    console: &Console,
) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = match train::train_folds(job, folds, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => {
            console.note(e);
            return interrupted(args, &job.run, console);
        }
        trained => trained?,
    };
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        print_json(&Outcome {
            run: &job.run,
            folds: &trained.folds,
            interrupted: trained.report.is_none(),
            report: trained.report.as_ref(),
            seconds,
            skipped: &trained.skipped,
        })?;
    } else {
        if let Some(report) = &trained.report {
            print(fold_table(report).trim_end())?;
            if report.optimistic {
                print("OPTIMISTIC: the test folds drove the trainings (validation.split = test-fold)")?;
            }
            let (count, time) = (report.folds.len(), human_duration(seconds));
            print(format!("{count} folds after {time}"))?;
        }
        print(format!("run: {}", job.run.display()))?;
    }
    if trained.report.is_none() {
        return interrupted(args, &job.run, console);
    }
    Ok(Status::of_skips(trained.skipped.len()))
}

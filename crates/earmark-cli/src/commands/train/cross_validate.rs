//! `earmark train --folds`

use crate::commands::fold_and_layer_tables::fold_table;
use crate::prelude::*;
use earmark::train::{self, CrossValidationReport, FoldSet};
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
    damaged: &'a [(String, String)],
}

/// Trains the folds one after the other and summarizes their results; `resume` says how to resume them.
pub fn run(
    job: &train::TrainJob,
    folds: &FoldSet,
    json: bool,
    resume: String,
    console: &Console,
) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = match train::train_folds(job, folds, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => {
            console.note(e);
            bail!(Stopped(resume))
        }
        trained => trained?,
    };
    let seconds = start.elapsed().as_secs_f64();
    let report = trained.report.as_ref();
    let outcome = || Outcome {
        run: &job.run,
        folds: &trained.folds,
        interrupted: report.is_none(),
        report,
        seconds,
        skipped: &trained.skipped,
        damaged: &trained.damaged,
    };
    print_as(json, outcome, || {
        let run = format!("run: {}", shown(&job.run));
        let Some(report) = report else { return run };
        let optimistic = match report.optimistic {
            true => "OPTIMISTIC: the test folds drove the trainings (validation.split = test-fold)\n",
            false => "",
        };
        let warnings = cautions(&report.warnings);
        let (table, count, time) = (fold_table(report), report.folds.len(), human_duration(seconds));
        format!("{table}{optimistic}{warnings}{count} folds after {time}\n{run}")
    })?;
    // Folds that were trained before are not read again.
    for (file, what) in &trained.damaged {
        console.damaged(file, what);
    }
    match report {
        None => bail!(Stopped(resume)),
        Some(_) => Ok(Status::of_skips(trained.skipped.len() + trained.damaged.len())),
    }
}

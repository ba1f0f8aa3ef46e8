//! `earmark train --folds`

use crate::args::sum_up_command;
use crate::commands::fold_and_layer_tables::fold_table;
use crate::prelude::*;
use earmark::inference::shards::Shard;
use earmark::train::{self, CrossValidationReport, FoldSet};
use std::time::Instant;

/// The outcome as JSON. A struct and not `json!`, which would print an `f32` with the digits of an `f64`.
#[derive(serde::Serialize)]
struct Outcome<'a> {
    run: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<[u32; 2]>,
    folds: &'a [u32],
    interrupted: bool,
    report: Option<&'a CrossValidationReport>,
    seconds: f64,
    skipped: &'a [(String, String)],
    damaged: &'a [(String, String)],
}

/// Trains the folds, or those of a shard, one after the other and summarizes their results; `resume` says how to resume
/// them.
pub fn run(
    job: &train::TrainJob,
    (folds, shard): (&FoldSet, Option<Shard>),
    json: bool,
    resume: String,
    console: &Console,
) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let start = Instant::now();
    let trained = match train::train_folds(job, folds, shard, &|e| console.show(e), &stop) {
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
        shard: shard.map(|shard| [shard.number(), shard.of()]),
        folds: &trained.folds,
        interrupted: trained.interrupted,
        report,
        seconds,
        skipped: &trained.skipped,
        damaged: &trained.damaged,
    };
    print_as(json, outcome, || {
        let run = format!("run: {}", shown(&job.run));
        if let Some(shard) = shard.filter(|_| !trained.interrupted) {
            let folds = human_amount(trained.folds.len(), "fold", "folds");
            let sum_up = sum_up_command();
            return format!("shard {shard}: {folds} done; when all shards are, sum up with: {sum_up}\n{run}");
        }
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
    match trained.interrupted {
        true => bail!(Stopped(resume)),
        false => Ok(Status::of_skips(trained.skipped.len() + trained.damaged.len())),
    }
}

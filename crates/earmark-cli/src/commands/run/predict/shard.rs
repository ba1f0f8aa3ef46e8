//! `earmark predict --shard`

use super::{Scored, Target, amount_scored, name_of};
use crate::args::command_of_shards;
use crate::prelude::*;
use earmark::inference;
use earmark::inference::shards::ShardRun;

/// Scores the recordings of a shard.
pub fn run(
    job: &inference::PredictJob,
    segments: bool,
    settings: Vec<(String, String)>,
    target: &Target,
    console: &Console,
) -> anyhow::Result<Status> {
    let found = console.run("nothing was written", |show, stop| {
        inference::predict_shard(job, segments, show, stop)
    })?;
    let run = ShardRun {
        out: target.out.to_path_buf(),
        in_folder: false,
        listing: found.listing.clone(),
        command: command_of_shards(),
        settings,
    };
    found.save(&run, job, &name_of(target.format))?;
    let (damaged, notes, skipped) = (found.remarks.damaged(), found.remarks.notes(), &found.skipped);
    let inputs = found.listing.files.len();
    let classes = found
        .tables
        .first()
        .map_or(&[][..], |(classes, _)| classes.as_slice());
    target.report(
        Scored {
            amount: amount_scored(found.scored(), inputs),
            classes,
            facts: json!({
                "models": job.models,
                "inputs": inputs,
                "skipped": skipped,
                "damaged": damaged,
                "notes": notes,
                "trained_on": found.trained_on,
                "precision": found.precision,
            }),
        },
        console,
    )?;
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(skipped.len() + damaged.len()))
}

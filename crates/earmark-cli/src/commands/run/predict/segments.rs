//! `earmark predict --segments`

use super::formats::{ScoreFormat, by_class};
use super::{Scored, Target};
use crate::prelude::*;
use earmark::inference::{self, SegmentPrediction};
use std::collections::BTreeSet;

/// Writes the scores of every segment.
pub fn run(
    job: &inference::PredictJob,
    out_of_fold: bool,
    target: &Target,
    console: &Console,
) -> anyhow::Result<Status> {
    let (run, data) = (Path::new(&job.models[0]), job.data.as_deref());
    let prediction = console.run("nothing was written", |show, stop| match out_of_fold {
        true => inference::out_of_fold_segments(run, data, &job.device, show, stop),
        false => inference::predict_segments(job, show, stop),
    })?;
    write(target.out, target.format, &prediction)?;
    let SegmentPrediction { rows, skipped, .. } = &prediction;
    let (damaged, notes) = (prediction.remarks.damaged(), prediction.remarks.notes());
    let files: BTreeSet<&str> = rows.iter().map(|row| row.file.as_str()).collect();
    target.report(
        Scored {
            amount: human_amount(rows.len(), "segment", "segments"),
            classes: &prediction.classes,
            facts: json!({
                "models": job.models,
                "inputs": files.len() + skipped.len(),
                "rows": rows.len(),
                "skipped": skipped,
                "damaged": damaged,
                "notes": notes,
            }),
        },
        console,
    )?;
    let skipped = skipped.len();
    if skipped > 0 {
        console.note(format!("{skipped} could not be read and have no row"));
    }
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(skipped + damaged.len()))
}

/// Writes the scores in a format.
pub fn write(path: &Path, format: ScoreFormat, prediction: &SegmentPrediction) -> anyhow::Result<()> {
    match format {
        ScoreFormat::Json => write_json(path, prediction),
        _ => write_csv(path, prediction),
    }
}

/// `fname,start_seconds`, then one column per class.
fn write_csv(path: &Path, prediction: &SegmentPrediction) -> anyhow::Result<()> {
    let header = ["fname", "start_seconds"].map(str::to_owned).into_iter();
    let header: Vec<String> = header.chain(prediction.classes.iter().cloned()).collect();
    let rows = prediction.rows.iter().map(|row| {
        let head = [row.file.clone(), row.start_seconds.to_string()];
        let scores = row.scores.iter().map(f32::to_string);
        head.into_iter().chain(scores).collect()
    });
    output::write_csv(path, std::iter::once(header).chain(rows))
}

fn write_json(path: &Path, prediction: &SegmentPrediction) -> anyhow::Result<()> {
    let row = |row: &inference::SegmentRow| {
        let scores = by_class(&prediction.classes, &row.scores);
        json!({ "file": row.file, "start_seconds": row.start_seconds, "scores": scores })
    };
    output::write_json(path, &prediction.rows.iter().map(row).collect::<Vec<_>>())
}

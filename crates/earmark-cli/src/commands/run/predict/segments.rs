//! `earmark predict --segments`

use super::formats::{ScoreFormat, by_class};
use super::{Scored, Target, refuse_none_read};
use crate::prelude::*;
use earmark::inference::{self, SegmentPrediction};

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
    refuse_none_read(target.out, prediction.recordings.len(), &prediction.skipped)?;
    write(target.out, target.format, &prediction)?;
    let SegmentPrediction {
        recordings, skipped, ..
    } = &prediction;
    let (damaged, notes) = (prediction.remarks.damaged(), prediction.remarks.notes());
    let rows: usize = recordings.iter().map(|recording| recording.starts.len()).sum();
    target.report(
        Scored {
            amount: human_amount(rows, "segment", "segments"),
            classes: &prediction.classes,
            facts: json!({
                "models": job.models,
                "inputs": recordings.len() + skipped.len(),
                "rows": rows,
                "skipped": skipped,
                "precision": prediction.precision,
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
    let rows = prediction.recordings.iter().flat_map(|recording| {
        recording.rows().map(move |(start, scores)| {
            let head = [recording.file.clone(), start.to_string()];
            head.into_iter()
                .chain(scores.iter().map(f32::to_string))
                .collect()
        })
    });
    output::write_csv(path, std::iter::once(header).chain(rows))
}

fn write_json(path: &Path, prediction: &SegmentPrediction) -> anyhow::Result<()> {
    let classes = &prediction.classes;
    let rows = prediction.recordings.iter().flat_map(|recording| {
        recording.rows().map(move |(start, scores)| {
            let scores = by_class(classes, scores);
            json!({ "file": recording.file, "start_seconds": start, "scores": scores })
        })
    });
    output::write_json_rows(path, rows)
}

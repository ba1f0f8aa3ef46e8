//! `earmark predict --segments`

use crate::args::ScoreFormat;
use crate::commands::scores::by_class;
use crate::console::Console;
use crate::output::{self, print_written};
use crate::status::Status;
use earmark::inference::{self, SegmentPrediction};
use earmark_core::human::human_amount;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Writes the scores of every segment.
pub fn run(
    job: &inference::PredictJob,
    out_of_fold: bool,
    out: (&Path, ScoreFormat),
    console: &Console,
    stop: &AtomicBool,
) -> anyhow::Result<Status> {
    let show = |e: inference::Event| console.show(e);
    let prediction = if out_of_fold {
        let run = Path::new(&job.models[0]);
        inference::out_of_fold_segments(run, job.data.as_deref(), &job.device, &show, stop)
    } else {
        inference::predict_segments(job, &show, stop)
    };
    let prediction = console.finished(prediction, "nothing was written")?;
    let (path, format) = out;
    match format {
        ScoreFormat::Json => write_json(path, &prediction)?,
        _ => write_csv(path, &prediction)?,
    }
    let text = format!(
        "{} scored for {}: {}",
        human_amount(prediction.rows.len(), "segment", "segments"),
        human_amount(prediction.classes.len(), "class", "classes"),
        path.display()
    );
    print_written(path, text, console)?;
    let skipped = prediction.skipped.len();
    if skipped > 0 {
        console.note(format!("{skipped} could not be read and have no row"));
    }
    Ok(Status::of_skips(skipped))
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

//! `earmark predict --tiles`

use crate::Status;
use crate::args::Format;
use crate::console::{Console, done};
use crate::output;
use earmark::inference::TilePrediction;
use earmark::report::human_amount;
use serde_json::{Map, json};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Writes scores of every tile.
pub fn run(
    job: &earmark::inference::Predict,
    out_of_fold: bool,
    path: &Path,
    format: Format,
    console: &Console,
    stop: &AtomicBool,
) -> anyhow::Result<Status> {
    let show = |e: earmark::inference::Event| console.show(e);
    let prediction = if out_of_fold {
        earmark::inference::out_of_fold_tiles(
            Path::new(&job.models[0]),
            job.data.as_deref(),
            &job.device,
            &show,
            stop,
        )
    } else {
        earmark::inference::predict_tiles(job, &show, stop)
    };
    let prediction = match prediction {
        Err(e) if e.is_interrupt() => None,
        p => p?,
    };
    let Some(p) = prediction else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    match format {
        Format::Json => write_json(path, &p)?,
        _ => write_csv(path, &p)?,
    }
    let text = format!(
        "{} scored for {}: {}",
        human_amount(p.rows.len(), "tile", "tiles"),
        human_amount(p.classes.len(), "class", "classes"),
        path.display()
    );
    done(path, text, console)?;
    if !p.skipped.is_empty() {
        console.note(format!("{} could not be read and have no row", p.skipped.len()));
    }
    Ok(Status::of_skips(p.skipped.len()))
}

/// `fname,start_seconds`, then a column a class.
fn write_csv(path: &Path, p: &TilePrediction) -> anyhow::Result<()> {
    output::write(path, |w| {
        let mut csv = csv::Writer::from_writer(w);
        csv.write_record(
            ["fname", "start_seconds"]
                .into_iter()
                .chain(p.classes.iter().map(String::as_str)),
        )?;
        for row in &p.rows {
            let head = [row.file.clone(), row.start_seconds.to_string()];
            csv.write_record(head.into_iter().chain(row.scores.iter().map(f32::to_string)))?;
        }
        csv.flush()
    })
}

fn write_json(path: &Path, p: &TilePrediction) -> anyhow::Result<()> {
    let rows: Vec<_> = p
        .rows
        .iter()
        .map(|row| {
            let scores: Map<_, _> = p
                .classes
                .iter()
                .zip(&row.scores)
                .map(|(c, v)| (c.clone(), json!(v)))
                .collect();
            json!({ "file": row.file, "start_seconds": row.start_seconds, "scores": scores })
        })
        .collect();
    output::write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, &rows)?;
        w.write_all(b"\n")
    })
}

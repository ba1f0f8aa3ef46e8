//! Windows on the command line: FILE@SECONDS, FILE@START-END or FILE.

use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, TornLabel};
use earmark_core::text::suggest;

/// The rows that a word names: of FILE@SECONDS the window that begins nearest, of FILE@START-END those whose centre is
/// in it, of FILE all.
pub fn rows_of(index: &ArchiveIndex, word: &str) -> anyhow::Result<Vec<usize>> {
    if let Some(placed) = index.recording(word) {
        return Ok(placed.rows().collect());
    }
    let Some((file, times)) = word.rsplit_once('@') else {
        bail!(unknown(index, word));
    };
    if index.recording(file).is_none() {
        bail!(unknown(index, file));
    }
    let number = |text: &str| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite() && *v >= 0.0)
    };
    match times.split_once('-') {
        None => {
            let Some(seconds) = number(times) else {
                bail!("{word}: `{times}` is not a number of seconds; give FILE@SECONDS, such as {file}@12.5");
            };
            Ok(vec![row_at(index, file, seconds)?])
        }
        Some((start, end)) => match (number(start), number(end)) {
            (Some(start), Some(end)) if start < end => span(index, file, start, end),
            _ => bail!(
                "{word}: `{times}` is not a span of seconds; give FILE@START-END, such as {file}@12.5-15"
            ),
        },
    }
}

/// The window of a recording that begins nearest to this time.
pub fn row_at(index: &ArchiveIndex, file: &str, seconds: f64) -> anyhow::Result<usize> {
    if index.recording(file).is_none() {
        bail!(unknown(index, file));
    }
    index.row_at(file, seconds).with_context(|| {
        let last = index.recording(file).and_then(|placed| placed.rows().next_back());
        let last = last.map_or(0.0, |row| index.window(row).start_seconds);
        format!("{file}: no window begins near {seconds} s; the last one begins at {last} s")
    })
}

/// The windows of a recording whose centre is in a span.
pub fn span(index: &ArchiveIndex, file: &str, start: f64, end: f64) -> anyhow::Result<Vec<usize>> {
    let Some(placed) = index.recording(file) else {
        bail!(unknown(index, file));
    };
    let is_in = |row: &usize| {
        let window = index.window(*row);
        let centre = (window.start_seconds + window.end_seconds) / 2.0;
        (start..end).contains(&centre)
    };
    let rows: Vec<usize> = placed.rows().filter(is_in).collect();
    match rows.is_empty() {
        false => Ok(rows),
        true => bail!("{file}: no window has its centre from {start} to {end} s; give a longer span"),
    }
}

/// Says that the last label is cut off, where it is, even when quiet.
pub fn say_torn(torn: Option<&TornLabel>, console: &Console) {
    if let Some(torn) = torn {
        console.warning(format!(
            "{torn}, and does not count: a label that a killed program was writing, or the end of a copy that was not \
             finished; restore the file, or give that label again, and `earmark index label` removes the line"
        ));
    }
}

/// A recording that is not there, and what may have been meant.
pub fn unknown(index: &ArchiveIndex, file: &str) -> String {
    let names = index.recordings().map(|placed| placed.recording.file.as_str());
    let near = suggest(file, names);
    let remedy = near.map_or("check the name".to_owned(), |near| {
        format!("did you mean {near}?")
    });
    format!(
        "{file}: not a recording in {}; {remedy}",
        index.folder().display()
    )
}

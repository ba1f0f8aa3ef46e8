//! Score tables: of cross-validation runs, and rearranged.

use crate::prelude::*;
use earmark::metrics::ScoreTable;
use earmark::train::{self, OutOfFold};
use serde_json::{Map, Value};

/// The out-of-fold scores of a cross-validation run.
pub fn out_of_fold(
    run: &Path,
    data: Option<&Path>,
    device: &str,
    console: &Console,
) -> anyhow::Result<OutOfFold> {
    console.run("nothing was written", |show, stop| {
        train::out_of_fold(run, data, device, show, stop)
    })
}

/// The rows by file name instead of fold after fold.
pub fn sorted_by_file(table: &ScoreTable) -> anyhow::Result<ScoreTable> {
    let mut rows: Vec<(&str, &[f32])> = table.rows().collect();
    rows.sort_unstable_by_key(|(file, _)| *file);
    let files = rows.iter().map(|(file, _)| (*file).to_owned()).collect();
    let values = rows.iter().flat_map(|(_, row)| row.iter().copied()).collect();
    Ok(ScoreTable::new(files, table.classes().to_vec(), values)?)
}

/// The scores of a row by class.
pub fn by_class(classes: &[String], row: &[f32]) -> Map<String, Value> {
    let pairs = classes.iter().cloned().zip(row);
    pairs.map(|(class, score)| (class, json!(score))).collect()
}

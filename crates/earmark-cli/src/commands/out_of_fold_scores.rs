//! The out-of-fold scores of a cross-validation run, and a table's rows sorted by file name.

use crate::prelude::*;
use earmark::metrics::ScoreTable;
use earmark::train::{self, OutOfFold};

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

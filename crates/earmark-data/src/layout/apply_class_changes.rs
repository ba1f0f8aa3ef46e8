//! Renames and ignores classes in the rows of a layout, by `classes` of the options (`dataset/class_changes` has the rules).

use std::collections::HashSet;
use std::path::Path;

use super::interface::{Layout, Row, Rows};
use super::options::DataOptions;
use crate::dataset::error::DataError;

/// A row by its file and line, whatever becomes of its subset and path.
pub(super) type RowKey = (String, Option<usize>);

/// The key of a row.
pub(super) fn key(row: &Row) -> RowKey {
    (row.item.file.clone(), row.item.line)
}

/// Renames and drops labels; every name must be one of the data, of other subsets too. Returns the rows that have no label left.
pub(super) fn apply_class_changes(
    root: &Path,
    layout: &dyn Layout,
    rows: &mut Rows,
    options: &DataOptions,
) -> Result<HashSet<RowKey>, DataError> {
    let changes = &options.classes;
    if changes.is_empty() || !options.read_labels {
        return Ok(HashSet::new());
    }
    if changes.refuse_unknown(&labels(rows)).is_err() {
        // A subset may lack a class that another one has. Where the others are not here, nobody can say.
        let everything = DataOptions {
            subsets: None,
            ..options.clone()
        };
        if let Ok(all) = layout.read(root, &everything) {
            changes.refuse_unknown(&labels(&all))?;
        }
    }
    if let Some(classes) = &rows.classes {
        rows.classes = Some(changes.apply_to_map(classes)?);
    }
    let mut emptied = HashSet::new();
    for row in rows.rows.iter_mut().filter(|row| !row.labels.is_empty()) {
        row.labels = changes.apply(std::mem::take(&mut row.labels));
        if row.labels.is_empty() {
            emptied.insert(key(row));
        }
    }
    Ok(emptied)
}

/// The labels of the rows and the layout's own classes, each once.
fn labels(rows: &Rows) -> Vec<&str> {
    let of_rows = rows.rows.iter().flat_map(|row| &row.labels);
    let of_map = rows.classes.iter().flat_map(|classes| classes.names());
    let all: HashSet<&str> = of_rows.chain(of_map).map(String::as_str).collect();
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_unstable();
    all
}

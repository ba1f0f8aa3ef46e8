//! Which rows become recordings: those of the wanted subsets, listed once.

use std::collections::HashMap;
use std::path::Path;

use super::interface::{Row, Rows};
use super::options::DataOptions;
use crate::dataset::error::DataError;

/// Keeps the subsets that the options ask for; each must exist.
pub(super) fn select_subsets(root: &Path, rows: &mut Rows, options: &DataOptions) -> Result<(), DataError> {
    let present = || rows.rows.iter().map(|r| r.item.subset.as_str());
    let unknown = |subset: &&String| present().all(|p| p != subset.as_str());
    if let Some(subset) = options.subsets.iter().flatten().find(unknown) {
        return Err(DataError::unknown_subset(root, subset, present()));
    }
    rows.rows.retain(|r| options.wants(&r.item.subset));
    Ok(())
}

/// Each recording may be listed once per subset.
pub(super) fn refuse_duplicates(rows: &Rows) -> Result<(), DataError> {
    let mut seen: HashMap<(&str, &str), (usize, &[String])> = HashMap::with_capacity(rows.rows.len());
    for Row { item, labels } in &rows.rows {
        let line = item.line.unwrap_or_default();
        if let Some((first, others)) = seen.insert((&item.subset, &item.file), (line, labels.as_slice())) {
            let file = &item.file;
            let problem = match &rows.times {
                Some(columns) => format!(
                    "{file:?} is already listed on line {first}, as a table with the columns {columns} does for each \
                     sound in a recording; read it with --layout events, which cuts recordings into windows, or list \
                     each once with the labels of all of it"
                ),
                None if others != labels.as_slice() && !labels.is_empty() => format!(
                    "{file:?} is already listed on line {first}, with another label; a recording with several labels \
                     has one row, with all of them in a column named `labels`"
                ),
                None => format!("{file:?} is already listed on line {first}; keep one of the two rows"),
            };
            return Err(DataError::row(&rows.source(item), line, problem));
        }
    }
    Ok(())
}

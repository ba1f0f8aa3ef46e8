//! The lines about results of a model in a data folder: those that were read as its labels, and those that were not.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use earmark_core::text::quote;

use super::csv_columns::likely_columns;
use super::events::{is_one_table, results_next_to_recordings};
use super::kind::LayoutKind;
use super::options::DataOptions;
use super::result_columns::is_result_file;
use super::table_files::{inner_tables, tables_in};
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// What to know where a table of results is among the tables that were read, and nobody named it.
pub(super) fn taken(root: &Path, read: &BTreeMap<String, PathBuf>, options: &DataOptions) -> Option<String> {
    if !options.read_labels || options.table.is_some() {
        return None;
    }
    let table = read.values().find(|table| is_result_file(table))?;
    Some(format!(
        "{}: results of a model, taken as labels, since no other table fits",
        below(root, table)
    ))
}

/// What to know about tables of results that could be labels, and are not among the tables that were read: a line about
/// those next to recordings, and one about others.
pub(super) fn passed_over(
    root: &Path,
    kind: LayoutKind,
    read: &BTreeMap<String, PathBuf>,
    options: &DataOptions,
) -> Result<Vec<String>, DataError> {
    // Without a table, events are read next to their recordings, whoever wrote them.
    let may_be_meant = match kind {
        LayoutKind::Csv | LayoutKind::Events => !read.is_empty(),
        LayoutKind::Folders => options.layout.is_none(),
        _ => false,
    };
    if !may_be_meant || !options.read_labels || options.table.is_some() {
        return Ok(Vec::new());
    }
    let is_read = |path: &PathBuf| read.values().any(|table| table == path);
    let mut near = results_next_to_recordings(root, options)?;
    near.retain(|path| !is_read(path));
    let known: HashSet<&PathBuf> = near.iter().collect();
    let has_labels = |path: &PathBuf| {
        is_result_file(path) && Table::open(path).is_ok_and(|table| likely_columns(&table, options).is_ok())
    };
    let mut others = tables_in(root)?;
    others.extend(inner_tables(root)?);
    others.retain(|path| !is_read(path) && !known.contains(path) && has_labels(path));
    let named = others.first().map(|first| {
        let name = quote(&below(root, first));
        match is_one_table(first, options) {
            true => format!("--layout events --table {name}"),
            false => format!("--table {name}"),
        }
    });
    let near = line(root, &near, "--layout events");
    let others = named.and_then(|how| line(root, &others, &how));
    Ok(near.into_iter().chain(others).collect())
}

/// The line about tables of one kind, and how they are read.
fn line(root: &Path, tables: &[PathBuf], how: &str) -> Option<String> {
    let first = tables.first()?;
    let more = match tables.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Some(format!(
        "{}{more}: results of a model, not taken as labels where there are others; if they are corrected, read them \
         with {how}",
        below(root, first)
    ))
}

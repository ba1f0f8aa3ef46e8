//! The line about results of a model in a data folder that were not read as its labels.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::csv_columns::likely_columns;
use super::events::{is_one_table, results_next_to_recordings};
use super::kind::LayoutKind;
use super::options::DataOptions;
use super::result_columns::is_result;
use super::table_files::{inner_tables, tables_in};
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// What to know about tables of results that could be labels, and are not among the tables that were read: one line.
pub(super) fn passed_over(
    root: &Path,
    kind: LayoutKind,
    read: &BTreeMap<String, PathBuf>,
    options: &DataOptions,
) -> Result<Option<String>, DataError> {
    // Without a table, events are read next to their recordings, whoever wrote them.
    let may_be_meant = match kind {
        LayoutKind::Csv | LayoutKind::Events => !read.is_empty(),
        LayoutKind::Folders => options.layout.is_none(),
        _ => false,
    };
    if !may_be_meant || !options.read_labels || options.table.is_some() {
        return Ok(None);
    }
    let has_labels = |path: &PathBuf| {
        let table = Table::open(path).ok().filter(is_result);
        table.is_some_and(|table| likely_columns(&table, options).is_ok())
    };
    let mut tables = tables_in(root)?;
    tables.extend(inner_tables(root)?);
    tables.retain(|path| !read.values().any(|table| table == path) && has_labels(path));
    let how = match tables.first() {
        Some(first) if is_one_table(first, options) => {
            format!("--layout events --table {:?}", below(root, first))
        }
        Some(first) => format!("--table {:?}", below(root, first)),
        None => {
            tables = results_next_to_recordings(root, options)?;
            "--layout events".to_owned()
        }
    };
    let Some(first) = tables.first() else {
        return Ok(None);
    };
    let more = match tables.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Ok(Some(format!(
        "{}{more}: results of a model, not taken as labels where there are others; if they are corrected, read them \
         with {how}",
        below(root, first)
    )))
}

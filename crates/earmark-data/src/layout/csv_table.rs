//! The layout `csv`: any table with a column of files and a column of labels.

use std::path::{Path, PathBuf};

use super::assemble::{Row, Rows};
use super::error::DataError;
use super::options::{DataOptions, LayoutKind};
use super::table::Table;
use crate::labels::split_labels;

/// Column names that are tried when the options name none.
const FILE_COLUMNS: [&str; 4] = ["file", "filename", "fname", "path"];
const LABEL_COLUMNS: [&str; 4] = ["labels", "label", "category", "class"];

pub(super) fn load(root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
    let path = match &options.table {
        Some(table) => root.join(table),
        None => only_table(root)?,
    };
    let table = Table::open(&path)?;
    let required = |named: &Option<String>, known: &[&str], key: &str| match named {
        Some(name) => table.require(&[name], Some(key)),
        None => table.require(known, Some(key)),
    };
    let file_column = required(&options.file_column, &FILE_COLUMNS, "file-column")?;
    let label_column = match options.read_labels {
        true => Some(required(&options.label_column, &LABEL_COLUMNS, "label-column")?),
        false => None,
    };
    let fold_column = table.optional(options.fold_column.as_deref(), &["fold"], "fold-column")?;
    let group_column = table.optional(options.group_column.as_deref(), &["group"], "group-column")?;
    let part_column = table.optional(options.part_column.as_deref(), &["part", "split"], "part-column")?;
    let separator = options.label_separator.as_deref().unwrap_or(",");
    let folder = path.parent().unwrap_or(root);
    let mut rows = Rows::default();
    for row in &table.rows {
        let fail = |problem: String| DataError::row(&path, row.line, problem);
        let file = row.file_name(file_column).map_err(&fail)?;
        let labels = match label_column {
            Some(c) => split_labels(row.cell(c), separator).map_err(|e| fail(e.to_string()))?,
            None => Vec::new(),
        };
        let part = match part_column.map(|c| row.cell(c)) {
            None => "train",
            Some("") => {
                return Err(fail(
                    "the part is empty; write, for example, train or test".into(),
                ));
            }
            Some(part) => part,
        };
        rows.multi_label |= labels.len() > 1;
        rows.tables.entry(part.to_owned()).or_insert_with(|| path.clone());
        rows.rows.push(Row {
            path: folder.join(&file),
            labels,
            part: part.to_owned(),
            fold: row.fold(fold_column).map_err(&fail)?,
            group: row.text(group_column),
            verified: None,
            line: Some(row.line),
            file,
        });
    }
    Ok(rows)
}

/// The only table in the folder.
fn only_table(root: &Path) -> Result<PathBuf, DataError> {
    let mut found = tables_in(root)?;
    match found.len() {
        0 => Err(DataError::NoTable {
            root: root.into(),
            layout: LayoutKind::Csv,
            tried: vec!["any one .csv or .tsv file, or the one named with `table`".into()],
        }),
        1 => Ok(root.join(found.swap_remove(0))),
        _ => Err(DataError::ManyTables {
            root: root.into(),
            found,
        }),
    }
}

/// Names of the tables directly in a folder, sorted; hidden ones do not count.
pub(super) fn tables_in(root: &Path) -> Result<Vec<String>, DataError> {
    let fail = |source| DataError::Read {
        path: root.into(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let is_table = extension.eq_ignore_ascii_case("csv") || extension.eq_ignore_ascii_case("tsv");
        if is_table && !name.starts_with('.') && path.is_file() {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

//! The layout `csv`: any table with a column of files and a column of labels.

use std::path::{Path, PathBuf};

use super::audio_files::list_folder;
use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::table::columns::Table;
use crate::table::label_cell::split_labels;

/// Column names that are tried when the options name none.
const FILE_COLUMNS: [&str; 4] = ["file", "filename", "fname", "path"];
const LABEL_COLUMNS: [&str; 4] = ["labels", "label", "category", "class"];
const SUBSET_COLUMNS: [&str; 3] = ["part", "split", "subset"];

pub(super) struct Csv;

impl Layout for Csv {
    fn unused_options(&self) -> usize {
        0
    }

    /// Whether there is exactly one table.
    fn recognise(&self, root: &Path) -> Result<bool, DataError> {
        Ok(tables_in(root)?.len() == 1)
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let path = match &options.table {
            Some(table) => root.join(table),
            None => only_table(root)?,
        };
        let table = Table::open(&path)?;
        let columns = Columns {
            file: table.named_or(&options.file_column, &FILE_COLUMNS, "file-column")?,
            label: options
                .find_labels(|| table.named_or(&options.label_column, &LABEL_COLUMNS, "label-column"))?,
            fold: table.optional(&options.fold_column, &["fold"], "fold-column")?,
            group: table.optional(&options.group_column, &["group"], "group-column")?,
        };
        let subset_column = table.optional(&options.subset_column, &SUBSET_COLUMNS, "subset-column")?;
        let separator = options.label_separator.as_deref().unwrap_or(",");
        let folder = path.parent().unwrap_or(root);
        let mut rows = Rows::default();
        rows.add(&table, |row| {
            let subset = subset_column.map_or("train", |column| row.cell(column));
            let labels = split_labels(columns.labels(row), separator)?;
            let item = columns.item(row, folder, subset)?;
            match subset {
                "" => Err("the subset is empty; write, for example, train or test".into()),
                _ => Ok(Row { item, labels }),
            }
        })?;
        rows.multi_label = rows.rows.iter().any(|row| row.labels.len() > 1);
        let subsets = rows.rows.iter().map(|row| row.item.subset.clone());
        rows.tables = subsets.map(|subset| (subset, path.clone())).collect();
        Ok(rows)
    }
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

/// Names of the tables directly in a folder, sorted, without hidden ones.
pub(super) fn tables_in(root: &Path) -> Result<Vec<String>, DataError> {
    let name = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let extension = path.extension()?.to_str()?;
        let is_table = extension.eq_ignore_ascii_case("csv") || extension.eq_ignore_ascii_case("tsv");
        (is_table && !name.starts_with('.') && path.is_file()).then(|| name.to_owned())
    };
    Ok(list_folder(root)?.into_iter().filter_map(name).collect())
}

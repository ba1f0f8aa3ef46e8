//! Which table a folder is read from: the one whose columns fit and whose files are found.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use earmark_core::csv_table::Record;

use super::class_folders::has_class_folders;
use super::csv_columns::{columns, likely_columns};
use super::file_pattern::FilePattern;
use super::find_misplaced_files::FileIndex;
use super::interface::Columns;
use super::kind::LayoutKind;
use super::options::DataOptions;
use super::result_columns::{class_folders_come_first, is_result_file};
use super::table_files::{inner_tables, tables_in};
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Rows of a table that are looked at: enough to say whether its files are here.
const ROWS_TRIED: usize = 200;

/// The tables of a folder, sorted out by their columns and files.
pub(super) enum TableChoice {
    /// One has the columns, and files of it are there.
    Fits(PathBuf),
    /// None fits, but this one is the only one that could be meant; an error will say what it lacks.
    Perhaps(PathBuf),
    /// None fits, and this one can't be read, so that nobody knows.
    Broken(PathBuf),
    /// Several could be meant.
    Several(Vec<String>),
    /// None, or several that all lack a column.
    None(Vec<String>),
}

impl TableChoice {
    /// The table, where there is one to be read.
    pub fn required(self, root: &Path) -> Result<PathBuf, DataError> {
        let root = root.to_owned();
        match self {
            Self::Fits(path) | Self::Perhaps(path) | Self::Broken(path) => Ok(path),
            Self::None(found) if found.is_empty() => Err(DataError::NoTable {
                root,
                layout: LayoutKind::Csv,
                tried: vec![
                    "any .csv or .tsv file, or the one named with --table (`table` in [data])".into(),
                ],
            }),
            Self::Several(found) | Self::None(found) => Err(DataError::ManyTables { root, found }),
        }
    }
}

/// Chooses among the tables directly in the folder and, where none of them fits, those in the folders in it. Results
/// that earmark wrote count where no other table fits and no class folders come first.
pub(super) fn choose_table(root: &Path, options: &DataOptions) -> Result<TableChoice, DataError> {
    let choice = choose_among(root, options, Results::PassedOver)?;
    let is_found = matches!(choice, TableChoice::Fits(_) | TableChoice::Several(_));
    match is_found || class_folders_come_first(root, options)? {
        true => Ok(choice),
        false => choose_among(root, options, Results::Taken),
    }
}

/// Whether tables of results count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Results {
    Taken,
    PassedOver,
}

/// Where labels are not read, a table that has them is still the likelier one. Less usual names of columns count where
/// no table fits and there are no class folders.
fn choose_among(root: &Path, options: &DataOptions, results: Results) -> Result<TableChoice, DataError> {
    let labelled = DataOptions {
        read_labels: true,
        ..options.clone()
    };
    let choice = match choose(root, &labelled, columns, results)? {
        TableChoice::Fits(path) => return Ok(TableChoice::Fits(path)),
        _ if !options.read_labels => choose(root, options, columns, results)?,
        choice => choice,
    };
    let is_settled = matches!(
        choice,
        TableChoice::Fits(_) | TableChoice::Broken(_) | TableChoice::Several(_)
    );
    if is_settled || has_class_folders(root)? {
        return Ok(choice);
    }
    match choose(root, &labelled, likely_columns, results)? {
        found @ (TableChoice::Fits(_) | TableChoice::Several(_)) => Ok(found),
        _ => Ok(choice),
    }
}

/// How the columns of a table are found.
type FindColumns = fn(&Table, &DataOptions) -> Result<Columns, DataError>;

fn choose(
    root: &Path,
    options: &DataOptions,
    columns: FindColumns,
    results: Results,
) -> Result<TableChoice, DataError> {
    let names = |paths: &[PathBuf]| paths.iter().map(|path| below(root, path)).collect::<Vec<_>>();
    let index = OnceCell::new();
    let counts = |path: &PathBuf| results == Results::Taken || !is_result_file(path);
    let top: Vec<PathBuf> = tables_in(root)?.into_iter().filter(counts).collect();
    let mut with_columns = Vec::new();
    let mut broken = Vec::new();
    for inner in [false, true] {
        let mut fitting = Vec::new();
        let tables = if inner { inner_tables(root)? } else { top.clone() };
        for path in tables.into_iter().filter(counts) {
            match fit(root, &path, (options, columns), &index) {
                Fit::Files => fitting.push(path),
                Fit::Columns => with_columns.push(path),
                Fit::Broken if !inner => broken.push(path),
                Fit::Broken | Fit::No => {}
            }
        }
        match fitting.len() {
            0 => {}
            1 => return Ok(TableChoice::Fits(fitting.swap_remove(0))),
            _ => return Ok(TableChoice::Several(names(&fitting))),
        }
    }
    Ok(match (&with_columns[..], &broken[..], &top[..]) {
        ([one], ..) => TableChoice::Perhaps(one.clone()),
        ([_, ..], ..) => TableChoice::None(names(&with_columns)),
        ([], [one], _) => TableChoice::Broken(one.clone()),
        ([], [], [one]) => TableChoice::Perhaps(one.clone()),
        ([], ..) => TableChoice::None(names(&top)),
    })
}

/// How well a table suits.
enum Fit {
    /// It lacks a column.
    No,
    /// It is not a table at all.
    Broken,
    /// It has the columns, but none of its files is here.
    Columns,
    /// It has the columns, and files of it are here.
    Files,
}

fn fit(
    root: &Path,
    path: &Path,
    (options, columns): (&DataOptions, FindColumns),
    index: &OnceCell<FileIndex>,
) -> Fit {
    let Ok(table) = Table::open(path) else {
        return Fit::Broken;
    };
    let Ok(columns) = columns(&table, options) else {
        return Fit::No;
    };
    let pattern = options.file_pattern.as_deref();
    let pattern = pattern.map(|template| FilePattern::parse(template, &table, columns.file));
    let Ok(pattern) = pattern.transpose() else {
        return Fit::No;
    };
    let folder = path.parent().unwrap_or(root);
    let is_there = |row: &Record| {
        let cell = row.cell(columns.file);
        match &pattern {
            Some(pattern) => root.join(pattern.path(row)).is_file(),
            None => folder.join(cell).is_file() || root.join(cell).is_file(),
        }
    };
    let is_found = |row: &Record| {
        let index = index.get_or_init(|| FileIndex::new(root));
        !index.fitting(row.cell(columns.file)).is_empty()
    };
    let rows = || table.rows.iter().take(ROWS_TRIED);
    match rows().any(is_there) || pattern.is_none() && rows().any(is_found) {
        true => Fit::Files,
        false => Fit::Columns,
    }
}

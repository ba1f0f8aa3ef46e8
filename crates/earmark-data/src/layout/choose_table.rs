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
/// that earmark wrote count where no class folders come first and no other table may have labels: neither one whose
/// files are elsewhere nor one that can't be read.
pub(super) fn choose_table(root: &Path, options: &DataOptions) -> Result<TableChoice, DataError> {
    let mut chooser = TableChooser {
        root,
        options,
        top: Candidate::all(tables_in(root)?),
        inner: None,
        index: OnceCell::new(),
        has_class_folders: None,
        may_have_labels: false,
    };
    let choice = chooser.choose_among(Results::PassedOver)?;
    let is_found = matches!(choice, TableChoice::Fits(_) | TableChoice::Several(_));
    if is_found || chooser.may_have_labels || !chooser.has_results() {
        return Ok(choice);
    }
    let several_have_audio = chooser.has_class_folders()?;
    match class_folders_come_first(root, options, several_have_audio)? {
        true => Ok(choice),
        false => chooser.choose_among(Results::Taken),
    }
}

/// Whether tables of results count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Results {
    Taken,
    PassedOver,
}

/// A table that may be the one.
struct Candidate {
    path: PathBuf,
    is_result: bool,
}

impl Candidate {
    fn all(paths: Vec<PathBuf>) -> Vec<Self> {
        let of = |path: PathBuf| Self {
            is_result: is_result_file(&path),
            path,
        };
        paths.into_iter().map(of).collect()
    }
}

/// How the columns of a table are found.
type FindColumns = fn(&Table, &DataOptions) -> Result<Columns, DataError>;

/// The tables of a folder, and what else decides: each is looked at once, and not before it is needed.
struct TableChooser<'a> {
    root: &'a Path,
    options: &'a DataOptions,
    /// The tables directly in the folder.
    top: Vec<Candidate>,
    /// Those in the folders in it.
    inner: Option<Vec<Candidate>>,
    index: OnceCell<FileIndex>,
    has_class_folders: Option<bool>,
    /// Whether a table has a column of files and one of labels, or can't be read.
    may_have_labels: bool,
}

impl TableChooser<'_> {
    /// Where labels are not read, a table that has them is still the likelier one. Less usual names of columns count
    /// where no table fits and there are no class folders.
    fn choose_among(&mut self, results: Results) -> Result<TableChoice, DataError> {
        let (root, options) = (self.root, self.options);
        let labelled = DataOptions {
            read_labels: true,
            ..options.clone()
        };
        let sorted = self.sort(&labelled, columns, results)?;
        self.may_have_labels |= sorted.may_have_labels();
        let choice = match sorted.choice(root) {
            TableChoice::Fits(path) => return Ok(TableChoice::Fits(path)),
            _ if !options.read_labels => self.sort(options, columns, results)?.choice(root),
            choice => choice,
        };
        let is_settled = matches!(
            choice,
            TableChoice::Fits(_) | TableChoice::Broken(_) | TableChoice::Several(_)
        );
        if is_settled || self.has_class_folders()? {
            return Ok(choice);
        }
        let likely = self.sort(&labelled, likely_columns, results)?;
        self.may_have_labels |= likely.may_have_labels();
        match likely.choice(root) {
            found @ (TableChoice::Fits(_) | TableChoice::Several(_)) => Ok(found),
            _ => Ok(choice),
        }
    }

    /// Looks at the tables directly in the folder and, where none of them fits, at those in the folders in it.
    fn sort(
        &mut self,
        options: &DataOptions,
        columns: FindColumns,
        results: Results,
    ) -> Result<SortedTables, DataError> {
        let counts = |table: &&Candidate| results == Results::Taken || !table.is_result;
        let top = self.top.iter().filter(counts).map(|table| table.path.clone());
        let mut sorted = SortedTables {
            top: top.collect(),
            ..SortedTables::default()
        };
        for inner in [false, true] {
            if inner && self.inner.is_none() {
                self.inner = Some(Candidate::all(inner_tables(self.root)?));
            }
            let tables: &[Candidate] = match inner {
                true => self.inner.as_deref().unwrap_or_default(),
                false => &self.top,
            };
            for table in tables.iter().filter(counts) {
                let path = table.path.clone();
                match fit(self.root, &path, (options, columns), &self.index) {
                    Fit::Files => sorted.fitting.push(path),
                    Fit::Columns => sorted.with_columns.push(path),
                    Fit::Broken if !inner => sorted.broken.push(path),
                    Fit::Broken | Fit::No => {}
                }
            }
            if !sorted.fitting.is_empty() {
                break;
            }
        }
        Ok(sorted)
    }

    /// Whether any of the tables that were looked at is one of results.
    fn has_results(&self) -> bool {
        let mut tables = self.top.iter().chain(self.inner.iter().flatten());
        tables.any(|table| table.is_result)
    }

    fn has_class_folders(&mut self) -> Result<bool, DataError> {
        let found = match self.has_class_folders {
            Some(known) => known,
            None => has_class_folders(self.root)?,
        };
        self.has_class_folders = Some(found);
        Ok(found)
    }
}

/// Tables by how well they suit.
#[derive(Default)]
struct SortedTables {
    /// With the columns, and with files that are here.
    fitting: Vec<PathBuf>,
    /// With the columns alone.
    with_columns: Vec<PathBuf>,
    /// Not to be read.
    broken: Vec<PathBuf>,
    /// All that are directly in the folder.
    top: Vec<PathBuf>,
}

impl SortedTables {
    fn may_have_labels(&self) -> bool {
        !(self.with_columns.is_empty() && self.broken.is_empty())
    }

    fn choice(mut self, root: &Path) -> TableChoice {
        let names = |paths: &[PathBuf]| paths.iter().map(|path| below(root, path)).collect::<Vec<_>>();
        match self.fitting.len() {
            0 => {}
            1 => return TableChoice::Fits(self.fitting.swap_remove(0)),
            _ => return TableChoice::Several(names(&self.fitting)),
        }
        match (&self.with_columns[..], &self.broken[..], &self.top[..]) {
            ([one], ..) => TableChoice::Perhaps(one.clone()),
            ([_, ..], ..) => TableChoice::None(names(&self.with_columns)),
            ([], [one], _) => TableChoice::Broken(one.clone()),
            ([], [], [one]) => TableChoice::Perhaps(one.clone()),
            ([], ..) => TableChoice::None(names(&self.top)),
        }
    }
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

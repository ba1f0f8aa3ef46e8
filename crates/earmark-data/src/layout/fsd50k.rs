//! The layout `fsd50k`: FSD50K (Fonseca et al. 2020, "FSD50K: an Open Dataset of Human-Labeled Sound Events").
//!
//! Two tables in `FSD50K.ground_truth/`: `dev.csv` (`fname,labels,mids,split`), whose column `split` gives the subsets `train` and
//! `val`, and `eval.csv` (`fname,labels,mids`), the subset `test`. Names lack the extension; the audio is in `FSD50K.dev_audio/` and
//! `FSD50K.eval_audio/`. `vocabulary.csv` (`index,label,mid`, no header) gives the classes and their order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use earmark_core::csv_table::read_records;
use earmark_core::labels::LabelRule;

use super::audio_files::is_audio_name;
use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::class_map::ClassMap;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Folders of the tables, below the data folder.
const TRUTH: [&str; 2] = ["FSD50K.ground_truth", "ground_truth"];

/// One of the two tables.
struct Half {
    table: &'static str,
    folders: [&'static str; 2],
    /// The subsets that it may contain.
    subsets: &'static [&'static str],
    /// The column of the subset; without one, all rows are in the first of `subsets`.
    subset_column: Option<&'static str>,
}

const DEV: Half = Half {
    table: "dev.csv",
    folders: ["FSD50K.dev_audio", "dev_audio"],
    subsets: &["train", "val"],
    subset_column: Some("split"),
};

const EVAL: Half = Half {
    table: "eval.csv",
    folders: ["FSD50K.eval_audio", "eval_audio"],
    subsets: &["test"],
    subset_column: None,
};

pub(super) struct Fsd50k;

impl Layout for Fsd50k {
    /// `dev.csv` is a common name: its folder or its columns and the folder of the audio decide.
    fn recognise(&self, root: &Path, _: &DataOptions) -> Result<bool, DataError> {
        let fits = |half: &Half| {
            let columns = |table: &Table| ["fname", "labels"].iter().all(|c| table.find(&[c]).is_some());
            let table = half.table_in(root).and_then(|path| Table::open(&path).ok());
            half.folder_in(root).is_some() && table.as_ref().is_some_and(columns)
        };
        Ok(fits(&DEV) || fits(&EVAL))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let mut rows = Rows {
            multi_label: true,
            classes: vocabulary(root)?,
            ..Rows::default()
        };
        let wanted = |half: &&Half| half.subsets.iter().any(|subset| options.wants(subset));
        for half in [&DEV, &EVAL].into_iter().filter(wanted) {
            if let Some(table) = half.table_in(root) {
                half.read(root, table, options, &mut rows)?;
            }
        }
        if rows.rows.is_empty() {
            let tables = [DEV.table, EVAL.table].map(|table| format!("{}/{table}", TRUTH[0]));
            return Err(DataError::NoTable {
                root: root.into(),
                layout: LayoutKind::Fsd50k,
                tried: tables.to_vec(),
            });
        }
        Ok(rows)
    }
}

impl Half {
    fn table_in(&self, root: &Path) -> Option<PathBuf> {
        let mut tables = TRUTH.iter().map(|folder| root.join(folder).join(self.table));
        tables.find(|path| path.is_file())
    }

    fn folder_in(&self, root: &Path) -> Option<PathBuf> {
        let mut folders = self.folders.iter().map(|folder| root.join(folder));
        folders.find(|path| path.is_dir())
    }

    fn read(
        &self,
        root: &Path,
        path: PathBuf,
        options: &DataOptions,
        rows: &mut Rows,
    ) -> Result<(), DataError> {
        let table = Table::open(&path)?;
        let subset_column = self.subset_column.map(|column| table.require(&[column], None));
        let columns = Columns {
            file: table.require(&["fname"], None)?,
            label: options.find_labels(|| table.require(&["labels"], None))?,
            subset: subset_column.transpose()?,
            fold: table.optional(&options.fold_column, &[], "fold-column")?,
            group: table.optional(&options.group_column, &[], "group-column")?,
        };
        let folder = self.folder_in(root).ok_or_else(|| DataError::NoAudioFolder {
            table: path.clone(),
            subset: self.subsets[0].into(),
            root: root.into(),
            tried: self.folders.iter().map(|f| format!("{f}/")).collect(),
        })?;
        let rule = LabelRule::several();
        rows.columns.get_or_insert(columns.names(&table));
        rows.add(&table, |row| {
            let subset = columns.subset.map_or(self.subsets[0], |column| row.cell(column));
            if !self.subsets.contains(&subset) {
                return Err(format!(
                    "the split is {subset:?}; write {}",
                    self.subsets.join(" or ")
                ));
            }
            let mut item = columns.item(row, &folder, subset)?;
            if !is_audio_name(&item.path) {
                item.path = folder.join(format!("{}.wav", item.file));
            }
            let labels = rule.read(columns.labels(row))?;
            if labels.is_empty() && options.read_labels {
                return Err(format!("{:?} has no label; add one or remove the row", item.file));
            }
            Ok(Row { item, labels })
        })?;
        let tables = self
            .subsets
            .iter()
            .map(|subset| ((*subset).to_owned(), path.clone()));
        rows.tables.extend(tables);
        Ok(())
    }
}

/// The classes in their published order, where the file is there.
fn vocabulary(root: &Path) -> Result<Option<ClassMap>, DataError> {
    let paths = TRUTH.map(|folder| root.join(folder).join("vocabulary.csv"));
    let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
        return Ok(None);
    };
    let bytes = std::fs::read(&path).map_err(DataError::reading(&path))?;
    let records = read_records(&bytes, None).map_err(|e| DataError::row(&path, e.line, e.problem))?;
    let mut by_index = BTreeMap::new();
    for record in &records {
        let (index, name) = (record.cell(0), record.cell(1));
        let number: usize = index.parse().map_err(|_| {
            let problem =
                format!("{index:?} is not the number of a class; expected lines of index,label,mid");
            DataError::row(&path, record.line, problem)
        })?;
        by_index.insert(number, name.to_owned());
    }
    Ok(Some(ClassMap::from_names(by_index.into_values())?))
}

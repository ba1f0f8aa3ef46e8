//! The layout `urbansound8k`: UrbanSound8K (Salamon, Jacoby and Bello 2014, "A Dataset and Taxonomy for Urban Sound Research").
//!
//! The table `metadata/UrbanSound8K.csv` with at least `slice_file_name,fold,class`; the recording of a row is
//! `audio/foldN/slice_file_name`. Clips cut from one Freesound recording (`fsID`) form a group. Start and end are those of the clip
//! within that recording.

use std::path::{Path, PathBuf};

use earmark_core::labels::LabelRule;

use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Where the table may be, below the data folder.
const TABLES: [&str; 2] = ["metadata/UrbanSound8K.csv", "UrbanSound8K.csv"];

/// The columns that the table must have.
const FILE: &str = "slice_file_name";
const FOLD: &str = "fold";
const CLASS: &str = "class";

pub(super) struct Urbansound8k;

impl Layout for Urbansound8k {
    fn recognise(&self, root: &Path, _: &DataOptions) -> Result<bool, DataError> {
        let table = table_in(root).and_then(|path| Table::open(&path).ok());
        let columns = [FILE, FOLD, CLASS];
        Ok(table.is_some_and(|t| columns.iter().all(|c| t.find(&[c]).is_some())))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let path = table_in(root).ok_or_else(|| DataError::NoTable {
            root: root.into(),
            layout: LayoutKind::Urbansound8k,
            tried: TABLES.map(str::to_owned).to_vec(),
        })?;
        let table = Table::open(&path)?;
        let columns = Columns {
            file: table.require(&[FILE], None)?,
            label: options.find_labels(|| table.require(&[CLASS], None))?,
            subset: None,
            fold: Some(table.named_or(&options.fold_column, &[FOLD], "fold-column")?),
            group: table.optional(&options.group_column, &["fsID"], "group-column")?,
        };
        // The audio is in the folders of the published folds, whatever folds are chosen.
        let folder_column = table.require(&[FOLD], None)?;
        let audio = root.join("audio");
        if !audio.is_dir() {
            return Err(DataError::NoAudioFolder {
                table: path,
                subset: "train".into(),
                root: root.into(),
                tried: vec!["audio/".into()],
            });
        }
        let mut rows = Rows {
            columns: Some(columns.names(&table)),
            ..Rows::default()
        };
        rows.add(&table, |row| {
            let folder = audio.join(format!("fold{}", row.cell(folder_column)));
            let item = columns.item(row, &folder, "train")?;
            let labels = LabelRule::One.read(columns.labels(row))?;
            if labels.is_empty() && options.read_labels {
                return Err(format!("{:?} has no class; add one or remove the row", item.file));
            }
            Ok(Row { item, labels })
        })?;
        rows.tables.insert("train".into(), path);
        Ok(rows)
    }
}

fn table_in(root: &Path) -> Option<PathBuf> {
    TABLES.iter().map(|t| root.join(t)).find(|p| p.is_file())
}

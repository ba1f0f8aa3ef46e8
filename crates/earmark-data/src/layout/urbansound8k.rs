//! The layout `urbansound8k`: UrbanSound8K (Salamon, Jacoby and Bello 2014, "A Dataset and Taxonomy for Urban Sound Research").
//!
//! The table `metadata/UrbanSound8K.csv` with at least `slice_file_name,fold,class`; the recording of a row is
//! `audio/foldN/slice_file_name`. Clips cut from one Freesound recording (`fsID`) form a group. Start and end are those of the clip
//! within that recording.

use std::path::Path;

use earmark_core::labels::LabelRule;

use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::one_table::{OneTable, audio_folder};
use super::options::DataOptions;
use crate::dataset::error::DataError;

const TABLE: OneTable = OneTable {
    layout: LayoutKind::Urbansound8k,
    paths: &["metadata/UrbanSound8K.csv", "UrbanSound8K.csv"],
};

/// The columns that the table must have.
const FILE: &str = "slice_file_name";
const FOLD: &str = "fold";
const CLASS: &str = "class";

pub(super) struct Urbansound8k;

impl Layout for Urbansound8k {
    fn recognise(&self, root: &Path, _: &DataOptions) -> Result<bool, DataError> {
        Ok(TABLE.has(root, &[FILE, FOLD, CLASS]))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let table = TABLE.open(root)?;
        let columns = Columns {
            file: table.require(&[FILE], None)?,
            label: options.find_labels(|| table.require(&[CLASS], None))?,
            subset: None,
            fold: Some(table.named_or(&options.fold_column, &[FOLD], "fold-column")?),
            group: table.optional(&options.group_column, &["fsID"], "group-column")?,
        };
        // The audio is in the folders of the published folds, whatever folds are chosen.
        let folder_column = table.require(&[FOLD], None)?;
        let audio = audio_folder(root, &table)?;
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
        rows.tables.insert("train".into(), table.path.clone());
        Ok(rows)
    }
}

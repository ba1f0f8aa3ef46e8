//! The layout `esc50`: ESC-50 and ESC-10 (Piczak 2015, "ESC: Dataset for Environmental Sound
//! Classification").
//!
//! A table with at least `filename,fold,target,category` and the recordings in `audio/`. Clips cut
//! from one Freesound recording form a group: the column `src_file` names it if there is one; otherwise
//! the second piece of the published file names does (`FOLD-CLIP-TAKE-TARGET.wav`).

use std::collections::HashMap;
use std::path::Path;

use earmark_core::labels::LabelRule;

use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::one_table::{OneTable, audio_folder};
use super::options::DataOptions;
use crate::dataset::error::DataError;

const TABLE: OneTable = OneTable {
    layout: LayoutKind::Esc50,
    paths: &["meta/esc50.csv", "meta/esc10.csv", "meta.csv", "esc50.csv"],
};

pub(super) struct Esc50;

impl Layout for Esc50 {
    /// `meta.csv` is a common name: its columns decide.
    fn recognise(&self, root: &Path, _: &DataOptions) -> Result<bool, DataError> {
        Ok(TABLE.has(root, &["filename", "fold", "category"]))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let table = TABLE.open(root)?;
        let columns = Columns {
            file: table.require(&["filename"], None)?,
            label: options.find_labels(|| table.require(&["category"], None))?,
            fold: Some(table.named_or(&options.fold_column, &["fold"], "fold-column")?),
            group: table.optional(&options.group_column, &["src_file"], "group-column")?,
            subset: None,
        };
        let target_column = table.find(&["target"]).filter(|_| options.read_labels);
        let folder = audio_folder(root, &table)?;
        let mut rows = Rows {
            columns: Some(columns.names(&table)),
            ..Rows::default()
        };
        let mut category_of: HashMap<&str, (&str, usize)> = HashMap::new(); // target -> category, line
        rows.add(&table, |row| {
            let mut item = columns.item(row, &folder, "train")?;
            let category = columns.labels(row);
            let labels = LabelRule::One.read(category)?;
            if labels.is_empty() && options.read_labels {
                return Err(format!("{:?} has no category; add one or remove the row", item.file));
            }
            // The number must say the same as the name, or one of the two is a mistake.
            if let Some(target) = target_column.map(|column| row.cell(column)) {
                let (name, line) = *category_of.entry(target).or_insert((category, row.line));
                if name != category {
                    return Err(format!(
                        "target {target} is {category:?} here but {name:?} on line {line}; correct one of the rows"
                    ));
                }
            }
            if columns.group.is_none() {
                item.group = source_recording(&item.file);
            }
            Ok(Row { item, labels })
        })?;
        rows.tables.insert("train".into(), table.path.clone());
        Ok(rows)
    }
}

/// `1-100032-A-0.wav` -> `100032`; `None` for names of another form.
fn source_recording(file: &str) -> Option<String> {
    let stem = Path::new(file).file_stem()?.to_str()?;
    let pieces: Vec<&str> = stem.split('-').collect();
    match pieces[..] {
        [_, clip, _, _] if !clip.is_empty() => Some(clip.to_owned()),
        _ => None,
    }
}

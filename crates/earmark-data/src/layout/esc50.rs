//! The layout `esc50`: ESC-50 and ESC-10 (Piczak 2015, "ESC: Dataset for Environmental Sound
//! Classification").
//!
//! A table with at least `filename,fold,target,category` and the recordings in `audio/`. Clips cut
//! from one Freesound recording form a group: the column `src_file` names it if there is one; otherwise
//! the second piece of the published file names does (`FOLD-CLIP-TAKE-TARGET.wav`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::interface::{Layout, Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::table::columns::Table;

/// Where the table may be, below the data folder.
const TABLES: [&str; 4] = ["meta/esc50.csv", "meta/esc10.csv", "meta.csv", "esc50.csv"];

pub(super) struct Esc50;

impl Layout for Esc50 {
    /// `meta.csv` is a common name: its columns decide.
    fn recognise(&self, root: &Path) -> Result<bool, DataError> {
        let table = table_in(root).and_then(|path| Table::open(&path).ok());
        let columns = ["filename", "fold", "category"];
        Ok(table.is_some_and(|t| columns.iter().all(|c| t.find(&[c]).is_some())))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let path = table_in(root).ok_or_else(|| DataError::NoTable {
            root: root.into(),
            layout: LayoutKind::Esc50,
            tried: TABLES.map(str::to_owned).to_vec(),
        })?;
        let table = Table::open(&path)?;
        let file_column = table.require(&["filename"], None)?;
        let category_column = options
            .read_labels
            .then(|| table.require(&["category"], None))
            .transpose()?;
        let target_column = table.find(&["target"]);
        let fold_column = table.named_or(&options.fold_column, &["fold"], "fold-column")?;
        let group_column = table.optional(&options.group_column, &["src_file"], "group-column")?;
        let folder = root.join("audio");
        if !folder.is_dir() {
            return Err(DataError::NoAudioFolder {
                table: path,
                subset: "train".into(),
                root: root.into(),
                tried: vec!["audio/".into()],
            });
        }
        let mut rows = Rows::default();
        let mut category_of: HashMap<&str, (&str, usize)> = HashMap::new(); // target -> category, line
        for row in &table.rows {
            let fail = |problem: String| DataError::row(&path, row.line, problem);
            let file = row.file_name(file_column).map_err(fail)?;
            let category = category_column.map_or("", |c| row.cell(c));
            if category.is_empty() && category_column.is_some() {
                return Err(fail(format!(
                    "{file:?} has no category; add one or remove the row"
                )));
            }
            // The number must say the same as the name, or one of the two is a mistake.
            if let (Some(target), Some(_)) = (target_column.map(|c| row.cell(c)), category_column) {
                let (name, line) = *category_of.entry(target).or_insert((category, row.line));
                if name != category {
                    return Err(fail(format!(
                        "target {target} is {category:?} here but {name:?} on line {line}; correct one of the rows"
                    )));
                }
            }
            let group = match group_column {
                Some(_) => row.text(group_column),
                None => source_recording(&file),
            };
            let labels = Some(category.to_owned()).filter(|c| !c.is_empty());
            rows.rows.push(Row {
                item: Item {
                    path: folder.join(&file),
                    file,
                    subset: "train".into(),
                    fold: row.fold(Some(fold_column)).map_err(fail)?,
                    group,
                    line: Some(row.line),
                    ..Item::default()
                },
                labels: labels.into_iter().collect(),
            });
        }
        rows.tables.insert("train".into(), path);
        Ok(rows)
    }
}

fn table_in(root: &Path) -> Option<PathBuf> {
    TABLES.iter().map(|t| root.join(t)).find(|p| p.is_file())
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

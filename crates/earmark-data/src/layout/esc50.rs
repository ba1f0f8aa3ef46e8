//! The layout `esc50`: ESC-50 and ESC-10 (Piczak 2015, "ESC: Dataset for Environmental Sound
//! Classification").
//!
//! A table with at least `filename,fold,target,category` and the recordings in `audio/`. Clips cut
//! from one Freesound recording form a group: the column `src_file` names it where there is one, else
//! the second piece of the published file names (`FOLD-CLIP-TAKE-TARGET.wav`).

use std::collections::HashMap;
use std::path::Path;

use super::assemble::{Row, Rows};
use super::error::DataError;
use super::options::{DataOptions, LayoutKind};
use super::table::Table;

/// Where the table lies, below the data folder.
pub(super) const TABLES: [&str; 4] = ["meta/esc50.csv", "meta/esc10.csv", "meta.csv", "esc50.csv"];

pub(super) fn load(root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
    let Some(path) = TABLES.iter().map(|t| root.join(t)).find(|p| p.is_file()) else {
        let tried = TABLES.iter().map(|&t| t.to_owned()).collect();
        return Err(DataError::NoTable {
            root: root.into(),
            layout: LayoutKind::Esc50,
            tried,
        });
    };
    let table = Table::open(&path)?;
    let file_column = table.require(&["filename"], None)?;
    let category_column = if options.read_labels {
        Some(table.require(&["category"], None)?)
    } else {
        None
    };
    let target_column = table.find(&["target"]);
    let fold_column = match &options.fold_column {
        Some(name) => table.require(&[name], Some("fold-column"))?,
        None => table.require(&["fold"], None)?,
    };
    let group_column = table.optional(options.group_column.as_deref(), &["src_file"], "group-column")?;
    let folder = root.join("audio");
    if !folder.is_dir() {
        return Err(DataError::NoAudioFolder {
            table: path,
            part: "train".into(),
            root: root.into(),
            tried: vec!["audio/".into()],
        });
    }
    let mut rows = Rows::default();
    let mut category_of: HashMap<String, (String, usize)> = HashMap::new(); // target -> category, line
    for row in &table.rows {
        let fail = |problem: String| DataError::row(&path, row.line, problem);
        let file = row.file_name(file_column).map_err(&fail)?;
        let category = category_column.map(|c| row.cell(c)).unwrap_or_default();
        if category.is_empty() && category_column.is_some() {
            return Err(fail(format!(
                "{file:?} has no category; add one or remove the row"
            )));
        }
        // The number must say the same as the name, or one of the two is a mistake.
        if let (Some(target), Some(_)) = (target_column.map(|c| row.cell(c)), category_column) {
            let known = category_of
                .entry(target.to_owned())
                .or_insert_with(|| (category.to_owned(), row.line));
            if known.0 != category {
                let (name, line) = known;
                return Err(fail(format!(
                    "target {target} is {category:?} here but {name:?} on line {line}; correct one of the rows"
                )));
            }
        }
        let group = match group_column {
            Some(_) => row.text(group_column),
            None => source_recording(&file),
        };
        rows.rows.push(Row {
            path: folder.join(&file),
            labels: if category.is_empty() {
                Vec::new()
            } else {
                vec![category.to_owned()]
            },
            part: "train".into(),
            fold: row.fold(Some(fold_column)).map_err(&fail)?,
            group,
            verified: None,
            line: Some(row.line),
            file,
        });
    }
    rows.tables.insert("train".into(), path);
    Ok(rows)
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

//! From the rows of a layout to a checked [`DataSet`]: classes, duplicates, missing files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::corrections;
use super::error::DataError;
use super::options::{DataOptions, LayoutKind, MissingFiles};
use crate::class_map::ClassMap;
use crate::item::{DataSet, Item, SkipReason, Skipped};

/// A recording as a layout reads it, labels still by name.
pub(super) struct Row {
    pub file: String,
    pub path: PathBuf,
    pub labels: Vec<String>,
    pub part: String,
    pub fold: Option<u32>,
    pub group: Option<String>,
    pub verified: Option<bool>,
    pub line: Option<usize>,
}

/// What a layout reads from a folder.
#[derive(Default)]
pub(super) struct Rows {
    pub rows: Vec<Row>,
    pub tables: BTreeMap<String, PathBuf>,
    pub skipped: Vec<Skipped>,
    pub multi_label: bool,
}

/// How many missing files an error names.
const NAMED: usize = 3;

/// Checks the rows and gives every label its index.
pub(super) fn assemble(
    root: &Path,
    layout: LayoutKind,
    rows: Rows,
    options: &DataOptions,
) -> Result<DataSet, DataError> {
    let Rows {
        rows,
        tables,
        mut skipped,
        multi_label,
    } = rows;
    refuse_duplicates(&rows, &tables)?;
    let rows = existing(rows, &tables, &mut skipped, options.missing_files)?;
    if rows.is_empty() {
        let remedy = match &options.parts {
            Some(parts) => format!("check `parts` ({})", parts.join(", ")),
            None => "check that the audio files are where the tables say".to_owned(),
        };
        return Err(DataError::NoItems {
            root: root.into(),
            remedy,
        });
    }
    let class_map = options.class_map.as_ref().map(|p| root.join(p));
    let classes = match &class_map {
        Some(path) => ClassMap::read(path)?,
        None => ClassMap::from_labels(rows.iter().flat_map(|r| r.labels.iter().map(String::as_str))),
    };
    let (rows, corrected) = corrections::apply(root, rows, &skipped, &classes, options)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let mut labels = Vec::with_capacity(row.labels.len());
        for label in &row.labels {
            labels.push(classes.index(label).ok_or_else(|| DataError::UnknownLabel {
                place: match (tables.get(&row.part), row.line) {
                    (Some(table), Some(line)) => format!("{}:{line}", table.display()),
                    _ => row.path.display().to_string(),
                },
                label: label.clone(),
                suggestion: classes.suggest(label),
                classes: classes.len(),
                // Only a given map can lack a label: the other one is made of all of them.
                class_map: class_map.clone().unwrap_or_default(),
            })?);
        }
        labels.sort_unstable();
        let Row {
            file,
            path,
            part,
            fold,
            group,
            verified,
            line,
            ..
        } = row;
        items.push(Item {
            file,
            path,
            labels,
            part,
            fold,
            group,
            verified,
            line,
        });
    }
    let multi_label = options.multi_label.unwrap_or(multi_label);
    if let Some(item) = items.iter().find(|i| !multi_label && i.labels.len() > 1) {
        let line = item.line.unwrap_or_default();
        let table = tables
            .get(&item.part)
            .cloned()
            .unwrap_or_else(|| item.path.clone());
        let problem = format!(
            "{:?} has {} labels, but `multi-label` is false",
            item.file,
            item.labels.len()
        );
        return Err(DataError::row(
            &table,
            line,
            problem + "; keep one label or set it to true",
        ));
    }
    Ok(DataSet {
        root: root.into(),
        layout,
        classes,
        items,
        multi_label,
        skipped,
        tables,
        corrected,
    })
}

/// A recording is listed once per part.
fn refuse_duplicates(rows: &[Row], tables: &BTreeMap<String, PathBuf>) -> Result<(), DataError> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        let line = row.line.unwrap_or_default();
        if let Some(first) = seen.insert((&row.part, &row.file), line) {
            let path = tables.get(&row.part).cloned().unwrap_or_else(|| row.path.clone());
            return Err(DataError::DuplicateRow {
                path,
                line,
                first,
                file: row.file.clone(),
            });
        }
    }
    Ok(())
}

/// The rows whose audio file is there; the others are refused or skipped.
fn existing(
    rows: Vec<Row>,
    tables: &BTreeMap<String, PathBuf>,
    skipped: &mut Vec<Skipped>,
    missing_files: MissingFiles,
) -> Result<Vec<Row>, DataError> {
    let (present, missing): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|r| r.path.is_file());
    match (missing_files, missing.first()) {
        (_, None) => Ok(present),
        (MissingFiles::Skip, _) => {
            let skip = |r: Row| Skipped {
                file: r.file,
                reason: SkipReason::Missing { line: r.line },
            };
            skipped.extend(missing.into_iter().map(skip));
            Ok(present)
        }
        (MissingFiles::Refuse, Some(first)) => {
            let same_part = |rows: &[Row]| rows.iter().filter(|r| r.part == first.part).count();
            let count = same_part(&missing);
            Err(DataError::MissingFiles {
                table: tables.get(&first.part).cloned().unwrap_or_default(),
                count,
                total: count + same_part(&present),
                first: missing
                    .iter()
                    .filter(|r| r.part == first.part)
                    .take(NAMED)
                    .map(|r| (r.line.unwrap_or_default(), r.file.clone()))
                    .collect(),
                folder: first.path.parent().unwrap_or(&first.path).to_owned(),
            })
        }
    }
}

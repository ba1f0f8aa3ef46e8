//! From a data folder to a checked [`DataSet`]: rows of the layout, classes, duplicates, missing files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::apply_corrections::apply_corrections;
use super::interface::{Row, Rows};
use super::kind::LayoutKind;
use super::options::{DataOptions, MissingFiles};
use super::recognise_layout::{layout_of, recognise};
use crate::dataset::class_map::ClassMap;
use crate::dataset::data_set::DataSet;
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, SkipReason, Skipped};

/// How many missing files an error names.
const NAMED: usize = 3;

/// Loads the data set in `root`, a folder or (for the csv layout) the table itself.
///
/// # Errors
/// A [`DataError`] that names the file and, for tables, the line.
pub fn load(root: &Path, options: &DataOptions) -> Result<DataSet, DataError> {
    if root.is_file() {
        // A table given directly: its folder is the data folder.
        let folder = match root.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let options = DataOptions {
            layout: options.layout.or(Some(LayoutKind::Csv)),
            table: root.file_name().map(Into::into),
            ..options.clone()
        };
        return load(folder, &options);
    }
    if !root.is_dir() {
        return Err(DataError::NoRoot(root.into()));
    }
    let kind = match options.layout {
        Some(kind) => kind,
        None => recognise(root, options)?,
    };
    let layout = layout_of(kind);
    options.refuse_unused(kind, layout.unused_options())?;
    let mut rows = layout.read(root, options)?;
    select_subsets(root, &mut rows, options)?;
    if !options.read_labels {
        rows.rows.iter_mut().for_each(|r| r.labels.clear());
    }
    refuse_duplicates(&rows)?;
    skip_missing(&mut rows, options.missing_files)?;
    if rows.rows.is_empty() {
        let remedy = match &options.subsets {
            Some(subsets) => format!("check `subsets` ({})", subsets.join(", ")),
            None => "check that the audio files are where the tables say".to_owned(),
        };
        return Err(DataError::NoItems {
            root: root.into(),
            remedy,
        });
    }
    assemble(root, kind, rows, options)
}

/// Keeps the subsets that the options ask for; each must exist.
fn select_subsets(root: &Path, rows: &mut Rows, options: &DataOptions) -> Result<(), DataError> {
    let present = || rows.rows.iter().map(|r| r.item.subset.as_str());
    let unknown = |subset: &&String| present().all(|p| p != subset.as_str());
    if let Some(subset) = options.subsets.iter().flatten().find(unknown) {
        return Err(DataError::unknown_subset(root, subset, present()));
    }
    rows.rows.retain(|r| options.wants(&r.item.subset));
    Ok(())
}

/// Each recording may be listed once per subset.
fn refuse_duplicates(rows: &Rows) -> Result<(), DataError> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::with_capacity(rows.rows.len());
    for Row { item, .. } in &rows.rows {
        let line = item.line.unwrap_or_default();
        if let Some(first) = seen.insert((&item.subset, &item.file), line) {
            let file = &item.file;
            let problem = format!("{file:?} is already listed on line {first}; keep one of the two rows");
            return Err(DataError::row(&rows.source(item), line, problem));
        }
    }
    Ok(())
}

/// Refuses or skips the rows whose audio file is missing.
fn skip_missing(rows: &mut Rows, missing_files: MissingFiles) -> Result<(), DataError> {
    let all = std::mem::take(&mut rows.rows);
    let (present, missing): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|r| r.item.path.is_file());
    if let (MissingFiles::Refuse, Some(Row { item: first, .. })) = (missing_files, missing.first()) {
        let of_subset = |row: &&Row| row.item.subset == first.subset;
        let count = missing.iter().filter(of_subset).count();
        let name =
            |Row { item, .. }: &Row| format!("{:?} (line {})", item.file, item.line.unwrap_or_default());
        let named: Vec<String> = missing.iter().filter(of_subset).take(NAMED).map(name).collect();
        return Err(DataError::MissingFiles {
            table: rows.tables.get(&first.subset).cloned().unwrap_or_default(),
            count,
            total: count + present.iter().filter(of_subset).count(),
            first: named.join(", "),
            folder: first.path.parent().unwrap_or(&first.path).to_owned(),
        });
    }
    rows.rows = present;
    rows.skipped.extend(missing.into_iter().map(|row| Skipped {
        file: row.item.file,
        reason: SkipReason::Missing { line: row.item.line },
    }));
    Ok(())
}

/// Gives every label its index.
fn assemble(
    root: &Path,
    layout: LayoutKind,
    mut rows: Rows,
    options: &DataOptions,
) -> Result<DataSet, DataError> {
    let class_map: Option<PathBuf> = options.class_map.as_ref().map(|p| root.join(p));
    let labels = || rows.rows.iter().flat_map(|r| r.labels.iter().map(String::as_str));
    let classes = match &class_map {
        Some(path) => ClassMap::read(path)?,
        None => ClassMap::from_labels(labels()),
    };
    let corrected = apply_corrections(root, &mut rows, &classes, options)?;
    let multi_label = options.multi_label.unwrap_or(rows.multi_label);
    let mut items = Vec::with_capacity(rows.rows.len());
    for Row { mut item, labels } in std::mem::take(&mut rows.rows) {
        item.labels = Vec::with_capacity(labels.len());
        for label in labels {
            let index = classes.index(&label).ok_or_else(|| {
                let remedy = match classes.hint(&label) {
                    hint if hint.is_empty() => "; correct the label or add it to the class map".to_owned(),
                    hint => hint,
                };
                // Only a given map can lack a label: the other kind is made of all of them.
                let (count, map) = (classes.len(), class_map.as_deref().unwrap_or(root).display());
                let problem = format!("label {label:?} is not among the {count} classes of {map}{remedy}");
                match item.line {
                    Some(line) => DataError::row(&rows.source(&item), line, problem),
                    None => DataError::at(&item.path, problem),
                }
            })?;
            item.labels.push(index);
        }
        item.labels.sort_unstable();
        refuse_many_labels(&item, multi_label, &rows)?;
        items.push(item);
    }
    Ok(DataSet {
        root: root.into(),
        layout,
        classes,
        items,
        multi_label,
        skipped: rows.skipped,
        tables: rows.tables,
        corrected,
    })
}

fn refuse_many_labels(item: &Item, multi_label: bool, rows: &Rows) -> Result<(), DataError> {
    if multi_label || item.labels.len() < 2 {
        return Ok(());
    }
    let problem = format!(
        "{:?} has {} labels, but `multi-label` is false; keep one label or set it to true",
        item.file,
        item.labels.len()
    );
    let line = item.line.unwrap_or_default();
    Err(DataError::row(&rows.source(item), line, problem))
}

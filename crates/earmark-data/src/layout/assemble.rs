//! From rows with names of labels to items with indices of classes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use earmark_core::human::human_amount;

use super::apply_class_changes::{RowKey, key};
use super::apply_corrections::apply_corrections;
use super::interface::{Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::class_map::ClassMap;
use crate::dataset::data_set::DataSet;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::wording::quoted;

/// Gives every label its index. Rows of `emptied` that still have no label are left out.
pub(super) fn assemble(
    root: &Path,
    layout: LayoutKind,
    mut rows: Rows,
    options: &DataOptions,
    emptied: &HashSet<RowKey>,
) -> Result<DataSet, DataError> {
    let class_map: Option<PathBuf> = options.class_map.as_ref().map(|p| root.join(p));
    let labels = || rows.rows.iter().flat_map(|r| r.labels.iter().map(String::as_str));
    let classes = match (&class_map, &rows.classes) {
        (Some(path), _) => ClassMap::read(path)?,
        (None, Some(classes)) if options.read_labels => classes.clone(),
        _ => ClassMap::from_labels(labels()),
    };
    let applied = apply_corrections(root, &mut rows, &classes, options)?;
    leave_out_emptied(root, &mut rows, options, emptied)?;
    let multi_label = options.multi_label.unwrap_or(rows.multi_label);
    let (mut items, mut removed) = (Vec::with_capacity(rows.rows.len()), Vec::new());
    for Row { mut item, labels } in std::mem::take(&mut rows.rows) {
        let is_removed = applied
            .in_folds
            .contains(&(item.subset.clone(), item.file.clone()));
        item.labels = Vec::with_capacity(labels.len());
        for label in labels {
            let map = class_map.as_deref().unwrap_or(root);
            match classes.index(&label) {
                Some(index) => item.labels.push(index),
                // Of a recording that is removed, no label is used.
                None if is_removed => {}
                None => return Err(not_in_map(&label, &classes, map, &item, &rows)),
            }
        }
        item.labels.sort_unstable();
        item.damaged = options.damaged.into();
        if is_removed {
            removed.push((items.len(), item));
            continue;
        }
        refuse_many_labels(&item, multi_label, &rows)?;
        items.push(item);
    }
    if items.is_empty() {
        let remedy = "the corrections leave out all of them; correct their files, or leave `corrections` out"
            .to_owned();
        return Err(DataError::NoItems {
            root: root.into(),
            remedy,
        });
    }
    Ok(DataSet {
        root: root.into(),
        layout,
        classes,
        items,
        removed,
        multi_label,
        skipped: rows.skipped,
        tables: rows.tables,
        corrected: applied.corrected,
        corrections: applied.files,
        columns: rows.columns,
        events: Arc::new(rows.events),
        notes: rows.notes,
    })
}

/// Leaves out recordings that had none but ignored classes, and says how many.
fn leave_out_emptied(
    root: &Path,
    rows: &mut Rows,
    options: &DataOptions,
    emptied: &HashSet<RowKey>,
) -> Result<(), DataError> {
    if emptied.is_empty() {
        return Ok(());
    }
    let before = rows.rows.len();
    rows.rows
        .retain(|row| !(row.labels.is_empty() && emptied.contains(&key(row))));
    let left_out = before - rows.rows.len();
    let ignored = quoted(&options.classes.ignore, ", ");
    if rows.rows.is_empty() {
        return Err(DataError::NoItems {
            root: root.into(),
            remedy: format!("all of them have only ignored classes ({ignored}); change classes.ignore"),
        });
    }
    if left_out > 0 {
        let clips = human_amount(left_out, "recording", "recordings");
        rows.notes
            .push(format!("{clips} of the ignored classes {ignored} left out"));
    }
    Ok(())
}

/// Only a given map can lack a label: the other kind is made of all of them.
fn not_in_map(label: &str, classes: &ClassMap, map: &Path, item: &Item, rows: &Rows) -> DataError {
    let remedy = match classes.hint(label) {
        hint if hint.is_empty() => "; correct the label or add it to the class map".to_owned(),
        hint => hint,
    };
    let count = human_amount(classes.len(), "class", "classes");
    let problem = format!(
        "label {label:?} is not among the {count} of {}{remedy}",
        map.display()
    );
    match item.line {
        Some(line) => DataError::row(&rows.source(item), line, problem),
        None => DataError::at(&item.path, problem),
    }
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

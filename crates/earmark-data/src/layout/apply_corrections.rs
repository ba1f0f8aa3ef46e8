//! Removes and relabels the rows that corrections files name.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::interface::Rows;
use super::options::DataOptions;
use crate::dataset::class_map::ClassMap;
use crate::dataset::corrections::{Corrected, Correction, Corrections, read_corrections};
use crate::dataset::error::DataError;
use crate::wording::hint;

/// Applies the corrections that the options name. Where labels are not read there is nothing to correct, and a subset that
/// is not loaded needs no file.
pub(super) fn apply_corrections(
    root: &Path,
    rows: &mut Rows,
    classes: &ClassMap,
    options: &DataOptions,
) -> Result<Vec<Corrected>, DataError> {
    let mut done = Vec::new();
    // A clip that one file has moved to another subset still belongs to its old subset for the other files.
    let subsets: Vec<String> = rows.rows.iter().map(|row| row.item.subset.clone()).collect();
    let mut removed = vec![false; subsets.len()];
    for corrections in options.corrections.iter().filter(|_| options.read_labels) {
        let subset = &corrections.subset;
        let mut changes = Corrected {
            file: corrections.file.clone(),
            subset: subset.clone(),
            removed: 0,
            labelled: 0,
            passed_over: !subsets.contains(subset),
        };
        if changes.passed_over && options.subsets.is_none() {
            let present = subsets.iter().map(String::as_str);
            return Err(DataError::unknown_subset(root, subset, present));
        }
        if !changes.passed_over {
            let parse = |text: &str| Correction::parse(text, classes, &options.classes);
            for (at, correction) in entries(root, corrections, rows, &subsets, &parse)? {
                match correction {
                    Correction::Remove => {
                        removed[at] = true;
                        changes.removed += 1;
                    }
                    Correction::Relabel(labels) => {
                        rows.rows[at].labels = labels;
                        if let Some(subset) = &corrections.corrected_subset {
                            rows.rows[at].item.subset.clone_from(subset);
                        }
                        changes.labelled += 1;
                    }
                }
            }
        }
        done.push(changes);
    }
    let mut removed = removed.into_iter();
    rows.rows.retain(|_| !removed.next().unwrap_or(false));
    Ok(done)
}

/// The rows that a corrections file names, with what it says about each. Rows that were skipped, as their audio is missing, may be
/// named.
fn entries(
    root: &Path,
    corrections: &Corrections,
    rows: &Rows,
    subsets: &[String],
    parse: &dyn Fn(&str) -> Result<Correction, String>,
) -> Result<Vec<(usize, Correction)>, DataError> {
    let path = root.join(&corrections.file);
    let row_of: HashMap<&str, usize> = (0..subsets.len())
        .filter(|&at| subsets[at] == corrections.subset)
        .map(|at| (rows.rows[at].item.file.as_str(), at))
        .collect();
    let skipped: HashSet<&str> = rows.skipped.iter().map(|clip| clip.file.as_str()).collect();
    let mut found = Vec::new();
    for (file, text) in read_corrections(&path)? {
        let entry = match row_of.get(file.as_str()) {
            Some(&at) => parse(&text).map(|correction| Some((at, correction))),
            None => unknown_file(&file, &corrections.subset, &row_of, &skipped).map(|()| None),
        };
        found.extend(entry.map_err(|problem| DataError::at(&path, format!("{file:?}: {problem}")))?);
    }
    Ok(found)
}

fn unknown_file(
    file: &str,
    subset: &str,
    row_of: &HashMap<&str, usize>,
    skipped: &HashSet<&str>,
) -> Result<(), String> {
    if skipped.contains(file) {
        return Ok(());
    }
    let mut known: Vec<&str> = row_of.keys().copied().collect();
    known.sort_unstable();
    let hint = hint(file, known);
    Err(format!(
        "is not a file of the subset {subset:?}{hint}; correct the name or remove the entry"
    ))
}

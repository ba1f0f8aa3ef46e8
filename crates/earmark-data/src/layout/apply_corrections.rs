//! Removes, relabels and copies the rows that corrections files name.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use earmark_core::human::human_count;

use super::find_corrections::{CorrectionsSource, FoundCorrections, find_corrections};
use super::interface::{Row, Rows};
use super::options::DataOptions;
use crate::dataset::class_map::ClassMap;
use crate::dataset::corrections::{Corrected, Correction, Corrections, CorrectionsFile, parse_corrections};
use crate::dataset::error::DataError;
use crate::wording::hint;

/// What corrections did, apart from what is seen in the rows.
#[derive(Default)]
pub(super) struct AppliedCorrections {
    /// What each entry of the options changed.
    pub corrected: Vec<Corrected>,
    /// The files that were read, each once.
    pub files: Vec<CorrectionsFile>,
    /// Subset and file of rows that are removed, except from folds: they are among the rows.
    pub in_folds: HashSet<(String, String)>,
}

/// What becomes of a row; of several the last in this list.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum RowFate {
    Stays,
    InFolds,
    Removed,
}

/// Applies the corrections that the options name, and notes which files were taken. Where labels are not read there is
/// nothing to correct, and a subset that is not loaded needs no file.
pub(super) fn apply_corrections(
    root: &Path,
    rows: &mut Rows,
    classes: &ClassMap,
    options: &DataOptions,
) -> Result<AppliedCorrections, DataError> {
    let mut applied = AppliedCorrections::default();
    if !options.read_labels {
        return Ok(applied);
    }
    let mut notes: Vec<String> = Vec::new();
    let mut work = CorrectedRows::new(rows);
    let parse = |text: &str| Correction::parse(text, classes, &options.classes);
    for (at, corrections) in options.corrections.iter().enumerate() {
        corrections.check(at)?;
        let subset = &corrections.subset;
        let mut changes = Corrected {
            file: corrections.file.clone(),
            subset: subset.clone(),
            passed_over: !work.subsets.contains(subset),
            ..Corrected::default()
        };
        if changes.passed_over && options.subsets.is_none() {
            let present = work.subsets.iter().map(String::as_str);
            return Err(DataError::unknown_subset(root, subset, present));
        }
        if !changes.passed_over {
            let found = find_corrections(root, options, at)?;
            let named = work.find(&found, subset, &parse)?;
            work.apply(named, corrections, &mut changes);
            notes.extend(note(&found, corrections, &changes));
            if applied.files.iter().all(|file| file.name != found.file.name) {
                applied.files.push(found.file);
            }
        }
        applied.corrected.push(changes);
    }
    applied.in_folds = work.finish()?;
    rows.notes.append(&mut notes);
    Ok(applied)
}

/// Which file was taken, and what it did. Nothing of a run's own copy: it was noted when the run began.
fn note(found: &FoundCorrections, by: &Corrections, changes: &Corrected) -> Option<String> {
    let count = |n: usize| human_count(n as u64);
    let clips = changes.removed + changes.labelled + changes.copied;
    let (removed, labelled) = (count(changes.removed), count(changes.labelled));
    let what = match (by.copy, &by.corrected_subset) {
        (true, Some(subset)) => format!("copied to {subset} with its labels"),
        (false, Some(subset)) => format!("{removed} removed, {labelled} relabelled and moved to {subset}"),
        (_, None) => format!("{removed} removed, {labelled} relabelled"),
    };
    (found.source != CorrectionsSource::Run).then(|| {
        format!(
            "{}: {} {}, {what} (subset {})",
            found.place,
            count(clips),
            if clips == 1 { "clip" } else { "clips" },
            by.subset
        )
    })
}

/// The rows while they are corrected.
struct CorrectedRows<'a> {
    rows: &'a mut Rows,
    /// The subset of each at first: a clip that one file has moved to another subset still belongs to its old subset
    /// for the other files.
    subsets: Vec<String>,
    fates: Vec<RowFate>,
    copies: Vec<Row>,
}

impl<'a> CorrectedRows<'a> {
    fn new(rows: &'a mut Rows) -> Self {
        let subsets: Vec<String> = rows.rows.iter().map(|row| row.item.subset.clone()).collect();
        Self {
            fates: vec![RowFate::Stays; subsets.len()],
            copies: Vec::new(),
            rows,
            subsets,
        }
    }

    /// The rows of `subset` that the entries of a corrections file name, with what it says about each. Rows that were
    /// skipped, as their audio is missing, may be named.
    fn find(
        &self,
        file: &FoundCorrections,
        subset: &str,
        parse: &dyn Fn(&str) -> Result<Correction, String>,
    ) -> Result<Vec<(usize, Correction)>, DataError> {
        let row_of: HashMap<&str, usize> = (0..self.subsets.len())
            .filter(|&at| self.subsets[at] == subset)
            .map(|at| (self.rows.rows[at].item.file.as_str(), at))
            .collect();
        let skipped: HashSet<&str> = self.rows.skipped.iter().map(|clip| clip.file.as_str()).collect();
        let remedy = match file.source {
            CorrectionsSource::Program => {
                "it is about another data set, or another version of this one; put a file of its name into the data \
                 folder, or train without corrections (--set data.corrections=false)"
            }
            CorrectionsSource::Run | CorrectionsSource::Folder => "correct the name or remove the entry",
        };
        let mut found = Vec::new();
        for (name, text) in parse_corrections(&file.place, &file.file.bytes)? {
            let entry = match row_of.get(name.as_str()) {
                Some(&at) => parse(&text).map(|correction| Some((at, correction))),
                None if skipped.contains(name.as_str()) => Ok(None),
                None => Err(unknown_file(&name, subset, &row_of) + remedy),
            };
            found.extend(entry.map_err(|problem| DataError::At {
                place: file.place.clone(),
                problem: format!("{name:?}: {problem}"),
            })?);
        }
        Ok(found)
    }

    /// Applies what a file says about its rows.
    fn apply(&mut self, found: Vec<(usize, Correction)>, by: &Corrections, changes: &mut Corrected) {
        let named: HashSet<usize> = found.iter().map(|(at, _)| *at).collect();
        for (at, correction) in found {
            match correction {
                Correction::Remove if by.copy => {}
                Correction::Remove => self.remove(at, by.keep_in_folds, changes),
                Correction::Relabel(labels) => self.relabel(at, labels, by, changes),
            }
        }
        if by.named_only {
            for at in 0..self.subsets.len() {
                if self.subsets[at] == by.subset && !named.contains(&at) {
                    self.remove(at, false, changes);
                }
            }
        }
    }

    fn remove(&mut self, at: usize, keep_in_folds: bool, changes: &mut Corrected) {
        let fate = match keep_in_folds {
            true => RowFate::InFolds,
            false => RowFate::Removed,
        };
        if fate > self.fates[at] {
            self.fates[at] = fate;
        }
        changes.removed += 1;
    }

    fn relabel(&mut self, at: usize, labels: Vec<String>, by: &Corrections, changes: &mut Corrected) {
        let row = &mut self.rows.rows[at];
        match &by.corrected_subset {
            Some(subset) if by.copy => {
                let mut item = row.item.clone();
                item.subset.clone_from(subset);
                self.copies.push(Row { item, labels });
                changes.copied += 1;
                return;
            }
            Some(subset) => row.item.subset.clone_from(subset),
            None => {}
        }
        row.labels = labels;
        changes.labelled += 1;
    }

    /// Drops the rows that are removed and adds the copies; returns subset and file of those that stay in folds.
    fn finish(self) -> Result<HashSet<(String, String)>, DataError> {
        let key = |row: &Row| (row.item.subset.clone(), row.item.file.clone());
        let rows = &mut self.rows.rows;
        let of_folds = rows.iter().zip(&self.fates);
        let of_folds = of_folds.filter(|(_, fate)| **fate == RowFate::InFolds);
        let in_folds = of_folds.map(|(row, _)| key(row)).collect();
        let mut fates = self.fates.iter();
        rows.retain(|_| fates.next() != Some(&RowFate::Removed));
        if !self.copies.is_empty() {
            let mut present: HashSet<(String, String)> = rows.iter().map(key).collect();
            if let Some(twice) = self.copies.iter().find(|copy| !present.insert(key(copy))) {
                let (subset, file) = key(twice);
                return Err(DataError::Setting(format!(
                    "corrections: a copy of {file:?} would be in the subset {subset:?} twice; choose another \
                     corrected-subset"
                )));
            }
        }
        rows.extend(self.copies);
        Ok(in_folds)
    }
}

/// The beginning of what is wrong with an entry for a clip that is not there.
fn unknown_file(file: &str, subset: &str, row_of: &HashMap<&str, usize>) -> String {
    let mut known: Vec<&str> = row_of.keys().copied().collect();
    known.sort_unstable();
    let hint = hint(file, known);
    format!("is not a file of the subset {subset:?}{hint}; ")
}

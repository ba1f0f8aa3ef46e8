//! A table of a data set without what a check has found: duplicates, leaks and files that can't be read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::findings_and_remedies::{CheckReport, Finding, FindingKind, FindingPlace};
use super::options::CheckOptions;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;

/// What was done about a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableChange {
    /// The recording.
    #[serde(flatten)]
    pub place: FindingPlace,
    /// Whether it is not in the new table; otherwise it has another fold or group.
    pub removed: bool,
    /// What and why, in words.
    pub change: String,
}

/// A data set as a table, and what makes it differ from the set.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedTable {
    /// The recordings that are left, in their order, with their new folds and groups.
    pub items: Vec<Item>,
    /// Each recording that was removed, moved to another fold or put into a group, in the order of the set.
    pub changes: Vec<TableChange>,
}

/// A table that the same check finds nothing to remove in.
///
/// Of recordings with the same sound one is kept: that of an evaluation subset, so that test clips stay whole, else that of the first
/// fold; none if their labels differ, as nobody can say which are right. Recordings that sound nearly the same become a group, and their
/// groups one group. The clips of a group in an evaluation subset stay there, and its training clips are removed; a group in several
/// folds moves to the one that has most of it.
pub fn fixed_table(set: &DataSet, report: &CheckReport, options: &CheckOptions) -> FixedTable {
    let mut fix = Fix {
        set,
        options,
        items: set.items.iter().cloned().map(Some).collect(),
        changes: BTreeMap::new(),
        merged: BTreeMap::new(),
    };
    let at: HashMap<(&str, &str), usize> = set
        .items
        .iter()
        .enumerate()
        .map(|(at, i)| (name(i), at))
        .collect();
    let of = |finding: &Finding| -> Vec<usize> {
        let places = finding.places.iter();
        places
            .filter_map(|p| at.get(&(p.subset.as_str(), p.file.as_str())).copied())
            .collect()
    };
    let kind = |wanted: &'static [FindingKind]| {
        let findings = report.findings.iter();
        findings.filter(move |finding| wanted.contains(&finding.kind))
    };
    for finding in kind(&[FindingKind::Unreadable]) {
        of(finding)
            .into_iter()
            .for_each(|at| fix.remove(at, "it cannot be read".to_owned()));
    }
    for finding in kind(&[FindingKind::ConflictingLabels]) {
        let why = format!("{}; correct the labels of one", finding.message);
        of(finding).into_iter().for_each(|at| fix.remove(at, why.clone()));
    }
    for finding in kind(&[FindingKind::Leakage, FindingKind::Duplicate]) {
        fix.keep_one(&of(finding));
    }
    for finding in kind(&[FindingKind::NearDuplicate]) {
        fix.join(&of(finding));
    }
    fix.keep_groups_together();
    FixedTable {
        items: fix.items.into_iter().flatten().collect(),
        changes: fix.changes.into_values().collect(),
    }
}

fn name(item: &Item) -> (&str, &str) {
    (&item.subset, &item.file)
}

/// A set being fixed.
struct Fix<'a> {
    set: &'a DataSet,
    options: &'a CheckOptions,
    /// What is left, at the positions of the set.
    items: Vec<Option<Item>>,
    /// By position in the set.
    changes: BTreeMap<usize, TableChange>,
    /// Groups that have become part of another one, of a smaller name.
    merged: BTreeMap<String, String>,
}

impl Fix<'_> {
    fn change(&mut self, at: usize, removed: bool, change: String) {
        let place = FindingPlace::from(&self.set.items[at]);
        let new = TableChange {
            place,
            removed,
            change: String::new(),
        };
        let known = self.changes.entry(at).or_insert(new);
        known.removed |= removed;
        known.change = match known.change.is_empty() {
            true => change,
            false => format!("{}; {change}", known.change),
        };
    }

    fn remove(&mut self, at: usize, why: String) {
        if self.items[at].take().is_some() {
            self.change(at, true, format!("removed: {why}"));
        }
    }

    /// Keeps one of several recordings of the same sound, and makes one group of theirs.
    fn keep_one(&mut self, same: &[usize]) {
        let set = self.set;
        let left: Vec<usize> = same
            .iter()
            .copied()
            .filter(|&at| self.items[at].is_some())
            .collect();
        let rank = |&at: &usize| {
            let item = &set.items[at];
            (
                self.options.is_training(item),
                item.labels.is_empty(),
                item.fold.unwrap_or(u32::MAX),
                at,
            )
        };
        let Some(kept) = left.iter().copied().min_by_key(rank) else {
            return;
        };
        let group = self.one_group(same);
        let file = &set.items[kept].file;
        for at in left.into_iter().filter(|&at| at != kept) {
            self.remove(at, format!("the same sound as {file:?}"));
        }
        if let (Some(group), Some(item)) = (group, &mut self.items[kept]) {
            item.group = Some(group);
        }
    }

    /// Makes a group of recordings that sound nearly the same; without a name yet, it is named after the first one.
    fn join(&mut self, similar: &[usize]) {
        let set = self.set;
        let left: Vec<usize> = similar
            .iter()
            .copied()
            .filter(|&at| self.items[at].is_some())
            .collect();
        let [first, _, ..] = left[..] else { return };
        let file = &set.items[first].file;
        let group = self.one_group(&left).unwrap_or_else(|| file.clone());
        for at in left {
            let Some(item) = &mut self.items[at] else { continue };
            if item.group.as_ref() != Some(&group) {
                item.group = Some(group.clone());
                let change = match at == first {
                    true => format!("in the group {group:?} with what sounds nearly the same"),
                    false => format!("in the group {group:?}, as it sounds nearly the same as {file:?}"),
                };
                self.change(at, false, change);
            }
        }
    }

    /// Makes one group of the groups of recordings, the first by name, which it returns.
    fn one_group(&mut self, members: &[usize]) -> Option<String> {
        let group = |at: usize| {
            let now = self.items[at].as_ref().and_then(|item| item.group.as_ref());
            now.or(self.set.items[at].group.as_ref())
        };
        let groups = members
            .iter()
            .filter_map(|&at| Some(self.merged_group(group(at)?)));
        let groups: BTreeSet<String> = groups.collect();
        let first = groups.first()?;
        let others = groups.iter().filter(|group| *group != first);
        self.merged
            .extend(others.map(|group| (group.clone(), first.clone())));
        Some(first.clone())
    }

    /// The group that a group has become part of.
    fn merged_group(&self, group: &str) -> String {
        let mut group = group;
        while let Some(first) = self.merged.get(group) {
            group = first;
        }
        group.to_owned()
    }

    fn keep_groups_together(&mut self) {
        let (set, options) = (self.set, self.options);
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in 0..self.items.len() {
            let group = self.items[at].as_ref().and_then(|item| item.group.as_ref());
            let group = group.map(|group| self.merged_group(group));
            if let (Some(group), Some(item)) = (group, &mut self.items[at]) {
                item.group = Some(group.clone());
                if set.items[at].group.as_ref() != Some(&group) && !self.changes.contains_key(&at) {
                    self.change(at, false, format!("now in the group {group:?}"));
                }
                groups.entry(group).or_default().push(at);
            }
        }
        for (group, members) in groups {
            let (training, evaluation): (Vec<usize>, Vec<usize>) = members
                .into_iter()
                .partition(|&at| options.is_training(&set.items[at]));
            if let Some(&test) = evaluation.first()
                && !training.is_empty()
            {
                let subset = &set.items[test].subset;
                let why = format!("its group {group:?} is in the subset {subset:?} too");
                training.iter().for_each(|&at| self.remove(at, why.clone()));
            }
            self.one_fold(
                &group,
                if evaluation.is_empty() {
                    &training
                } else {
                    &evaluation
                },
            );
        }
    }

    /// Moves the clips of a group to the fold that has most of them, the first of several.
    fn one_fold(&mut self, group: &str, members: &[usize]) {
        let folds: Vec<u32> = members.iter().filter_map(|&at| self.set.items[at].fold).collect();
        let count = |fold: u32| folds.iter().filter(|other| **other == fold).count();
        let different: BTreeSet<u32> = folds.iter().copied().collect();
        let Some(to) = different
            .iter()
            .copied()
            .max_by_key(|&fold| (count(fold), std::cmp::Reverse(fold)))
        else {
            return;
        };
        for &at in members {
            let from = self.set.items[at].fold;
            if let (Some(from), Some(item)) = (from.filter(|from| *from != to), &mut self.items[at]) {
                item.fold = Some(to);
                self.change(
                    at,
                    false,
                    format!("moved from fold {from} to fold {to}, with its group {group:?}"),
                );
            }
        }
    }
}

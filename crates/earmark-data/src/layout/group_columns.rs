//! A column that looks like groups, by its name and its cells, though nothing says that it is: what was recorded
//! together should not be in several folds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use earmark_core::text::letters_and_digits;

use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::table::cells;
use crate::table::columns::Table;

/// Names of columns that are groups wherever they repeat: a person, a place, an animal, an occasion, the recording that
/// clips are cut from.
const CERTAIN: [&str; 34] = [
    "group",
    "groups",
    "usr",
    "user",
    "uploader",
    "recordist",
    "recorder",
    "recordedby",
    "speaker",
    "singer",
    "subject",
    "participant",
    "patient",
    "individual",
    "session",
    "site",
    "station",
    "deployment",
    "aru",
    "plot",
    "transect",
    "recording",
    "sourcerecording",
    "originalrecording",
    "sourcefile",
    "srcfile",
    "originalfile",
    "parentfile",
    "fs",
    "freesound",
    "xc",
    "xenocanto",
    "sprecher",
    "standort",
];

/// Names of columns that may be groups, or something else.
const LIKELY: [&str; 16] = [
    "author",
    "contributor",
    "observer",
    "person",
    "animal",
    "location",
    "locality",
    "place",
    "device",
    "microphone",
    "mic",
    "source",
    "src",
    "original",
    "parent",
    "ort",
];

/// What such a name may end in.
const ENDINGS: [&str; 7] = ["id", "ids", "name", "number", "no", "nr", "code"];

/// Fewer groups than this are too few for folds.
const LEAST_GROUPS: usize = 5;

/// A column that looks like groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupColumn {
    /// Its name.
    pub name: String,
    /// Whether folds may keep its groups together without a question: its name has no other meaning, there are at least
    /// five groups, and of at most a fifth of the classes all clips are in one group.
    pub is_certain: bool,
    /// Number of groups.
    pub groups: usize,
    /// The group of each item of the set; none where its cell is empty.
    pub of_items: Vec<Option<String>>,
}

impl DataSet {
    /// The column that looks most like groups; none where groups are known, or where no column repeats a cell.
    pub fn likely_groups(&self) -> Option<GroupColumn> {
        if self.items.iter().any(|item| item.group.is_some()) {
            return None;
        }
        let paths: BTreeSet<&Path> = self.tables.values().map(|path| path.as_path()).collect();
        let open = |path| Some((path, Table::open(path).ok()?));
        let tables: BTreeMap<&Path, Table> = paths.into_iter().map(open).collect::<Option<_>>()?;
        let columns = self.columns.as_ref()?;
        let used = [
            Some(&columns.file),
            columns.label.as_ref(),
            columns.subset.as_ref(),
            columns.fold.as_ref(),
        ];
        let is_used = |name: &String| used.iter().flatten().any(|column| *column == name);
        let names = tables.values().next()?.names();
        let free = names.iter().filter(|name| !is_used(name));
        let likely: Vec<GroupColumn> = free
            .filter_map(|name| self.groups_of(name, is_certain(name)?, &tables))
            .collect();
        let certain = likely.iter().position(|column| column.is_certain);
        likely.into_iter().nth(certain.unwrap_or(0))
    }

    /// The groups of a column; none where each recording would be a group of its own, or all would be one.
    fn groups_of(
        &self,
        name: &str,
        is_certain: bool,
        tables: &BTreeMap<&Path, Table>,
    ) -> Option<GroupColumn> {
        let cell = |item: &Item| {
            let table = tables.get(self.tables.get(&item.subset)?.as_path())?;
            let row = table
                .rows
                .binary_search_by_key(&item.line?, |row| row.line)
                .ok()?;
            cells::text(&table.rows[row], Some(table.find(&[name])?))
        };
        let of_items: Vec<Option<String>> = self.items.iter().map(cell).collect();
        let mut sizes: HashMap<&str, usize> = HashMap::new();
        for group in of_items.iter().flatten() {
            *sizes.entry(group).or_default() += 1;
        }
        let groups = sizes.len();
        let repeats = sizes.values().any(|size| *size > 1);
        let is_named = 2 * of_items.iter().flatten().count() >= of_items.len();
        (groups > 1 && repeats).then(|| GroupColumn {
            name: name.to_owned(),
            is_certain: is_certain
                && is_named
                && groups >= LEAST_GROUPS
                && self.classes_are_spread(&of_items),
            groups,
            of_items,
        })
    }

    /// Whether at most a fifth of the classes with several clips are in one group each, by the group of each item: a
    /// class can be held out where it is in several.
    pub fn classes_are_spread(&self, groups: &[Option<String>]) -> bool {
        let mut of_class: Vec<(usize, BTreeSet<&str>)> = vec![(0, BTreeSet::new()); self.classes.len()];
        for (item, group) in self.items.iter().zip(groups) {
            for &class in &item.labels {
                if let Some((clips, seen)) = of_class.get_mut(class) {
                    *clips += 1;
                    seen.insert(group.as_ref().unwrap_or(&item.file));
                }
            }
        }
        let several = of_class.iter().filter(|(clips, _)| *clips > 1);
        let in_one = several.clone().filter(|(_, seen)| seen.len() == 1);
        5 * in_one.count() <= several.count()
    }
}

/// Whether a column's name is one of groups: for certain, or perhaps; none for other names.
fn is_certain(name: &str) -> Option<bool> {
    let plain = letters_and_digits(name);
    let is_among = |names: &[&str]| {
        let is = |text: &str| names.contains(&text);
        is(&plain) || ENDINGS.iter().any(|end| plain.strip_suffix(*end).is_some_and(is))
    };
    match (is_among(&CERTAIN), is_among(&LIKELY)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups() {
        for name in [
            "usr_id",
            "Site",
            "siteID",
            "recordist",
            "speaker id",
            "src_file",
            "fsID",
            "group_id",
        ] {
            assert_eq!(is_certain(name), Some(true), "{name}");
        }
        for name in ["author", "Location", "device-id"] {
            assert_eq!(is_certain(name), Some(false), "{name}");
        }
        for name in [
            "id",
            "name",
            "label",
            "take",
            "target",
            "orig_idx",
            "Unnamed: 0",
            "fold",
            "",
        ] {
            assert_eq!(is_certain(name), None, "{name}");
        }
    }
}

//! The setting `classes` and its rules: classes that a recipe renames, merges or leaves out, whatever the tables call them.
//! `layout/apply_class_changes` applies them to the rows that were read.

use std::collections::BTreeMap;

use super::class_map::{ClassMap, ClassMapError};
use super::error::DataError;
use crate::settings::settings;
use crate::wording::hint;

settings! {
    /// Changes to the classes of a data set, applied after reading: `classes = { rename = { puppy = "dog" }, ignore = ["noise"] }`.
    /// The names are those of the data; a name that it does not have is refused.
    pub struct ClassChanges {
        /// New names by old ones. Classes with the same new name become one.
        pub rename: BTreeMap<String, String> = BTreeMap::new(),
        /// Classes whose labels are dropped. Recordings that have no other label are left out.
        pub ignore: Vec<String> = Vec::new(),
    }
}

impl ClassChanges {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.rename.is_empty() && self.ignore.is_empty()
    }

    /// The labels after the changes, each once.
    pub(crate) fn apply(&self, labels: Vec<String>) -> Vec<String> {
        if self.is_empty() {
            return labels;
        }
        let mut changed: Vec<String> = Vec::with_capacity(labels.len());
        for label in labels.into_iter().filter(|label| !self.ignore.contains(label)) {
            let renamed = self.rename.get(&label).map(|new| new.trim().to_owned());
            let label = renamed.unwrap_or(label);
            if !changed.contains(&label) {
                changed.push(label);
            }
        }
        changed
    }

    /// The classes of a layout's own class map after the changes, in its order.
    ///
    /// # Errors
    /// A new name that is empty.
    pub(crate) fn apply_to_map(&self, classes: &ClassMap) -> Result<ClassMap, ClassMapError> {
        ClassMap::from_names(self.apply(classes.names().to_vec()))
    }

    /// Refuses changes that contradict each other.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let problem = if let Some((old, _)) = self.rename.iter().find(|(_, new)| new.trim().is_empty()) {
            format!(
                "classes.rename: the new name of {old:?} is empty; write one, or name {old:?} in classes.ignore"
            )
        } else if let Some(both) = self.ignore.iter().find(|old| self.rename.contains_key(*old)) {
            format!("classes: {both:?} is both renamed and ignored; remove it from one of the two")
        } else {
            return Ok(());
        };
        Err(DataError::Setting(problem))
    }

    /// Refuses a name that is not among `known`, the labels of all the data.
    pub(crate) fn refuse_unknown(&self, known: &[&str]) -> Result<(), DataError> {
        let mut names = self.rename.keys().chain(&self.ignore);
        match names.find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(DataError::Setting(format!(
                "classes: {name:?} is not a class of the data{}; name a class as the data does, or remove it",
                hint(name, known.iter().copied())
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> ClassChanges {
        ClassChanges {
            rename: [("puppy", "dog"), ("hound", "dog"), ("cat", "feline")]
                .map(|(old, new)| (old.to_owned(), new.to_owned()))
                .into(),
            ignore: vec!["noise".to_owned()],
        }
    }

    #[test]
    fn labels_are_renamed_merged_and_dropped() {
        let labels = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<String>>();
        assert_eq!(changes().apply(labels(&["puppy", "noise", "hound"])), ["dog"]);
        assert!(changes().apply(labels(&["noise"])).is_empty());
        let map = ClassMap::from_names(["noise", "puppy", "emu", "hound", "cat"]).unwrap();
        assert_eq!(
            changes().apply_to_map(&map).unwrap().names(),
            ["dog", "emu", "feline"]
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let fault = |changes: &ClassChanges| changes.check().unwrap_err().to_string();
        let both = ClassChanges {
            ignore: vec!["cat".into()],
            ..changes()
        };
        assert_eq!(
            fault(&both),
            "classes: \"cat\" is both renamed and ignored; remove it from one of the two"
        );
        let empty = ClassChanges {
            rename: [("cat".to_owned(), " ".to_owned())].into(),
            ..ClassChanges::default()
        };
        assert!(fault(&empty).starts_with("classes.rename: the new name of \"cat\" is empty"));
        assert!(changes().check().is_ok());
        let unknown = changes().refuse_unknown(&["pupy", "hound", "cat", "noise"]);
        assert_eq!(
            unknown.unwrap_err().to_string(),
            "classes: \"puppy\" is not a class of the data; did you mean \"pupy\"?; name a class as the data does, or remove it"
        );
        assert!(
            changes()
                .refuse_unknown(&["puppy", "hound", "cat", "noise"])
                .is_ok()
        );
    }
}

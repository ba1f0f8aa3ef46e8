//! The columns of a data set's tables.

use serde::Serialize;

/// The columns that recordings are read from, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableColumns {
    /// Of the audio files.
    pub file: String,
    /// Of the labels; none where they are not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of the subsets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// Of the folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// Of the groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl TableColumns {
    /// What each column holds and its name; a column `fold` is not worth a word.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let columns = [
            ("file", Some(&self.file)),
            ("label", self.label.as_ref()),
            ("subset", self.subset.as_ref()),
            ("fold", self.fold.as_ref().filter(|name| *name != "fold")),
            ("group", self.group.as_ref()),
        ];
        columns
            .into_iter()
            .filter_map(|(what, name)| Some((what, name?.as_str())))
    }
}

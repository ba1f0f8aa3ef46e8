//! What a folder is taken for, in one line and as data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use earmark_core::human::{human_amount, human_count};
use serde::Serialize;

use super::data_set::DataSet;
use super::table_columns::TableColumns;
use crate::layout::kind::LayoutKind;

/// What a folder is taken for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataDescription {
    /// The line that [`DataSet::describe`] gives.
    pub summary: String,
    /// How the folder is laid out.
    pub layout: LayoutKind,
    /// The tables that it is read from, below the folder.
    pub tables: Vec<String>,
    /// Their columns.
    pub columns: Option<TableColumns>,
    /// Number of recordings.
    pub clips: usize,
    /// Number of classes.
    pub classes: usize,
    /// Whether a recording may have several.
    pub multi_label: bool,
    /// Number of folds.
    pub folds: usize,
    /// Number of groups.
    pub groups: usize,
    /// Number of recordings by subset.
    pub subsets: BTreeMap<String, usize>,
    /// What was taken differently from how it is written, or is not used.
    pub notes: Vec<String>,
}

impl DataSet {
    /// What the folder is taken for, in one line: `csv, t.csv: file column path, label column category; 20 classes, 9 folds,
    /// 1,070 clips`.
    pub fn describe(&self) -> String {
        self.description().summary
    }

    /// What the folder is taken for, and what is to be known about that: the lines for a user.
    pub fn lines(&self) -> Vec<String> {
        let notes = self.notes.iter().map(|note| printable(note));
        std::iter::once(self.describe()).chain(notes).collect()
    }

    /// What the folder is taken for, as data.
    pub fn description(&self) -> DataDescription {
        let mut subsets: BTreeMap<String, usize> = BTreeMap::new();
        for item in &self.items {
            *subsets.entry(item.subset.clone()).or_default() += 1;
        }
        let tables: BTreeSet<String> = self.tables.values().map(|path| below(&self.root, path)).collect();
        let groups: BTreeSet<&str> = self.items.iter().filter_map(|i| i.group.as_deref()).collect();
        let mut description = DataDescription {
            summary: String::new(),
            layout: self.layout,
            tables: tables.into_iter().collect(),
            columns: self.columns.clone(),
            clips: self.items.len(),
            classes: self.classes.len(),
            multi_label: self.multi_label,
            folds: self.folds().len(),
            groups: groups.len(),
            subsets,
            notes: self.notes.clone(),
        };
        description.summary = description.line();
        description
    }
}

impl DataDescription {
    fn line(&self) -> String {
        let mut line = self.layout.to_string();
        self.tables.iter().for_each(|table| {
            let _ = write!(line, ", {table}"); // writing to a String cannot fail
        });
        let columns = self.columns.iter().flat_map(TableColumns::named);
        let columns: Vec<String> = columns
            .map(|(what, name)| format!("{what} column {name}"))
            .collect();
        if !columns.is_empty() {
            let _ = write!(line, ": {}", columns.join(", "));
        }
        let separator = if columns.is_empty() { ':' } else { ';' };
        let mut counts = vec![match self.classes {
            0 => "no labels".to_owned(),
            n if self.multi_label => human_amount(n, "class", "classes") + " (several per clip)",
            n => human_amount(n, "class", "classes"),
        }];
        let folds = (self.folds > 0).then(|| human_amount(self.folds, "fold", "folds"));
        let groups = (self.groups > 0).then(|| human_amount(self.groups, "group", "groups"));
        counts.extend(folds.into_iter().chain(groups));
        let clips = if self.clips == 1 { "clip" } else { "clips" };
        counts.push(format!("{} {clips}", human_count(self.clips as u64)));
        let _ = write!(line, "{separator} {}", counts.join(", "));
        if self.subsets.len() > 1 {
            let subset = |(name, clips): (&String, &usize)| format!("{name} {}", human_count(*clips as u64));
            let subsets: Vec<String> = self.subsets.iter().map(subset).collect();
            let _ = write!(line, " ({})", subsets.join(", "));
        }
        printable(&line)
    }
}

/// Names of files and columns are not to be trusted: no escape sequence may reach a terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// A path below the data folder with `/` on every system; the whole path elsewhere.
pub(crate) fn below(root: &Path, path: &Path) -> String {
    let Ok(relative) = path.strip_prefix(root) else {
        return path.display().to_string();
    };
    let pieces: Vec<_> = relative.iter().map(|piece| piece.to_string_lossy()).collect();
    pieces.join("/")
}

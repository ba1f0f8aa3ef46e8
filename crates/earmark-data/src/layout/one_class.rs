//! A data set of one class: refused for training, with what was probably meant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::audio_files::{has_audio, visible};
use super::class_folders::folder_names;
use super::other_table::other_table;
use crate::dataset::data_set::DataSet;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;
use crate::wording::quoted;

/// Columns that a remedy names at most.
const NAMED: usize = 3;

impl DataSet {
    /// Refuses a set of one class, from which nothing can be learned; for training, not for predicting.
    ///
    /// # Errors
    /// [`DataError::OneClass`] with the likely table or column.
    pub fn refuse_one_class(&self) -> Result<(), DataError> {
        match self.classes.names() {
            // One class apart from background is a task of its own.
            [class] if !self.items.iter().any(|item| item.is_background) => Err(DataError::OneClass {
                root: self.root.clone(),
                class: class.clone(),
                remedy: likely_remedy(self),
            }),
            _ => Ok(()),
        }
    }
}

/// What to do about a set of one class.
pub(crate) fn likely_remedy(set: &DataSet) -> String {
    let found = match set.tables.values().next() {
        Some(table) => other_column(set, table),
        None => other_table(&set.root).or_else(|| inner_folders(&set.root)),
    };
    found.unwrap_or_else(|| "add recordings of other classes".to_owned())
}

/// The columns of the table that look like labels: words, several, and fewer than half of the rows.
fn other_column(set: &DataSet, path: &Path) -> Option<String> {
    let table = Table::open(path).ok()?;
    let used = set.columns.as_ref()?;
    let used = [
        Some(&used.file),
        used.label.as_ref(),
        used.subset.as_ref(),
        used.fold.as_ref(),
    ];
    let looks_like_labels = |column: &usize| {
        let name = table.name(*column);
        let cells: BTreeSet<&str> = table.rows.iter().map(|row| row.cell(*column)).collect();
        let are_words = cells.iter().all(|cell| cell.parse::<f64>().is_err());
        let is_used = used.iter().flatten().any(|used| *used == name);
        !is_used && are_words && cells.len() > 1 && cells.len() * 2 <= table.rows.len()
    };
    let columns = (0..table.names().len()).filter(looks_like_labels);
    let names: Vec<&str> = columns.map(|column| table.name(column)).take(NAMED).collect();
    let first = names.first()?;
    Some(format!(
        "the labels may be in the column {}: name it with --label-column {first:?}",
        quoted(&names, " or ")
    ))
}

/// The folders in the only folder that has audio.
fn inner_folders(root: &Path) -> Option<String> {
    let audible = |folder: &Path| -> Option<Vec<PathBuf>> {
        let folders = visible(folder).ok()?.1;
        let with_audio = folders.into_iter().filter(|f| has_audio(f).unwrap_or(false));
        Some(with_audio.collect())
    };
    let outer = audible(root)?;
    let [only] = &outer[..] else { return None };
    let inner = audible(only)?;
    (inner.len() > 1).then(|| {
        format!(
            "the classes may be the folders in {}: give {} as the data folder (it contains {})",
            below(root, only),
            only.display(),
            folder_names(inner.iter().take(NAMED))
        )
    })
}

//! How a data folder is read where a command line says so: on top of the options of a recipe, or without one.

use std::path::PathBuf;

use super::kind::LayoutKind;
use super::options::{DamagedFiles, DataOptions};

/// What a command line says about a folder. What it names replaces the same key of [`DataOptions`]; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each field is the key of `DataOptions` of the same name"
)]
pub struct ReadAs {
    pub layout: Option<LayoutKind>,
    pub table: Option<PathBuf>,
    pub file_column: Option<String>,
    pub label_column: Option<String>,
    pub fold_column: Option<String>,
    pub group_column: Option<String>,
    pub subset_column: Option<String>,
    pub label_separator: Option<String>,
    pub damaged: Option<DamagedFiles>,
}

impl ReadAs {
    /// Whether nothing is said about the folder; what becomes of damaged recordings concerns single files, too.
    pub fn is_empty(&self) -> bool {
        let folder = Self {
            damaged: None,
            ..self.clone()
        };
        folder == Self::default()
    }

    /// The layout, named or implied: only `csv` has a table and columns to be named.
    pub fn layout(&self) -> Option<LayoutKind> {
        let csv = self.table.is_some()
            || self.file_column.is_some()
            || self.label_column.is_some()
            || self.subset_column.is_some()
            || self.label_separator.is_some();
        self.layout.or(csv.then_some(LayoutKind::Csv))
    }

    /// The options as the command line wants them. Another layout than theirs begins without their tables and columns,
    /// which were meant for theirs.
    #[must_use]
    pub fn over(&self, options: &DataOptions) -> DataOptions {
        // Columns alone mean csv, unless they are those of events.
        let layout = match options.layout {
            Some(LayoutKind::Events) => self.layout.or(options.layout),
            _ => self.layout(),
        };
        let mut read = match layout {
            Some(layout) if options.layout.is_some_and(|theirs| theirs != layout) => DataOptions {
                table: None,
                file_column: None,
                file_pattern: None,
                label_column: None,
                fold_column: None,
                group_column: None,
                subset_column: None,
                label_separator: None,
                multi_label: None,
                layout: Some(layout),
                ..options.clone()
            },
            _ => DataOptions {
                layout: layout.or(options.layout),
                ..options.clone()
            },
        };
        let replace = |key: &mut Option<String>, value: &Option<String>| {
            if value.is_some() {
                key.clone_from(value);
            }
        };
        replace(&mut read.file_column, &self.file_column);
        replace(&mut read.label_column, &self.label_column);
        replace(&mut read.fold_column, &self.fold_column);
        replace(&mut read.group_column, &self.group_column);
        replace(&mut read.subset_column, &self.subset_column);
        replace(&mut read.label_separator, &self.label_separator);
        read.table = self.table.clone().or(read.table);
        read.damaged = self.damaged.unwrap_or(read.damaged);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> DataOptions {
        DataOptions {
            layout: Some(LayoutKind::Csv),
            table: Some("a.csv".into()),
            label_column: Some("tags".into()),
            subsets: Some(vec!["train".into()]),
            ..DataOptions::default()
        }
    }

    #[test]
    fn what_is_said_replaces_and_the_rest_stays() {
        assert_eq!(ReadAs::default().over(&recipe()), recipe());
        let table = ReadAs {
            table: Some("b.csv".into()),
            ..ReadAs::default()
        };
        let read = table.over(&recipe());
        assert_eq!(read.table, Some("b.csv".into()));
        assert_eq!(
            (read.label_column, read.subsets),
            (Some("tags".into()), recipe().subsets)
        );
        // A table means csv, also over a recipe of another layout.
        let folders = DataOptions {
            layout: Some(LayoutKind::Folders),
            ..DataOptions::default()
        };
        assert_eq!(table.over(&folders).layout, Some(LayoutKind::Csv));
        // Another layout has no use for the table of the first.
        let other = ReadAs {
            layout: Some(LayoutKind::Folders),
            ..ReadAs::default()
        };
        let read = other.over(&recipe());
        assert_eq!((&read.table, &read.label_column), (&None, &None));
        assert_eq!((read.layout, read.subsets), (other.layout, recipe().subsets));
        let salvage = ReadAs {
            damaged: Some(DamagedFiles::Salvage),
            ..ReadAs::default()
        };
        assert!(salvage.is_empty() && !table.is_empty());
        let read = salvage.over(&recipe());
        assert_eq!(read.damaged, DamagedFiles::Salvage);
        assert_eq!(
            ReadAs::default().over(&read).damaged,
            DamagedFiles::Salvage,
            "the recipe's"
        );
        // Options without a layout keep their columns.
        let columns = DataOptions {
            label_column: Some("tags".into()),
            ..DataOptions::default()
        };
        assert_eq!(table.over(&columns).label_column, columns.label_column);
    }
}

//! A fixed table as CSV.

use std::io::{self, Write};
use std::path::Path;

use earmark_core::labels::LabelRule;

use super::fixed_table::FixedTable;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;

impl FixedTable {
    /// Writes the table as CSV for a file in `folder`: file, labels and, where there are any, subset, fold and group.
    ///
    /// # Errors
    /// Whatever the writer reports.
    pub fn write(&self, set: &DataSet, folder: &Path, writer: impl Write) -> io::Result<()> {
        let several = self.items.iter().any(|item| item.labels.len() > 1);
        let (header, rule) = match several {
            true => ("labels", LabelRule::several()),
            false => ("label", LabelRule::One),
        };
        let has = |fits: &dyn Fn(&Item) -> bool| self.items.iter().any(fits);
        let subsets = has(&|item| item.subset != "train");
        let (folds, groups) = (
            has(&|item| item.fold.is_some()),
            has(&|item| item.group.is_some()),
        );
        let columns = [
            (true, "file"),
            (true, header),
            (subsets, "subset"),
            (folds, "fold"),
            (groups, "group"),
        ];
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(
            columns
                .iter()
                .filter(|(is_there, _)| *is_there)
                .map(|(_, name)| *name),
        )?;
        for item in &self.items {
            let labels: Vec<&str> = set.labels_of(item).collect();
            let cells = [
                file_in(item, folder),
                rule.write(&labels),
                item.subset.clone(),
                item.fold.map(|fold| fold.to_string()).unwrap_or_default(),
                item.group.clone().unwrap_or_default(),
            ];
            let cells = cells.iter().zip(&columns).filter(|(_, (is_there, _))| *is_there);
            csv.write_record(cells.map(|(cell, _)| cell))?;
        }
        csv.flush()
    }
}

/// How a table in `folder` names a recording: as the set does if that leads to it, else by its path.
fn file_in(item: &Item, folder: &Path) -> String {
    let whole = |path: &Path| match path.as_os_str().is_empty() {
        true => std::env::current_dir(),
        false => std::path::absolute(path),
    };
    let whole = |path: &Path| whole(path).unwrap_or_else(|_| path.to_owned());
    let (folder, path) = (whole(folder), whole(&item.path));
    if folder.join(&item.file) == path {
        return item.file.clone();
    }
    let below = path.strip_prefix(&folder).unwrap_or(&path);
    below.to_string_lossy().into_owned()
}

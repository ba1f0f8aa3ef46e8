//! A fixed table as CSV.

use std::io::{self, Write};
use std::path::Path;

use earmark_core::labels::LabelRule;

use super::fixed_table::FixedTable;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::layout::LabelledEvent;

/// Labels of a row, with their times and frequencies where there are any.
#[derive(Default)]
struct Labels {
    names: Vec<String>,
    /// Start and end in seconds.
    times: [String; 2],
    /// Lowest and highest frequency in hertz.
    band: [String; 2],
}

impl Labels {
    fn of_event(event: &LabelledEvent) -> Self {
        let seconds = |us: u64| (us as f64 / 1e6).to_string();
        Self {
            names: event.labels.clone(),
            times: [event.start_us, event.end_us].map(seconds),
            band: event
                .band_hz
                .map_or_else(Default::default, |band| band.map(|hz| hz.to_string())),
        }
    }
}

impl FixedTable {
    /// Writes the table as CSV for a file in `folder`: file, labels and, where there are any, subset, fold and group.
    /// Of labels with times, a row per event, and one without times for a recording without events.
    ///
    /// # Errors
    /// Whatever the writer reports.
    pub fn write(&self, set: &DataSet, folder: &Path, writer: impl Write) -> io::Result<()> {
        let rows: Vec<(&Item, Labels)> = self
            .items
            .iter()
            .flat_map(|item| rows_of(set, item).into_iter().map(move |labels| (item, labels)))
            .collect();
        let (header, rule) = match rows.iter().any(|(_, labels)| labels.names.len() > 1) {
            true => ("labels", LabelRule::several()),
            false => ("label", LabelRule::One),
        };
        let has = |fits: &dyn Fn(&Item) -> bool| self.items.iter().any(fits);
        let (times, bands) = (
            !set.events.is_empty(),
            rows.iter().any(|(_, labels)| !labels.band[0].is_empty()),
        );
        let columns = [
            (true, "file"),
            (times, "start_seconds"),
            (times, "end_seconds"),
            (true, header),
            (bands, "low_hz"),
            (bands, "high_hz"),
            (has(&|item| item.subset != "train"), "subset"),
            (has(&|item| item.fold.is_some()), "fold"),
            (has(&|item| item.group.is_some()), "group"),
        ];
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(
            columns
                .iter()
                .filter(|(is_there, _)| *is_there)
                .map(|(_, name)| *name),
        )?;
        for (item, labels) in rows {
            let ([start, end], [low, high]) = (labels.times, labels.band);
            let cells = [
                file_in(item, folder),
                start,
                end,
                rule.write(&labels.names),
                low,
                high,
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

/// What the rows of a recording say of it.
fn rows_of(set: &DataSet, item: &Item) -> Vec<Labels> {
    match set.events.get(&item.file) {
        Some(events) if events.is_empty() => vec![Labels::default()],
        Some(events) => events.iter().map(Labels::of_event).collect(),
        None => vec![Labels {
            names: set.labels_of(item).map(str::to_owned).collect(),
            ..Labels::default()
        }],
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

//! The columns of the layout `csv`.

use earmark_core::csv_table::{FILE_COLUMNS, LABEL_COLUMNS};
use earmark_core::labels::LabelRule;

use super::interface::Columns;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Names of the column of subsets that are tried when the options name none.
const SUBSET_COLUMNS: [&str; 3] = ["part", "split", "subset"];

/// Columns of the beginning and the end of a label within its recording, as Raven, Audacity, BirdNET and others name them.
const START_COLUMNS: [&str; 6] = [
    "start",
    "start_time",
    "start (s)",
    "begin time (s)",
    "onset",
    "start_s",
];
const END_COLUMNS: [&str; 6] = ["end", "end_time", "end (s)", "end time (s)", "offset", "end_s"];

/// The columns that the options name or, where they name none, that have a usual name.
pub(super) fn columns(table: &Table, options: &DataOptions) -> Result<Columns, DataError> {
    Ok(Columns {
        file: table.named_or(&options.file_column, &FILE_COLUMNS, "file-column")?,
        label: options
            .find_labels(|| table.named_or(&options.label_column, &LABEL_COLUMNS, "label-column"))?,
        subset: table.optional(&options.subset_column, &SUBSET_COLUMNS, "subset-column")?,
        fold: table.optional(&options.fold_column, &["fold"], "fold-column")?,
        group: table.optional(&options.group_column, &["group"], "group-column")?,
    })
}

/// How the cells of the label column are read.
pub(super) fn label_rule(table: &Table, columns: &Columns, options: &DataOptions) -> LabelRule {
    match (&options.label_separator, columns.label) {
        (Some(separator), _) => LabelRule::separated_by(separator),
        (None, Some(column)) => LabelRule::of_column(table.name(column)),
        (None, None) => LabelRule::One,
    }
}

/// The columns of a table that gives the times of labels, in words.
pub(super) fn times(table: &Table) -> Option<String> {
    let (start, end) = (table.find(&START_COLUMNS)?, table.find(&END_COLUMNS)?);
    Some(format!("{:?} and {:?}", table.name(start), table.name(end)))
}

//! The columns of the layout `csv`.

use std::collections::BTreeSet;

use earmark_core::csv_table::{END_COLUMNS, FILE_COLUMNS, LABEL_COLUMNS, START_COLUMNS};
use earmark_core::labels::LabelRule;

use super::interface::Columns;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Names of the column of subsets that are tried when the options name none.
const SUBSET_COLUMNS: [&str; 3] = ["part", "split", "subset"];

/// Names that columns of files and of labels have as well, but columns of something else, too: they are tried where no
/// table has a usual name and there are no class folders.
pub(super) const OTHER_FILE_COLUMNS: [&str; 8] = [
    "filepath",
    "audio file",
    "audio path",
    "audio filename",
    "audio",
    "wav",
    "recording",
    "clip",
];
pub(super) const OTHER_LABEL_COLUMNS: [&str; 13] = [
    "species",
    "tags",
    "tag",
    "classes",
    "categories",
    "class name",
    "label name",
    "primary label",
    "common name",
    "scientific name",
    "ebird code",
    "species code",
    "target",
];

/// The columns that the options name or, where they name none, that have a usual name.
pub(super) fn columns(table: &Table, options: &DataOptions) -> Result<Columns, DataError> {
    let fold = table.optional(&options.fold_column, &["fold"], "fold-column")?;
    let subset = table.optional(&options.subset_column, &SUBSET_COLUMNS, "subset-column")?;
    // One that is named as the column of folds is nothing else, unless it is named so, too.
    let is_free = options.subset_column.is_some() || subset != fold;
    Ok(Columns {
        file: table.named_or(&options.file_column, &FILE_COLUMNS, "file-column")?,
        label: options
            .find_labels(|| table.named_or(&options.label_column, &LABEL_COLUMNS, "label-column"))?,
        subset: subset.filter(|_| is_free),
        fold,
        group: table.optional(&options.group_column, &["group"], "group-column")?,
    })
}

/// The same; where a column of files or of labels has no usual name, the first of the other names.
pub(super) fn likely_columns(table: &Table, options: &DataOptions) -> Result<Columns, DataError> {
    columns(table, options).or_else(|error| {
        let likely = |named: &Option<String>, usual: &[&str], others: &[&str]| {
            let found = || table.find_usual(usual).or_else(|| table.find_usual(others));
            named.clone().or_else(|| Some(table.name(found()?).to_owned()))
        };
        let options = DataOptions {
            file_column: likely(&options.file_column, &FILE_COLUMNS, &OTHER_FILE_COLUMNS),
            label_column: likely(&options.label_column, &LABEL_COLUMNS, &OTHER_LABEL_COLUMNS),
            ..options.clone()
        };
        columns(table, &options).map_err(|_| match (&options.file_column, &options.label_column) {
            (Some(_), None) => a_column_per_class(table).unwrap_or(error),
            _ => error,
        })
    })
}

/// What is wrong with a table that says by 0 or 1 whether a recording is of a class: no single column has the labels. In a
/// column with a 1, an empty cell is a 0.
fn a_column_per_class(table: &Table) -> Option<DataError> {
    let others = ["fold", "group"].into_iter().chain(SUBSET_COLUMNS);
    let others: Vec<usize> = others.filter_map(|name| table.find_usual(&[name])).collect();
    let is_class = |&column: &usize| {
        let cells = || table.rows.iter().map(move |row| row.cell(column));
        let has_ones = cells().any(|cell| matches!(cell, "1" | "1.0"));
        let is_flag = |cell: &str| matches!(cell, "0" | "1" | "0.0" | "1.0") || cell.is_empty() && has_ones;
        !others.contains(&column) && cells().all(is_flag)
    };
    let classes = (0..table.names().len()).filter(is_class);
    let classes: Vec<&str> = classes.map(|column| table.name(column)).collect();
    if table.rows.is_empty() || classes.len() < 2 {
        return None;
    }
    let problem = format!(
        "has a column per class, with 0 or 1, such as {:?} and {:?}; write a column `labels` in their place, with the \
         names of the classes whose cell is 1, separated by commas",
        classes[0], classes[1]
    );
    Some(DataError::at(&table.path, problem))
}

/// What to know about a column of subsets that nobody named: it may be one of folds.
pub(super) fn numbers_in_subsets(table: &Table, columns: &Columns, options: &DataOptions) -> Option<String> {
    let column = columns.subset.filter(|_| options.subset_column.is_none())?;
    let cells: BTreeSet<&str> = table.rows.iter().map(|row| row.cell(column)).collect();
    let are_numbers = cells.iter().all(|cell| cell.parse::<u32>().is_ok());
    (are_numbers && cells.len() > 1 && columns.fold.is_none()).then(|| {
        let name = table.name(column);
        format!(
            "the column {name:?} has numbers, each of which is taken for a subset; if they are folds, name it with \
             --fold-column {name:?}"
        )
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
    let (start, end) = (table.find_usual(&START_COLUMNS)?, table.find_usual(&END_COLUMNS)?);
    Some(format!("{:?} and {:?}", table.name(start), table.name(end)))
}

//! The cells of a row that say something about a recording.

use earmark_core::csv_table::Record;

/// A cell that may be empty, in a column that may be missing.
pub(crate) fn text(row: &Record, column: Option<usize>) -> Option<String> {
    column
        .map(|c| row.cell(c).to_owned())
        .filter(|text| !text.is_empty())
}

/// A cell that has to name a file.
pub(crate) fn file_name(row: &Record, column: usize) -> Result<String, String> {
    text(row, Some(column)).ok_or_else(|| "the file name is empty; fill it in or remove the row".into())
}

/// A cell that has to hold a fold; an empty one means that the recording is in none. Spreadsheets and pandas write whole numbers as
/// `3.0` where a column has empty cells.
pub(crate) fn fold(row: &Record, column: Option<usize>) -> Result<Option<u32>, String> {
    let wrong = |text: &str| format!("the fold is {text:?}; write a whole number from 0");
    let number = |text: String| {
        let whole = text.strip_suffix(".0").unwrap_or(&text);
        whole.parse().map_err(|_| wrong(&text))
    };
    text(row, column).map(number).transpose()
}

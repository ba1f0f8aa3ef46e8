//! Telling the layout of a folder from what lies in it.

use std::path::Path;

use super::csv_table::tables_in;
use super::error::DataError;
use super::options::{DataOptions, LayoutKind};
use super::table::Table;
use super::{esc50, folders, fsdkaggle};

/// The layout of a data folder, from its file names (and, for `meta.csv`, its columns).
///
/// Asked in this order: a table named in the options (csv), fsdkaggle2019, fsdkaggle2018, esc50, one
/// table in the folder (csv), a folder of audio per class (folders).
///
/// # Errors
/// [`DataError::Unrecognised`] with what was found; [`DataError::ManyTables`]; anything that stops a
/// folder from being listed.
pub fn recognise(root: &Path, options: &DataOptions) -> Result<LayoutKind, DataError> {
    if options.table.is_some() || options.file_column.is_some() || options.label_column.is_some() {
        return Ok(LayoutKind::Csv);
    }
    if fsdkaggle::YEAR_2019.recognised(root) {
        return Ok(LayoutKind::Fsdkaggle2019);
    }
    if fsdkaggle::YEAR_2018.recognised(root) {
        return Ok(LayoutKind::Fsdkaggle2018);
    }
    if is_esc50(root) {
        return Ok(LayoutKind::Esc50);
    }
    let tables = tables_in(root)?;
    let has_folders = folders::recognised(root)?;
    match (tables.len(), has_folders) {
        (1, _) => Ok(LayoutKind::Csv),
        (_, true) => Ok(LayoutKind::Folders),
        (0, false) => Err(DataError::Unrecognised {
            root: root.into(),
            found: contents(root)?,
        }),
        (_, false) => Err(DataError::ManyTables {
            root: root.into(),
            found: tables,
        }),
    }
}

/// `meta.csv` is a common name: its columns decide.
fn is_esc50(root: &Path) -> bool {
    let path = esc50::TABLES.iter().map(|t| root.join(t)).find(|p| p.is_file());
    let table = path.and_then(|p| Table::open(&p).ok());
    table.is_some_and(|t| {
        ["filename", "fold", "category"]
            .iter()
            .all(|c| t.find(&[c]).is_some())
    })
}

/// What a folder holds, in a few words: "a.txt, b.txt and 3 more", or "nothing".
fn contents(root: &Path) -> Result<String, DataError> {
    const NAMED: usize = 5;
    let fail = |source| DataError::Read {
        path: root.into(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root).map_err(fail)? {
        names.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    Ok(match (names.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    })
}

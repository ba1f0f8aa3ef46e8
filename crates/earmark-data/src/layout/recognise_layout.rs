//! All layouts, and which one a folder has.

use std::path::Path;

use super::audio_files::list_folder;
use super::choose_table::{TableChoice, choose_table};
use super::interface::Layout;
use super::kind::LayoutKind;
use super::options::DataOptions;
use super::{csv, esc50, events, folders, fsd50k, fsdkaggle, urbansound8k};
use crate::dataset::error::DataError;

/// Every layout, the specific ones first: a folder has the first layout that recognises it.
const LAYOUTS: [(LayoutKind, &dyn Layout); 8] = [
    (LayoutKind::Fsdkaggle2019, &fsdkaggle::YEAR_2019),
    (LayoutKind::Fsdkaggle2018, &fsdkaggle::YEAR_2018),
    (LayoutKind::Esc50, &esc50::Esc50),
    (LayoutKind::Urbansound8k, &urbansound8k::Urbansound8k),
    (LayoutKind::Fsd50k, &fsd50k::Fsd50k),
    (LayoutKind::Events, &events::Events),
    (LayoutKind::Csv, &csv::Csv),
    (LayoutKind::Folders, &folders::Folders),
];

/// What reads a layout.
pub(super) fn layout_of(kind: LayoutKind) -> &'static dyn Layout {
    let found = LAYOUTS.iter().find(|(other, _)| *other == kind);
    found.expect("every kind has a line in LAYOUTS").1
}

/// The layout of a data folder, from its file names and, for tables, their columns and files. Options that name a table
/// or its columns mean csv.
///
/// # Errors
/// [`DataError::Unrecognised`] with what was found; [`DataError::ManyTables`]; anything that stops a
/// folder from being listed.
pub fn recognise(root: &Path, options: &DataOptions) -> Result<LayoutKind, DataError> {
    if options.names_a_table() {
        return Ok(LayoutKind::Csv);
    }
    for (kind, layout) in LAYOUTS {
        if layout.recognise(root, options)? {
            return Ok(kind);
        }
    }
    let root = root.to_owned();
    Err(match choose_table(&root, options)? {
        TableChoice::None(found) if !found.is_empty() => DataError::ManyTables { root, found },
        _ => DataError::Unrecognised {
            found: contents(&root)?,
            root,
        },
    })
}

/// What a folder contains, in a few words: "a.txt, b.txt and 3 more", or "nothing".
fn contents(root: &Path) -> Result<String, DataError> {
    const NAMED: usize = 5;
    let mut names: Vec<String> = list_folder(root)?
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    Ok(match (names.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    })
}

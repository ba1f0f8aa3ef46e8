//! Tables that earmark wrote as results of a model: read as labels only where nothing else in the folder gives any.
//!
//! Detections written into a folder of labelled recordings must not take the place of what people have heard. In a
//! folder of recordings alone, or by name, they are taken: corrected, they are labels.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use earmark_core::event_tables::is_tag_header;

use super::class_folders::folders_give_labels;
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// Bytes that the header of a table is within.
const HEAD_BYTES: u64 = 1 << 16;

/// Whether a table has the columns of results.
pub(super) fn is_result(table: &Table) -> bool {
    is_tag_header(table.names())
}

/// Whether the file at `path` is a table of results, by its first line.
pub(super) fn is_result_file(path: &Path) -> bool {
    let head = || -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(head)
    };
    // To open a pipe would wait until somebody writes into it.
    if !path.is_file() {
        return false;
    }
    let head = head().unwrap_or_default();
    let mut lines = head.split(|&byte| byte == b'\n' || byte == b'\r');
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    let table = first.map(|line| Table::parse(path, line, None));
    table.is_some_and(|table| table.is_ok_and(|table| is_result(&table)))
}

/// Whether class folders come before tables of results: not where a table or its columns are named, or a layout that
/// has one. `several_have_audio` is about the folders in the data folder.
pub(super) fn class_folders_come_first(
    root: &Path,
    options: &DataOptions,
    several_have_audio: bool,
) -> Result<bool, DataError> {
    let is_named =
        options.names_a_table() || matches!(options.layout, Some(LayoutKind::Csv | LayoutKind::Events));
    Ok(!is_named && folders_give_labels(root, several_have_audio)?)
}

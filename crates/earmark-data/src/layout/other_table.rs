//! The table that may have the labels of a folder, for messages.

use std::path::{Path, PathBuf};

use earmark_core::csv_table::{FILE_COLUMNS, LABEL_COLUMNS};
use earmark_core::text::quote;

use super::audio_files::visible;
use super::events::is_one_table;
use super::options::DataOptions;
use super::result_columns::is_result;
use super::table_files::tables_in;
use crate::dataset::description::below;
use crate::table::columns::Table;
use crate::wording::quoted;

/// A table in the folder, or in a folder in it, with a column of files or of labels: results of a model only where no
/// other table has them, and with what they are.
pub(super) fn other_table(root: &Path) -> Option<String> {
    let inner = visible(root).ok()?.1;
    let folders = std::iter::once(root.to_owned()).chain(inner);
    let tables = folders.filter_map(|folder| tables_in(&folder).ok()).flatten();
    let rank = |path: &PathBuf| {
        let table = Table::open(path).ok()?;
        let has = |names: &[&str]| table.find(names).is_some();
        let (labels, files) = (has(&LABEL_COLUMNS), has(&FILE_COLUMNS));
        let is_own = !is_result(&table);
        let may_be = if is_own { labels || files } else { labels };
        may_be.then(|| ((is_own, labels, files), quoted(table.names(), ", ")))
    };
    let ranked = tables.filter_map(|path| Some((rank(&path)?, path)));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|((columns, _), _)| std::cmp::Reverse(*columns)); // stable
    let (((is_own, labels, files), columns), path) = ranked.into_iter().next()?;
    let layout = match is_one_table(&path, &DataOptions::default()) {
        true => "--layout events ",
        false => "",
    };
    let path = below(root, &path);
    let how = format!("{layout}--table");
    let missing = |has: bool, flag: &str| match has {
        true => String::new(),
        false => format!(" and --{flag}"),
    };
    let flags = missing(files, "file-column") + &missing(labels, "label-column");
    Some(match (is_own, labels && files) {
        (false, _) => format!(
            "the table {path} has results of a model: if they are corrected, name it with {how} {}",
            quote(&path)
        ),
        (true, true) => format!(
            "the labels may be in the table {path}: name it with {how} {}",
            quote(&path)
        ),
        (true, false) => format!(
            "the labels may be in the table {path}: name it with {how}{flags} (its columns are {columns})"
        ),
    })
}

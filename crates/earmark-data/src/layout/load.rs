//! From a data folder to a checked [`DataSet`]: the layout's rows, one stage after the other.

use std::path::Path;

use earmark_core::{Check, Within};

use super::apply_class_changes::apply_class_changes;
use super::assemble::assemble;
use super::audio_files::is_audio_name;
use super::events::is_one_table;
use super::find_misplaced_files::find_files;
use super::group_pattern::apply_group_pattern;
use super::kind::LayoutKind;
use super::options::DataOptions;
use super::recognise_layout::{layout_of, recognise};
use super::refuse_or_skip_missing::skip_missing;
use super::result_tables::{passed_over, taken};
use super::select_rows::{refuse_duplicates, select_subsets};
use super::similar_classes::similar_classes;
use super::unlisted_recordings::unlisted;
use crate::dataset::data_set::DataSet;
use crate::dataset::error::DataError;

/// Loads the data set in `root`, a folder or (for the csv and events layouts) the table itself.
///
/// # Errors
/// A [`DataError`] that names the file and, for tables, the line.
pub fn load(root: &Path, options: &DataOptions) -> Result<DataSet, DataError> {
    if root.is_file() {
        // A table given directly: its folder is the data folder.
        let folder = match root.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        if is_audio_name(root) {
            let (path, folder) = (root.into(), folder.into());
            return Err(DataError::Recording { path, folder });
        }
        let options = DataOptions {
            layout: options.layout.or(Some(match is_one_table(root, options) {
                true => LayoutKind::Events,
                false => LayoutKind::Csv,
            })),
            table: root.file_name().map(Into::into),
            ..options.clone()
        };
        return load(folder, &options);
    }
    if !root.is_dir() {
        return Err(DataError::NoRoot(root.into()));
    }
    options.classes.check()?;
    let events = options.events.check().within("events");
    events.map_err(|error| DataError::Setting(error.to_string()))?;
    let kind = match options.layout {
        Some(kind) => kind,
        None => recognise(root, options)?,
    };
    let layout = layout_of(kind);
    options.refuse_unused(kind, layout.unused_options())?;
    let mut rows = layout.read(root, options)?;
    if kind == LayoutKind::Csv
        && let Some(table) = rows.tables.values().next()
    {
        rows.notes.extend(unlisted(root, table, &rows.rows)?);
    }
    rows.notes.extend(taken(root, &rows.tables, options));
    rows.notes.extend(passed_over(root, kind, &rows.tables, options)?);
    let emptied = apply_class_changes(root, layout, &mut rows, options)?;
    select_subsets(root, &mut rows, options)?;
    if !options.read_labels {
        rows.rows.iter_mut().for_each(|r| r.labels.clear());
    }
    refuse_duplicates(&rows)?;
    if rows.search {
        find_files(root, &mut rows);
    }
    skip_missing(root, &mut rows, options)?;
    apply_group_pattern(&mut rows, options)?;
    let mut set = assemble(root, kind, rows, options, &emptied)?;
    if options.class_map.is_none() {
        set.notes.extend(similar_classes(&set.classes));
    }
    Ok(set)
}

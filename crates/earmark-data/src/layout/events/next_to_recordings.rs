//! A table next to each recording: `rec.wav` with `rec.txt`, `rec.Table.1.selections.txt` or `rec.wav.csv`.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use earmark_core::event_tables::recording_name;
use earmark_core::human::human_amount;

use super::event_table::EventTable;
use super::recordings::UncutRecordings;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::dataset::test_subset::usual_subset;
use crate::layout::audio_files::{audio_name, files_below, is_audio_name};
use crate::layout::choose_table::{TableChoice, choose_table};
use crate::layout::class_folders::{folders_give_labels, has_class_folders};
use crate::layout::interface::Row;
use crate::layout::options::DataOptions;
use crate::layout::result_columns::is_result_file;
use crate::wording::quoted;

/// The recordings below a folder, and the tables of events next to each.
fn tables(root: &Path, options: &DataOptions) -> Result<Vec<(PathBuf, Vec<PathBuf>)>, DataError> {
    let mut by_recording: HashMap<PathBuf, Vec<PathBuf>> = HashMap::new();
    let (recordings, others): (Vec<PathBuf>, Vec<PathBuf>) = files_below(root)?
        .into_iter()
        .partition(|path| is_audio_name(path));
    for table in others {
        let name = table.file_name().and_then(|name| name.to_str());
        if let Some(recording) = name.and_then(recording_name) {
            by_recording
                .entry(table.with_file_name(recording))
                .or_default()
                .push(table);
        }
    }
    let of = |path: PathBuf| {
        let names = [path.clone(), path.with_extension("")];
        let near = names.iter().filter_map(|name| by_recording.get(name)).flatten();
        let tables = near
            .filter(|table| EventTable::may_be(table, options))
            .cloned()
            .collect();
        (path, tables)
    };
    Ok(recordings.into_iter().map(of).collect())
}

/// Whether any recording has a table of events next to it.
pub(super) fn any(root: &Path, options: &DataOptions) -> Result<bool, DataError> {
    let tables = tables(root, options)?;
    let mut all = tables.iter().flat_map(|(_, tables)| tables);
    Ok(all.any(|table| EventTable::is_one(table, options)))
}

/// The tables next to recordings that earmark wrote as results.
pub(in super::super) fn results_next_to_recordings(
    root: &Path,
    options: &DataOptions,
) -> Result<Vec<PathBuf>, DataError> {
    let tables = tables(root, options)?.into_iter().flat_map(|(_, tables)| tables);
    Ok(tables.filter(|table| is_result_file(table)).collect())
}

/// Whether a folder is likely meant so: recordings have tables of events next to them, half of all where folders may be
/// classes, and no other table lists clips. Results that earmark wrote say nothing against class folders.
pub(super) fn are_meant(root: &Path, options: &DataOptions) -> Result<bool, DataError> {
    if !any(root, options)? {
        return Ok(false);
    }
    let tables = tables(root, options)?;
    if let TableChoice::Fits(clips) = choose_table(root, options)?
        && !tables.iter().any(|(_, tables)| tables.contains(&clips))
    {
        return Ok(false);
    }
    let is_labelled = |tables: &[PathBuf]| tables.iter().any(|table| !is_result_file(table));
    let with = tables.iter().filter(|(_, tables)| is_labelled(tables)).count();
    Ok(2 * with >= tables.len() || !folders_give_labels(root, has_class_folders(root)?)?)
}

/// Reads all of them. Recordings without a table are left out, unless labels are not read.
pub(super) fn read(root: &Path, options: &DataOptions) -> Result<UncutRecordings, DataError> {
    refuse_columns(options)?;
    let mut found = UncutRecordings::default();
    let (mut without, mut present) = (Vec::new(), BTreeSet::new());
    for (path, tables) in tables(root, options)? {
        let file = match audio_name(root, &path, None) {
            Ok(file) => file,
            Err(skipped) => {
                found.rows.skipped.push(skipped);
                continue;
            }
        };
        let folder = file.split_once('/').and_then(|(folder, _)| usual_subset(folder));
        let subset = folder.unwrap_or("train");
        present.insert(subset);
        if !options.wants(subset) {
            continue;
        }
        let table = match (&tables[..], options.read_labels) {
            (_, false) => EventTable::default(),
            ([], _) => {
                without.push(file);
                continue;
            }
            ([table], _) => of_one(EventTable::read(table, options)?)?,
            (several, _) => return Err(several_tables(root, &path, several)),
        };
        let item = Item {
            file: file.clone(),
            path,
            subset: subset.to_owned(),
            ..Item::default()
        };
        found.events.insert(file, table);
        found.rows.rows.push(Row {
            item,
            labels: Vec::new(),
        });
    }
    if let (true, Some(subset)) = (
        found.rows.rows.is_empty(),
        options.subsets.iter().flatten().next(),
    ) {
        return Err(DataError::unknown_subset(root, subset, present));
    }
    if let Some(first) = without.first() {
        let recordings = human_amount(without.len(), "recording", "recordings");
        let note = format!("{recordings} without a table of events left out, first {first}");
        found.rows.notes.push(note);
    }
    Ok(found)
}

/// The table, unless it says of several recordings what was annotated.
fn of_one(table: EventTable) -> Result<EventTable, DataError> {
    let files = || table.annotated.iter().flatten().map(|(file, _)| file);
    let other = files().find(|file| files().next() != Some(*file));
    match other {
        None => Ok(table),
        Some(file) => {
            let problem =
                format!("is next to a recording, and about others, such as {file:?}; name it with --table");
            Err(DataError::at(&table.path, problem))
        }
    }
}

fn several_tables(root: &Path, recording: &Path, tables: &[PathBuf]) -> DataError {
    let names: Vec<String> = tables.iter().map(|table| below(root, table)).collect();
    let problem = format!(
        "has several tables of events ({}); keep the one that is right, and move the others away",
        quoted(&names, ", ")
    );
    DataError::at(recording, problem)
}

/// Refuses options about columns that such tables, and files without columns, have no use for.
pub(super) fn refuse_columns(options: &DataOptions) -> Result<(), DataError> {
    let columns = [
        ("file-column", &options.file_column),
        ("file-pattern", &options.file_pattern),
        ("subset-column", &options.subset_column),
        ("fold-column", &options.fold_column),
        ("group-column", &options.group_column),
    ];
    let given = columns
        .iter()
        .find_map(|&(key, name)| Some((key, name.as_deref()?)));
    match given {
        None => Ok(()),
        Some((key, name)) => Err(DataError::Setting(format!(
            "{key} = {name:?}: is for one table of all recordings, with columns; remove it, or name such a table with \
             --table"
        ))),
    }
}

//! One table of all recordings, with a column that names them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::event_table::EventTable;
use super::labelled_event::LabelledEvent;
use super::next_to_recordings::refuse_columns;
use super::read_rows::{EventColumns, file_column, recording_columns};
use super::recordings::UncutRecordings;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::layout::audio_files::list_folder;
use crate::layout::choose_table::{TableChoice, choose_table};
use crate::layout::class_folders::has_class_folders;
use crate::layout::file_pattern::FilePattern;
use crate::layout::find_misplaced_files::{FileIndex, find_files};
use crate::layout::interface::{Row, Rows};
use crate::layout::kind::LayoutKind;
use crate::layout::options::DataOptions;
use crate::layout::refuse_or_skip_missing::skip_missing;
use crate::layout::unlisted_recordings::unlisted;
use crate::table::columns::Table;

/// The column of a table that Raven wrote.
const RAVEN: &str = "begin time (s)";

/// A table as other programs than spreadsheets name it, too.
fn open(path: &Path) -> Result<Table, DataError> {
    let bytes = std::fs::read(path).map_err(DataError::reading(path))?;
    Table::parse(path, &bytes, Some(b'\t'))
}

/// Whether a table has events of several recordings: AOEF, or starts, ends and files, of which one has several rows
/// unless Raven wrote it. A table with a row per recording lists clips.
pub(in super::super) fn is_one_table(path: &Path, options: &DataOptions) -> bool {
    if EventTable::is_aoef(path, options) {
        return true;
    }
    let Some((table, file)) = with_files(path, options) else {
        return false;
    };
    let mut seen = HashSet::new();
    table.find(&[RAVEN]).is_some() || table.rows.iter().any(|row| !seen.insert(row.cell(file)))
}

/// A table with starts, ends and files, and its column of files.
fn with_files(path: &Path, options: &DataOptions) -> Option<(Table, usize)> {
    let table = open(path).ok()?;
    EventColumns::times(&table, options).ok()?;
    let file = file_column(&table, options)?;
    Some((table, file))
}

/// The one table of a folder, where it is one of events.
pub(super) fn find(root: &Path, options: &DataOptions) -> Result<Option<PathBuf>, DataError> {
    let chosen = match choose_table(root, options)? {
        // One that lists clips says more than another one of events next to it.
        TableChoice::Fits(path) => return Ok(Some(path).filter(|path| is_one_table(path, options))),
        TableChoice::Several(_) => return Ok(None),
        _ if has_class_folders(root)? => return Ok(None),
        TableChoice::Perhaps(path) => Some(path),
        _ => None,
    };
    if let Some(path) = chosen.filter(|path| is_one_table(path, options)) {
        return Ok(Some(path));
    }
    let mut others = texts(root, &["txt", "json"])?;
    others.retain(|path| is_aoef_or(path, options, is_one_table));
    Ok(others.pop().filter(|_| others.is_empty()))
}

/// The same where the layout was named: any table with starts, ends and files.
pub(super) fn required(root: &Path, options: &DataOptions) -> Result<PathBuf, DataError> {
    if let Some(path) = find(root, options)? {
        return Ok(path);
    }
    let mut tables = texts(root, &["txt", "csv", "tsv", "json"])?;
    tables.retain(|path| is_aoef_or(path, options, |path, options| with_files(path, options).is_some()));
    match tables.len() {
        0 => Err(DataError::NoTable {
            root: root.to_owned(),
            layout: LayoutKind::Events,
            tried: vec![
                "a table next to each recording (rec.wav with rec.txt, rec.Table.1.selections.txt or rec.csv)".into(),
                "one table of all recordings, with columns of the file, the start and the end, or AOEF, or the one \
                 named with --table"
                    .into(),
            ],
        }),
        1 => Ok(tables.swap_remove(0)),
        _ => Err(DataError::ManyTables {
            root: root.to_owned(),
            found: tables.iter().map(|path| below(root, path)).collect(),
        }),
    }
}

/// Whether a file is AOEF, or a table by another rule: JSON is not read as one.
fn is_aoef_or(path: &Path, options: &DataOptions, is_table: fn(&Path, &DataOptions) -> bool) -> bool {
    match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
        true => EventTable::is_aoef(path, options),
        false => is_table(path, options),
    }
}

/// The files directly in a folder with one of these extensions, without hidden ones.
fn texts(root: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = list_folder(root)?;
    paths.retain(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_one = extension.is_some_and(|e| extensions.iter().any(|known| e.eq_ignore_ascii_case(known)));
        let name = path.file_name().and_then(|name| name.to_str());
        is_one && name.is_some_and(|name| !name.starts_with('.')) && path.is_file()
    });
    Ok(paths)
}

/// Reads the table, and finds its recordings.
pub(super) fn read(root: &Path, path: &Path, options: &DataOptions) -> Result<UncutRecordings, DataError> {
    let table = EventTable::read(path, options)?;
    let is_one_table = table.annotated.is_none();
    let (mut rows, events) = match is_one_table {
        true => by_rows(root, path, table.events, options)?,
        false => by_names(path, table, options)?,
    };
    let subsets = rows.rows.iter().map(|row| row.item.subset.clone());
    rows.tables = subsets.map(|subset| (subset, path.to_owned())).collect();
    let unlisted = unlisted(root, path, &rows.rows)?;
    rows.notes.extend(unlisted);
    keep_wanted(root, &mut rows, options)?;
    if rows.search {
        find_by_last_part(root, &mut rows);
        find_files(root, &mut rows);
    }
    skip_missing(root, &mut rows, options)?;
    refuse_second_names(path, &rows)?;
    Ok(UncutRecordings {
        rows,
        events,
        is_one_table,
    })
}

/// Recordings, and their events by the file of the row.
type Found = (Rows, HashMap<String, EventTable>);

/// The recordings of a file without columns: all that it names.
fn by_names(path: &Path, table: EventTable, options: &DataOptions) -> Result<Found, DataError> {
    refuse_columns(options)?;
    let mut events: BTreeMap<String, EventTable> = BTreeMap::new();
    let none = || EventTable {
        path: path.to_owned(),
        events: Vec::new(),
        annotated: Some(Vec::new()),
    };
    for event in table.events {
        let file = event.file.clone().unwrap_or_default();
        events.entry(file).or_insert_with(none).events.push(event);
    }
    for (file, span) in table.annotated.unwrap_or_default() {
        let of_file = events.entry(file.clone()).or_insert_with(none);
        of_file.annotated.get_or_insert_default().push((file, span));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let row = |file: &String| Row {
        item: Item {
            file: file.clone(),
            path: folder.join(file),
            subset: "train".to_owned(),
            ..Item::default()
        },
        labels: Vec::new(),
    };
    let rows = Rows {
        rows: events.keys().map(row).collect(),
        search: true,
        ..Rows::default()
    };
    Ok((rows, events.into_iter().collect()))
}

/// The recordings of a table with columns, each with what its rows say of it.
fn by_rows(
    root: &Path,
    path: &Path,
    events: Vec<LabelledEvent>,
    options: &DataOptions,
) -> Result<Found, DataError> {
    if options.file_column.is_none() && with_files(path, options).is_none() {
        let problem = "names no recording: put it next to its recording, under the same name, or name the column of \
                       the recordings with --file-column";
        return Err(DataError::at(path, problem.to_owned()));
    }
    let table = open(path)?;
    let columns = recording_columns(&table, options)?;
    let pattern = options.file_pattern.as_deref();
    let pattern = pattern
        .map(|template| FilePattern::parse(template, &table, columns.file))
        .transpose()?;
    let folder = path.parent().unwrap_or(root);
    let mut rows = Rows {
        columns: Some(columns.names(&table)),
        search: pattern.is_none(),
        ..Rows::default()
    };
    let all = EventColumns::find(&table, options)?;
    let without = table.rows.iter().filter(|row| all.is_without_event(row));
    let mut found: Vec<(usize, Option<LabelledEvent>)> = without.map(|row| (row.line, None)).collect();
    found.extend(events.into_iter().map(|event| (event.line, Some(event))));
    found.sort_by_key(|(line, _)| *line);
    let mut of_files: HashMap<String, (usize, EventTable)> = HashMap::new();
    for (line, event) in found {
        let fail = |problem: String| DataError::row(path, line, problem);
        let at = table.rows.binary_search_by_key(&line, |row| row.line);
        let row = &table.rows[at.map_err(|_| fail("the row is gone; read the table again".into()))?];
        let subset = columns.subset.map_or("train", |column| row.cell(column));
        let mut item = columns.item(row, folder, subset).map_err(fail)?;
        if let Some(pattern) = &pattern {
            item.path = root.join(pattern.path(row));
        }
        match of_files.get_mut(&item.file) {
            Some((first, of_file)) => {
                let known = &rows.rows[*first].item;
                if (&known.subset, known.fold, &known.group) != (&item.subset, item.fold, &item.group) {
                    let first = known.line.unwrap_or_default();
                    return Err(fail(format!(
                        "{:?} has another subset, fold or group than on line {first}; a recording has one",
                        item.file
                    )));
                }
                of_file.events.extend(event);
            }
            None => {
                let of_file = EventTable {
                    path: path.to_owned(),
                    events: event.into_iter().collect(),
                    annotated: None,
                };
                of_files.insert(item.file.clone(), (rows.rows.len(), of_file));
                let labels = Vec::new();
                rows.rows.push(Row { item, labels });
            }
        }
    }
    let events = of_files.into_iter();
    Ok((rows, events.map(|(file, (_, table))| (file, table)).collect()))
}

/// Leaves out recordings of subsets that are not wanted, before any is opened; refuses one that is wanted and not
/// there.
fn keep_wanted(root: &Path, rows: &mut Rows, options: &DataOptions) -> Result<(), DataError> {
    let present = || rows.rows.iter().map(|row| row.item.subset.as_str());
    if let Some(row) = rows.rows.iter().find(|row| row.item.subset.is_empty()) {
        let problem = "the subset is empty; write, for example, train or test".to_owned();
        return Err(DataError::row(
            &rows.source(&row.item),
            row.item.line.unwrap_or_default(),
            problem,
        ));
    }
    let unknown = |subset: &&String| present().all(|known| known != subset.as_str());
    if let Some(subset) = options.subsets.iter().flatten().find(unknown) {
        return Err(DataError::unknown_subset(root, subset, present()));
    }
    rows.rows.retain(|row| options.wants(&row.item.subset));
    Ok(())
}

/// Each recording may have one name: by two, its windows could be in two subsets or folds.
fn refuse_second_names(table: &Path, rows: &Rows) -> Result<(), DataError> {
    let mut known: HashMap<&Path, &Item> = HashMap::new();
    for Row { item, .. } in &rows.rows {
        if let Some(other) = known.insert(&item.path, item) {
            let problem = format!(
                "{:?} is the recording that line {} calls {:?}; write its name the same way in every row",
                item.file,
                other.line.unwrap_or_default(),
                other.file
            );
            return Err(DataError::row(table, item.line.unwrap_or_default(), problem));
        }
    }
    Ok(())
}

/// Takes the file that has the last part of a path as its name, where no more of the path is found: programs write the
/// paths that they were given.
fn find_by_last_part(root: &Path, rows: &mut Rows) {
    let is_missing = |row: &&mut Row| !row.item.path.is_file() && !root.join(&row.item.file).is_file();
    let mut index = None;
    for row in rows.rows.iter_mut().filter(is_missing) {
        let index = index.get_or_insert_with(|| FileIndex::new(root));
        let last = row.item.file.rsplit(['/', '\\']).next().unwrap_or_default();
        if let ([], [path]) = (&index.fitting(&row.item.file)[..], &index.fitting(last)[..]) {
            row.item.path = (*path).clone();
        }
    }
}

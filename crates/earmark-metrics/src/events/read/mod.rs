//! Reads tables of events: of `tag`, Raven, Audacity and others.

mod aoef;
mod audacity;
mod columns;
mod delimited;
mod json;
mod source;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use earmark_core::event_tables::{AoefSet, is_label_track};

use super::event_set::EventSet;
use super::windows::WindowTable;
use crate::{MetricsError, Result};
pub use columns::EventColumns;
use source::Source;

/// Endings of the files of a folder that are read: tables may be next to their recordings.
const TABLES: [&str; 7] = ["txt", "csv", "tsv", "json", "ndjson", "jsonl", "parquet"];

/// At how many thresholds scores of windows become events, for PSDS.
const THRESHOLDS: u16 = 50;

impl EventSet {
    /// Reads a table, or all of a folder and below it, which may have recordings, too: with a header (CSV, or Raven's
    /// selections), Audacity's label tracks, JSON of `tag`, or AOEF. A file that names no recording is about the one
    /// that it is named after: `scene.wav.txt` about `scene.wav`.
    ///
    /// # Errors
    /// An unreadable file, or a text that [`EventSet::parse`] refuses.
    pub fn read(path: &Path, columns: &EventColumns) -> Result<Self> {
        let mut table = Self::default();
        if path.is_dir() {
            for file in files_below(path)? {
                let name = file.strip_prefix(path).unwrap_or(&file);
                add(&read(&file)?, &Source::new(&file, name), columns, &mut table)?;
            }
            return Ok(table);
        }
        let name = path.file_name().map_or(path, Path::new);
        add(&read(path)?, &Source::new(path, name), columns, &mut table)?;
        Ok(table)
    }

    /// Reads a text in any of these forms; `name` is that of its file.
    ///
    /// # Errors
    /// A text that has another form, lacks a column, or has a row that can't be read; with file, line and value.
    pub fn parse(bytes: &[u8], name: &str, columns: &EventColumns) -> Result<Self> {
        let mut table = Self::default();
        let path = Path::new(name);
        add(bytes, &Source::new(path, path), columns, &mut table)?;
        Ok(table)
    }
}

fn add(bytes: &[u8], source: &Source, columns: &EventColumns, table: &mut EventSet) -> Result<()> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        // Nothing was detected.
        None => table.list(&source.recording),
        Some(b'{') if AoefSet::is_meant(bytes) => return aoef::add(bytes, source, columns, table),
        Some(b'[' | b'{') => return json::add(bytes, source, table),
        Some(_) if bytes.starts_with(b"PAR1") => {
            let problem = "is Parquet, which is written and not read; give CSV or JSON".to_owned();
            let place = source.place.clone();
            return Err(MetricsError::Table { place, problem });
        }
        Some(_) => match std::str::from_utf8(bytes) {
            Ok(text) if is_label_track(text) => return audacity::add(text, source, table),
            // What is not UTF-8 is refused there, with its line.
            _ => return delimited::add(bytes, source, columns, table),
        },
    }
    Ok(())
}

/// Adds the durations of recordings to the truth; those that it does not list have no events.
///
/// # Errors
/// An unreadable file, a table without the columns `file` and `seconds`, or a row that can't be read.
pub fn read_durations(path: &Path, truth: &mut EventSet) -> Result<()> {
    let lengths = delimited::lengths(&read(path)?, &path.display().to_string())?;
    truth.add_lengths(lengths)
}

/// Predictions at several thresholds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperatingPoints {
    /// The predictions at each.
    pub tables: Vec<EventSet>,
}

impl OperatingPoints {
    /// Reads one table of the scores of windows (CSV of `tag --windows`), whose events are taken at 50 thresholds from
    /// 0.01 to 0.99, or tables of events, each of which is an operating point.
    ///
    /// # Errors
    /// An unreadable file, a text that is neither, or several tables of windows.
    pub fn read(paths: &[PathBuf], columns: &EventColumns) -> Result<Self> {
        let mut tables = Vec::new();
        for path in paths {
            let windows = windows_of(path)?;
            let Some(windows) = windows else {
                tables.push(EventSet::read(path, columns)?);
                continue;
            };
            if paths.len() > 1 {
                let place = path.display().to_string();
                let problem = "has scores of windows; give one table of windows alone, or tables of events";
                let problem = problem.to_owned();
                return Err(MetricsError::Table { place, problem });
            }
            tables = Self::of_windows(&windows)?.tables;
        }
        Ok(Self { tables })
    }

    /// The events at 50 thresholds from 0.01 to 0.99.
    ///
    /// # Errors
    /// None in practice: the times have been checked.
    pub fn of_windows(windows: &WindowTable) -> Result<Self> {
        let threshold = |k: u16| (f32::from(k) + 0.5) / f32::from(THRESHOLDS);
        let thresholds: Vec<f32> = (0..THRESHOLDS).map(threshold).collect();
        let tables = windows.events_at(&thresholds)?;
        Ok(Self { tables })
    }
}

/// The scores of windows in a file; `None` if it has something else.
fn windows_of(path: &Path) -> Result<Option<WindowTable>> {
    if path.is_dir() {
        return Ok(None);
    }
    let bytes = read(path)?;
    let is_table = !matches!(bytes.trim_ascii_start().first(), None | Some(b'[' | b'{'));
    let is_track = std::str::from_utf8(&bytes).is_ok_and(is_label_track);
    match is_table && !is_track && !bytes.starts_with(b"PAR1") {
        true => delimited::windows(&bytes, &path.display().to_string()),
        false => Ok(None),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> MetricsError {
    let (action, path) = ("read", path.to_owned());
    MetricsError::Io { action, path, source }
}

/// The tables of a folder and below it, by name, without hidden ones.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|source| io_error(&folder, source))? {
            let path = entry.map_err(|source| io_error(&folder, source))?.path();
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            match (is_hidden, path.is_dir()) {
                (true, _) => {}
                (false, true) => folders.push(path),
                (false, false) => files.extend(Some(path).filter(|path| is_table(path))),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_table(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| TABLES.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

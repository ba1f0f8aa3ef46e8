//! Tables with a header: of `tag`, Raven, BirdNET and others; durations of recordings; scores of windows.

use std::collections::HashSet;

use super::columns::{ENDS, EventColumns, FILES, Header, Places, STARTS, records};
use super::source::Source;
use crate::Result;
use crate::events::event_set::{EventSet, TableEvent};
use crate::events::windows::{ScoredWindow, WindowTable};

/// Usual names of the column of lengths.
const LENGTHS: [&str; 5] = ["seconds", "duration", "length", "duration (s)", "length (s)"];

/// What `tag` writes of when and where, behind all other columns.
const PLACE: [&str; 4] = ["recorded_at", "site", "latitude", "longitude"];

/// Adds the events of a table. A row without times and class lists its recording.
pub(super) fn add(bytes: &[u8], source: &Source, columns: &EventColumns, table: &mut EventSet) -> Result<()> {
    let mut rows = records(bytes, &source.place)?.into_iter();
    let Some(head) = rows.next() else {
        return Ok(());
    };
    let header = Header::new(&source.place, &head);
    let places = Places::find(&header, columns)?;
    let start = header.require(places.start, "starts", "start-column")?;
    let end = header.require(places.end, "ends", "end-column")?;
    let class = header.require(places.class, "classes", "label-column")?;
    if places.file.is_none() {
        table.list(&source.recording);
    }
    let mut selections = HashSet::new();
    for row in rows {
        header.check_width(&row)?;
        // In each view a selection has the same times; in joined tables, others have the same number.
        let cell = |column: Option<usize>| column.map_or("", |column| row.cell(column)).to_owned();
        if places.selection.is_some()
            && !selections.insert([places.selection, places.file, Some(start), Some(end)].map(cell))
        {
            continue;
        }
        let file = places
            .file
            .map_or(source.recording.as_str(), |column| row.cell(column));
        if file.is_empty() {
            return Err(header.row_error(&row, "has no name of a recording"));
        }
        if [start, end, class]
            .iter()
            .all(|column| row.cell(*column).is_empty())
        {
            table.list(file);
            continue;
        }
        let (mut onset, mut offset) = (header.seconds(&row, start)?, header.seconds(&row, end)?);
        if let Some(column) = places.file_offset {
            let within = header.seconds(&row, column)?;
            // Sums of decimals, as near to decimals as before.
            let rounded = |seconds: f64| (seconds * 1e6).round() / 1e6;
            (onset, offset) = (within, rounded(within + (offset - onset)));
        }
        let class = row.cell(class).to_owned();
        let place = || format!("{}, line {}", source.place, row.line);
        table.add(file, TableEvent { class, onset, offset }, &place)?;
    }
    Ok(())
}

/// Reads the length of each recording.
pub(super) fn lengths(bytes: &[u8], place: &str) -> Result<Vec<(String, f64)>> {
    let mut rows = records(bytes, place)?.into_iter();
    let head = rows.next().unwrap_or_default();
    let header = Header::new(place, &head);
    let [file, seconds] = match (header.usual(&FILES), header.usual(&LENGTHS)) {
        (Some(file), Some(seconds)) => [file, seconds],
        _ => {
            let problem = "must have the columns file and seconds: the length of each recording";
            return Err(header.row_error(&head, problem));
        }
    };
    let mut lengths = Vec::new();
    for row in rows {
        header.check_width(&row)?;
        let length = header.seconds(&row, seconds)?;
        if !(0.0..=1e9).contains(&length) || row.cell(file).is_empty() {
            let problem = format!(
                "`{}` with {length} s is not a recording with its length",
                row.cell(file)
            );
            return Err(header.row_error(&row, problem));
        }
        lengths.push((row.cell(file).to_owned(), length));
    }
    Ok(lengths)
}

/// Reads a table of windows: recording, start and end, and a score per class; `None` if it is a table of events.
pub(super) fn windows(bytes: &[u8], place: &str) -> Result<Option<WindowTable>> {
    let mut rows = records(bytes, place)?.into_iter();
    let head = rows.next().unwrap_or_default();
    let header = Header::new(place, &head);
    let places = Places::find(&header, &EventColumns::default())?;
    let (Some(file), None) = (header.usual(&FILES), places.class) else {
        return Ok(None);
    };
    let start = header.require(header.usual(&STARTS), "starts", "start-column")?;
    let end = header.require(header.usual(&ENDS), "ends", "end-column")?;
    // Behind the classes, `tag` writes where and when a recording was made. Before or behind them it has a column of
    // facts about the recording: not a class of that name where its first row is JSON.
    let places = match header.names.ends_with(&PLACE.map(str::to_owned)) {
        true => PLACE.len(),
        false => 0,
    };
    let width = header.names.len() - places;
    let rows: Vec<_> = rows.collect();
    let is_facts = |column: &usize| {
        let first = rows.first().map_or("", |row| row.cell(*column));
        header.names[*column] == "recording" && first.starts_with('{')
    };
    let mut facts = [3, width.saturating_sub(1)]
        .into_iter()
        .filter(|column| *column < width);
    let known = [Some(file), Some(start), Some(end), facts.rfind(is_facts)];
    let classes: Vec<usize> = (0..width)
        .filter(|column| !known.contains(&Some(*column)))
        .collect();
    let mut table = WindowTable {
        classes: classes.iter().map(|&class| header.names[class].clone()).collect(),
        ..WindowTable::default()
    };
    for row in rows {
        header.check_width(&row)?;
        let score = |&class: &usize| match row.cell(class).parse::<f32>() {
            Ok(score) if score.is_finite() => Ok(score),
            _ => {
                let (cell, name) = (row.cell(class), &header.names[class]);
                Err(header.row_error(&row, format!("`{cell}` in the column `{name}` is not a score")))
            }
        };
        let window = ScoredWindow {
            start: header.seconds(&row, start)?,
            end: header.seconds(&row, end)?,
            scores: classes.iter().map(score).collect::<Result<_>>()?,
        };
        let is_window = window.start >= 0.0 && window.start < window.end && window.end <= 1e9;
        if !is_window || row.cell(file).is_empty() {
            let problem = "is not a window of a recording, with a start before its end";
            return Err(header.row_error(&row, problem));
        }
        table
            .recordings
            .entry(row.cell(file).to_owned())
            .or_default()
            .push(window);
    }
    Ok(Some(table))
}

//! Cuts recordings into windows, and gives each window the labels that sound in it.

use std::ops::Range;
use std::path::Path;

use earmark_audio::{AudioStream, ReadOptions, Span};
use earmark_core::caught_panics::catch_panic;
use earmark_core::human::human_amount;

use super::annotated::Annotated;
use super::config::{EventOptions, UnlabelledWindows};
use super::event_table::EventTable;
use super::labelled_event::LabelledEvent;
use super::odd_times::{OddTimes, ROUNDING_US};
use super::recordings::UncutRecordings;
use super::rule::{Presence, presence};
use super::window_starts::starts;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::layout::interface::{Row, Rows};
use crate::layout::options::DataOptions;
use crate::scan::scan;

/// Most windows of a recording.
const MOST_WINDOWS: u64 = 1_000_000;

/// The recordings in windows; one that can't be read stays whole, so that it is named where it is used.
pub(super) fn cut(
    root: &Path,
    recordings: UncutRecordings,
    options: &DataOptions,
) -> Result<Rows, DataError> {
    let UncutRecordings {
        mut rows,
        mut events,
        is_one_table,
    } = recordings;
    let whole = std::mem::take(&mut rows.rows);
    let lengths = scan(&whole, &|_, _| (), |row| length_us(&row.item.path, options));
    let cutter = WindowCutter {
        options: &options.events,
        read_labels: options.read_labels,
        is_one_table,
    };
    let (mut odd, mut left_out) = (OddTimes::default(), 0);
    let recordings = whole.len();
    for (Row { mut item, .. }, length) in whole.into_iter().zip(lengths) {
        let table = events.remove(&item.file).unwrap_or_default();
        if item.path.starts_with(root) {
            item.file = below(root, &item.path);
        }
        item.group.get_or_insert_with(|| item.file.clone());
        match length {
            None | Some(0) => rows.rows.push(cutter.uncut(item.clone(), &table)),
            Some(length) => {
                odd.look_at(root, &table, &item, length)?;
                left_out += cutter.cut(&item, length, &table, &mut rows.rows)?;
            }
        }
        if table.annotated.is_none() {
            rows.events.insert(item.file, table.events);
        }
    }
    rows.notes.extend(odd.notes());
    let summary = cutter.summary(recordings, &rows.rows, left_out);
    if rows.rows.is_empty() && recordings > 0 {
        let problem = format!(
            "{summary}: none has a label, or is known to have none; see unlabelled, annotated-label and \
             window-seconds of data.events"
        );
        return Err(DataError::at(root, problem));
    }
    rows.notes.push(summary);
    rows.multi_label = true;
    rows.search = false;
    Ok(rows)
}

/// The length of a recording; of one that does not state it, by decoding it. `None` where it can't be opened or
/// decoded.
fn length_us(path: &Path, options: &DataOptions) -> Option<u64> {
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: options.damaged.into(),
    };
    let mut stream = catch_panic(|| AudioStream::open_with(path, &options))
        .ok()?
        .ok()?;
    let frames = match stream.info().frames {
        Some(frames) => frames,
        None => {
            let mut block = Vec::new();
            while catch_panic(|| stream.next_block(&mut block)).ok()?.ok()? {}
            stream.frames_read()
        }
    };
    Some((frames as f64 * 1e6 / f64::from(stream.sample_rate_hz().max(1))) as u64)
}

struct WindowCutter<'a> {
    options: &'a EventOptions,
    read_labels: bool,
    /// Whether the lines of events are those of the one table.
    is_one_table: bool,
}

impl WindowCutter<'_> {
    /// Adds the windows of a recording; returns how many are left out.
    fn cut(
        &self,
        item: &Item,
        length_us: u64,
        table: &EventTable,
        rows: &mut Vec<Row>,
    ) -> Result<usize, DataError> {
        let (window, hop) = (self.options.window_us(), self.options.hop_us());
        if length_us / hop > MOST_WINDOWS {
            let problem = format!(
                "makes more than {MOST_WINDOWS} windows; raise data.events.hop-seconds ({} s)",
                hop as f64 / 1e6
            );
            return Err(DataError::at(&item.path, problem));
        }
        let (spans, mut events): (Vec<_>, Vec<_>) =
            table.events.iter().partition(|event| self.is_annotation(event));
        // Ends are rounded.
        let to_end = |span: Range<u64>| match span.end.saturating_add(ROUNDING_US) < length_us {
            true => span,
            false => span.start..span.end.max(length_us),
        };
        let annotated = match (&table.annotated, &self.options.annotated_label) {
            (Some(spans), _) => Some(spans.iter().map(|(_, span)| to_end(span.clone())).collect()),
            (None, Some(_)) => Some(spans.into_iter().map(|event| to_end(event.span_us())).collect()),
            (None, None) => None,
        };
        let annotated = annotated.map(Annotated::new);
        events.sort_by_key(|event| event.start_us);
        let mut coming = events.into_iter().peekable();
        let (mut sounding, mut left_out): (Vec<&LabelledEvent>, usize) = (Vec::new(), 0);
        for start in starts(length_us, window, hop) {
            let window = start..length_us.min(start + window);
            // Windows begin in order, so an event that ended before one is in none behind it.
            sounding.retain(|event| event.end_us >= window.start);
            while let Some(event) = coming.next_if(|event| event.start_us < window.end) {
                sounding.push(event);
            }
            let is_annotated = annotated
                .as_ref()
                .is_none_or(|annotated| annotated.covers(&window));
            match self
                .window(item, window, &sounding)
                .filter(|_| is_annotated || !self.read_labels)
            {
                Some(row) => rows.push(row),
                None => left_out += 1,
            }
        }
        Ok(left_out)
    }

    fn is_annotation(&self, event: &LabelledEvent) -> bool {
        let label = self.options.annotated_label.as_ref();
        label.is_some_and(|label| event.labels.contains(label))
    }

    /// A window with its labels, from the events that are around it; `None` where nobody knows them.
    fn window(&self, item: &Item, window: Range<u64>, events: &[&LabelledEvent]) -> Option<Row> {
        let (mut labels, mut first, mut is_free): (Vec<String>, _, _) = (Vec::new(), None, true);
        for event in events {
            let found = presence(self.options.overlap, &event.span_us(), &window);
            is_free &= found == Presence::Absent;
            if found == Presence::Counts {
                first = first.or(Some(event.line));
                add_labels(&mut labels, event);
            }
        }
        let is_background = self.read_labels && is_free;
        let is_known = match (labels.is_empty(), is_free) {
            (false, _) => true,
            (true, true) => self.options.unlabelled == UnlabelledWindows::Background,
            (true, false) => false,
        };
        let span = Span {
            start_us: window.start,
            length_us: window.end - window.start,
        };
        let item = Item {
            is_background,
            line: first.filter(|_| self.is_one_table),
            ..item.window(span)
        };
        (is_known || !self.read_labels).then_some(Row { item, labels })
    }

    /// A recording as it is, with all of its labels.
    fn uncut(&self, item: Item, table: &EventTable) -> Row {
        let mut labels = Vec::new();
        let events = table.events.iter().filter(|event| !self.is_annotation(event));
        events.for_each(|event| add_labels(&mut labels, event));
        Row { item, labels }
    }

    /// What was made of the recordings, for the user.
    fn summary(&self, recordings: usize, rows: &[Row], left_out: usize) -> String {
        let seconds = |us: u64| us as f64 / 1e6;
        let background = rows.iter().filter(|row| row.item.is_background).count();
        let mut text = format!(
            "{} cut into {} of {} s every {} s",
            human_amount(recordings, "recording", "recordings"),
            human_amount(rows.len() + left_out, "window", "windows"),
            seconds(self.options.window_us()),
            seconds(self.options.hop_us())
        );
        if self.read_labels {
            text += &format!(
                ": {} with labels, {background} of background, {left_out} left out",
                rows.len() - background
            );
        }
        text
    }
}

/// Adds the labels of an event, each once.
fn add_labels(labels: &mut Vec<String>, event: &LabelledEvent) {
    for label in &event.labels {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(start_us: u64, end_us: u64, label: &str) -> LabelledEvent {
        LabelledEvent {
            start_us,
            end_us,
            labels: vec![label.into()],
            ..LabelledEvent::default()
        }
    }

    fn windows(options: &EventOptions, events: Vec<LabelledEvent>) -> (Vec<(String, String)>, usize) {
        let cutter = WindowCutter {
            options,
            read_labels: true,
            is_one_table: false,
        };
        let table = EventTable {
            events,
            ..EventTable::default()
        };
        let (mut rows, item) = (Vec::new(), Item::default());
        let left_out = cutter.cut(&item, 50_000_000, &table, &mut rows).unwrap();
        let name = |row: Row| {
            assert_eq!(row.item.is_background, row.labels.is_empty());
            (row.item.file.replace(" from ", ""), row.labels.join("+"))
        };
        (rows.into_iter().map(name).collect(), left_out)
    }

    fn named(windows: &[(&str, &str)]) -> Vec<(String, String)> {
        let name = |(start, labels): &(&str, &str)| (format!("{start} s"), (*labels).to_owned());
        windows.iter().map(name).collect()
    }

    #[test]
    fn windows_have_the_labels_that_sound_in_them() {
        let options = EventOptions {
            window_seconds: Some(10.0),
            ..EventOptions::default()
        };
        // In two windows by halves; by a little in a window of nothing else; longer than a window.
        let events = || {
            vec![
                event(9_000_000, 11_000_000, "dog"),
                event(12_000_000, 12_000_000, "cat"),
                event(19_000_000, 30_100_000, "rain"),
            ]
        };
        let expected = named(&[
            ("0.00", "dog"),
            ("10.00", "dog+cat"),
            ("20.00", "rain"),
            ("40.00", ""),
        ]);
        assert_eq!(windows(&options, events()), (expected, 1));
        let ignored = EventOptions {
            unlabelled: UnlabelledWindows::Ignore,
            ..options.clone()
        };
        assert_eq!(windows(&ignored, events()).1, 2);
        let stated = EventOptions {
            annotated_label: Some("annotated".into()),
            ..options
        };
        let mut events = events();
        events.push(event(0, 15_000_000, "annotated"));
        events.push(event(15_000_000, 20_000_000, "annotated"));
        let expected = named(&[("0.00", "dog"), ("10.00", "dog+cat")]);
        assert_eq!(windows(&stated, events), (expected, 3));
    }
}

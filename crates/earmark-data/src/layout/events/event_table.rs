//! Tables of events as Raven, Audacity and others write them, `earmark tag` among them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use earmark_core::event_tables::{AoefSet, is_label_track, track_labels};
use earmark_core::labels::LabelRule;

use super::labelled_event::{LabelledEvent, microseconds, time_us};
use super::read_rows::EventColumns;
use crate::dataset::error::DataError;
use crate::layout::options::DataOptions;
use crate::table::columns::Table;

/// A table of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventTable {
    /// The file.
    pub path: PathBuf,
    /// The events, in its order.
    pub events: Vec<LabelledEvent>,
    /// Recordings with spans of them that were annotated, in microseconds; `None` where the table does not say it.
    pub annotated: Option<Vec<(String, Range<u64>)>>,
}

/// Why a table that says nothing about times is not one of events.
const NO_TIMES: &str = "is not a table of events: it has neither columns with a start and an end (`Begin Time (s)` and \
                        `End Time (s)`, `start` and `end`, or those that data.events.start-column and end-column name) \
                        nor the lines of an Audacity label track";

impl EventTable {
    /// Reads a table: tabs and the columns of Raven, any table with columns of starts and ends, the label track of
    /// Audacity, or AOEF. A table without rows says that there are no events. In AOEF, events may have no label, and a
    /// line is the number of an annotation.
    ///
    /// # Errors
    /// A [`DataError`] with file and line: no such columns, a time that is not a number of seconds, an end before its
    /// start, no label.
    pub fn read(path: &Path, options: &DataOptions) -> Result<Self, DataError> {
        let bytes = std::fs::read(path).map_err(DataError::reading(path))?;
        Self::parse(path, &bytes, options)
    }

    /// Like [`EventTable::read`], from bytes in memory.
    ///
    /// # Errors
    /// As [`EventTable::read`].
    pub fn parse(path: &Path, bytes: &[u8], options: &DataOptions) -> Result<Self, DataError> {
        let events = match TableKind::of(bytes, options) {
            TableKind::Aoef => return aoef(path, bytes, options),
            TableKind::Audacity => audacity(path, bytes, options)?,
            TableKind::Columns => {
                let table = Table::parse(path, bytes, Some(b'\t'))?;
                EventColumns::find(&table, options)?.events(&table)?
            }
            TableKind::Empty => Vec::new(),
            TableKind::Other => return Err(DataError::at(path, NO_TIMES.to_owned())),
        };
        Ok(Self {
            path: path.to_owned(),
            events,
            annotated: None,
        })
    }

    /// Whether a file may be a table of events, by its first line: one without any is a label track without labels, and
    /// one that can't be read is refused when it is.
    pub(super) fn may_be(path: &Path, options: &DataOptions) -> bool {
        !matches!(Self::kind_of(path, options), TableKind::Other)
    }

    /// Whether it certainly is one.
    pub(super) fn is_one(path: &Path, options: &DataOptions) -> bool {
        matches!(
            Self::kind_of(path, options),
            TableKind::Audacity | TableKind::Columns | TableKind::Aoef
        )
    }

    /// Whether a file is AOEF, by its beginning.
    pub(super) fn is_aoef(path: &Path, options: &DataOptions) -> bool {
        matches!(Self::kind_of(path, options), TableKind::Aoef)
    }

    fn kind_of(path: &Path, options: &DataOptions) -> TableKind {
        let head = || -> std::io::Result<Vec<u8>> {
            use std::io::Read;
            let mut head = Vec::new();
            std::fs::File::open(path)?
                .take(HEAD_BYTES)
                .read_to_end(&mut head)?;
            Ok(head)
        };
        match path.is_file() {
            true => TableKind::of(&head().unwrap_or_default(), options),
            // To open a pipe would wait until somebody writes into it.
            false => TableKind::Other,
        }
    }
}

/// Bytes that the header of a table is within.
const HEAD_BYTES: u64 = 1 << 16;

/// What the first line of a table says.
enum TableKind {
    Aoef,
    Audacity,
    Columns,
    /// Nothing but blank lines.
    Empty,
    Other,
}

impl TableKind {
    fn of(bytes: &[u8], options: &DataOptions) -> Self {
        let first = bytes
            .split(|&b| b == b'\n' || b == b'\r')
            .find(|line| !line.trim_ascii().is_empty());
        let Some(first) = first else {
            return Self::Empty;
        };
        if AoefSet::is_meant(bytes) {
            return Self::Aoef;
        }
        let text = String::from_utf8_lossy(first);
        let text = text.trim_start_matches('\u{feff}');
        if is_label_track(text) {
            return Self::Audacity;
        }
        let header = Table::parse(Path::new(""), text.as_bytes(), Some(b'\t'));
        match header.is_ok_and(|table| EventColumns::times(&table, options).is_ok()) {
            true => Self::Columns,
            false => Self::Other,
        }
    }
}

/// The labels of a track of Audacity.
fn audacity(path: &Path, bytes: &[u8], options: &DataOptions) -> Result<Vec<LabelledEvent>, DataError> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let text = text.map_err(|_| DataError::at(path, "the text is not UTF-8; save it as UTF-8".to_owned()))?;
    let rule = options
        .label_separator
        .as_deref()
        .map_or(LabelRule::One, LabelRule::separated_by);
    let mut events: Vec<LabelledEvent> = Vec::new();
    for found in track_labels(text) {
        let fail = |problem: String| DataError::row(path, found.line, problem);
        let [start, end] = found.times;
        let labels = match options.read_labels {
            true => rule.read(&found.label).map_err(fail)?,
            false => Vec::new(),
        };
        let event = LabelledEvent {
            start_us: time_us(start, "start").map_err(fail)?,
            end_us: time_us(end, "end").map_err(fail)?,
            labels,
            score: found.score,
            band_hz: found.band_hz,
            line: found.line,
            ..LabelledEvent::default()
        };
        events.push(event.checked(options.read_labels).map_err(fail)?);
    }
    Ok(events)
}

/// A set of soundevent: each tag is a label, or those with the key that `label-column` names.
fn aoef(path: &Path, bytes: &[u8], options: &DataOptions) -> Result<EventTable, DataError> {
    let set = AoefSet::parse(bytes).map_err(|problem| DataError::at(path, problem))?;
    let mut events = Vec::with_capacity(set.events.len());
    for event in set.events {
        let fail = |problem: String| DataError::row(path, event.number, problem);
        let [Some(start_us), Some(end_us)] = event.seconds.map(microseconds) else {
            let [start, end] = event.seconds;
            let problem = format!("goes from {start} s to {end} s, which no recording has; correct it");
            return Err(fail(problem));
        };
        let mut labels: Vec<String> = Vec::new();
        for [key, value] in event.tags {
            let is_wanted = options.label_column.as_ref().is_none_or(|wanted| *wanted == key);
            if is_wanted && options.read_labels && !labels.contains(&value) {
                labels.push(value);
            }
        }
        events.push(LabelledEvent {
            file: Some(set.recordings[event.recording].file.clone()),
            start_us,
            end_us,
            labels,
            score: event.score.map(|score| score as f32),
            band_hz: event.band_hz,
            line: event.number,
        });
    }
    let mut annotated = Vec::new();
    for recording in set.recordings {
        for span in recording.annotated {
            if let [Some(start), Some(end)] = span.map(|seconds| microseconds(seconds.max(0.0))) {
                annotated.push((recording.file.clone(), start..end));
            }
        }
    }
    Ok(EventTable {
        path: path.to_owned(),
        events,
        annotated: Some(annotated),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<LabelledEvent>, String> {
        let table = EventTable::parse(Path::new("t.txt"), text.as_bytes(), &DataOptions::default());
        table.map(|table| table.events).map_err(|error| error.to_string())
    }

    #[test]
    fn label_tracks_of_audacity() {
        let events =
            parsed("0.500000\t1.250000\tDog 0.91\r\n\\\t300.0\t2000.5\r\n\n2\t2\tbark, far\n").unwrap();
        let dog = LabelledEvent {
            start_us: 500_000,
            end_us: 1_250_000,
            labels: vec!["Dog".into()],
            score: Some(0.91),
            band_hz: Some([300.0, 2000.5]),
            line: 1,
            ..LabelledEvent::default()
        };
        assert_eq!(events[0], dog);
        assert_eq!((events[1].labels[0].as_str(), events[1].line), ("bark, far", 4));
        assert!(parsed("").unwrap().is_empty());
    }

    #[test]
    fn selection_tables_of_raven() {
        let raven = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t\
                     Begin File\tFile Offset (s)\tSpecies\n\
                     1\tWaveform 1\t1\t61.5\t62.75\t0\t8000\tb.wav\t1.5\tDog\n\
                     1\tSpectrogram 1\t1\t61.5\t62.75\t500\t3000\tb.wav\t1.5\tDog\n";
        let events = parsed(raven).unwrap();
        assert_eq!(events.len(), 1, "a selection has a row per view: {events:?}");
        let event = &events[0];
        assert_eq!(event.span_us(), 1_500_000..2_750_000, "within its file");
        assert_eq!(event.line, 3, "the row of the spectrogram");
        assert_eq!(event.band_hz, Some([500.0, 3000.0]));
        assert_eq!(
            (event.file.as_deref(), &event.labels[0]),
            (Some("b.wav"), &"Dog".to_owned())
        );
        // A table of one recording, with nothing found in it.
        assert!(
            parsed("Selection\tBegin Time (s)\tEnd Time (s)\tAnnotation\n")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let refused = |text: &str| parsed(text).unwrap_err();
        assert_eq!(
            refused("start,end,label\n2,1,dog\n"),
            "t.txt:2: ends at 1 s, before it begins at 2 s; exchange the two, or correct one"
        );
        assert!(refused("start,end,label\n\n0,one,dog\n").starts_with("t.txt:3: the end is \"one\""));
        assert!(refused("start,end,label\n-1,1,dog\n").starts_with("t.txt:2: the start is \"-1\""));
        assert_eq!(
            refused("0\t1\t\n"),
            "t.txt:1: has no label; write one, or remove the row"
        );
        for other in ["begin time,note\n", "0.1\t0.5\t0\t1\n", "0.1\t440\n"] {
            assert!(refused(other).contains("is not a table of events"), "{other}");
        }
        assert!(refused("start,end\n0,1\n").contains("label"));
    }
}

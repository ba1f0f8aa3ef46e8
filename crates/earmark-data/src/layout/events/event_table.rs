//! Tables of events as Raven, Audacity and others write them, `earmark tag` among them.

use std::path::{Path, PathBuf};

use earmark_core::labels::{LabelRule, without_score};

use super::labelled_event::{LabelledEvent, time_us};
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
}

/// Why a table that says nothing about times is not one of events.
const NO_TIMES: &str = "is not a table of events: it has neither columns with a start and an end (`Begin Time (s)` and \
                        `End Time (s)`, `start` and `end`, or those that data.events.start-column and end-column name) \
                        nor the lines of an Audacity label track";

impl EventTable {
    /// Reads a table: tabs and the columns of Raven, any table with columns of starts and ends, or the label track of
    /// Audacity. A table without rows says that there are no events.
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
            TableKind::Audacity => audacity(path, bytes, options)?,
            TableKind::Columns => {
                let table = Table::parse(path, bytes, Some(b'\t'))?;
                EventColumns::find(&table, options)?.events(&table)?
            }
            TableKind::Empty => Vec::new(),
            TableKind::Other => return Err(DataError::at(path, NO_TIMES.to_owned())),
        };
        let path = path.to_owned();
        Ok(Self { path, events })
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
            TableKind::Audacity | TableKind::Columns
        )
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
        let text = String::from_utf8_lossy(first);
        let text = text.trim_start_matches('\u{feff}');
        // More columns without a header are measurements, or labels that nobody named.
        let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
        if let [start, end, _] = cells[..]
            && start.parse::<f64>().is_ok()
            && end.parse::<f64>().is_ok()
        {
            return Self::Audacity;
        }
        let header = Table::parse(Path::new(""), text.as_bytes(), Some(b'\t'));
        match header.is_ok_and(|table| EventColumns::times(&table, options).is_ok()) {
            true => Self::Columns,
            false => Self::Other,
        }
    }
}

/// Audacity's label track: start, end and label, separated by tabs; the frequencies of a label are on a line of their
/// own behind it, which begins with a backslash.
fn audacity(path: &Path, bytes: &[u8], options: &DataOptions) -> Result<Vec<LabelledEvent>, DataError> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let text = text.map_err(|_| DataError::at(path, "the text is not UTF-8; save it as UTF-8".to_owned()))?;
    let rule = options
        .label_separator
        .as_deref()
        .map_or(LabelRule::One, LabelRule::separated_by);
    let mut events: Vec<LabelledEvent> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let fail = |problem: String| DataError::row(path, at + 1, problem);
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        if line.trim().is_empty() || cell(0) == "\\" {
            continue;
        }
        let (label, score) = without_score(cell(2));
        let labels = match options.read_labels {
            true => rule.read(label).map_err(fail)?,
            false => Vec::new(),
        };
        let event = LabelledEvent {
            start_us: time_us(cell(0), "start").map_err(fail)?,
            end_us: time_us(cell(1), "end").map_err(fail)?,
            labels,
            score,
            line: at + 1,
            ..LabelledEvent::default()
        };
        events.push(event.checked(options.read_labels).map_err(fail)?);
    }
    Ok(events)
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

//! Text tables for programs: CSV, Audacity, Raven.

use super::time_and_place::{COLUMNS, cells};
use super::{CSV_EVENT_COLUMNS, CSV_WINDOW_COLUMNS, FormatOptions, RECORDING_COLUMN, RowScores, WindowLines};
use crate::tag::result::TagResult;
use std::io::{self, Write};

fn csv_row<S: AsRef<[u8]>>(out: &mut dyn Write, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    csv.write_record(cells)?;
    csv.flush()
}

/// A time in milliseconds, finer than any hop.
fn time(seconds: f64) -> String {
    format!("{seconds:.3}")
}

fn confidence(score: f32) -> String {
    format!("{score:.4}")
}

pub(super) fn csv_head(options: &FormatOptions, out: &mut dyn Write) -> io::Result<()> {
    let more = COLUMNS.into_iter().filter(|_| options.times_and_places.is_some());
    if options.is_wide() {
        let classes = options.classes.iter().map(String::as_str);
        let head = CSV_WINDOW_COLUMNS.into_iter().chain(classes);
        return csv_row(out, head.chain([RECORDING_COLUMN]).chain(more));
    }
    csv_row(out, CSV_EVENT_COLUMNS.into_iter().chain(more))
}

pub(super) fn csv_add(
    options: &FormatOptions,
    result: &TagResult,
    windows: &mut WindowLines,
    out: &mut dyn Write,
) -> io::Result<()> {
    let file = &result.file;
    let known = options.known_of(result);
    options.rows(result, windows, |(start, end), scores| {
        let more = known.map(|known| cells(known, start));
        let more = more.into_iter().flatten();
        let (start, end) = (time(start), time(end));
        match scores {
            RowScores::One(class, score) => {
                let cells = [start, end, class.to_owned(), confidence(score), file.clone()];
                csv_row(out, cells.into_iter().chain(more))
            }
            RowScores::All { facts, scores } => {
                let head = [file.clone(), start, end].into_iter();
                // The shortest decimal that is read back as the same number: events can be made of these.
                let scores = scores.iter().map(|score| format!("{score:?}"));
                csv_row(out, head.chain(scores).chain([facts.to_owned()]).chain(more))
            }
        }
    })
}

/// Head of BirdNET-Analyzer's table.
pub(super) const BIRDNET: &str = "Start (s),End (s),Scientific name,Common name,Confidence,File";

pub(super) fn birdnet_add(result: &TagResult, out: &mut dyn Write) -> io::Result<()> {
    result.events.iter().try_for_each(|e| {
        // BirdNET's labels are `Turdus merula_Common Blackbird`; a name without `_` is in both columns.
        let (scientific, common) = e.class.split_once('_').unwrap_or((&e.class, &e.class));
        let (start, end, score) = (time(e.onset), time(e.offset), confidence(e.score));
        csv_row(
            out,
            [start.as_str(), &end, scientific, common, &score, &result.file],
        )
    })
}

/// A cell between tabs, which can't contain tabs itself.
fn cell(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Audacity's label track, see its manual, "Importing and Exporting Labels": start, end and label, separated by tabs.
pub(super) fn audacity_add(result: &TagResult, out: &mut dyn Write) -> io::Result<()> {
    result.events.iter().try_for_each(|e| {
        let label = format!("{} {:.2}", cell(&e.class), e.score);
        writeln!(out, "{:.6}\t{:.6}\t{label}", e.onset, e.offset)
    })
}

/// Head of Raven's selection table.
pub(super) const RAVEN: &str = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t\
                                Class\tConfidence\tBegin Path\tFile Offset (s)";

/// Raven's selection table. Times continue from one recording to the next, as in Raven when it opens several at once;
/// `File Offset (s)` is the time within the recording `Begin Path`.
#[derive(Debug, Default)]
pub(super) struct Selections {
    number: u64,
    before_seconds: f64,
}

impl Selections {
    pub fn add(&mut self, result: &TagResult, out: &mut dyn Write) -> io::Result<()> {
        for e in &result.events {
            self.number += 1;
            let cells = [
                self.number.to_string(),
                "Spectrogram 1".into(),
                "1".into(),
                time(self.before_seconds + e.onset),
                time(self.before_seconds + e.offset),
                // A tagger has no frequencies: the whole spectrum is selected. Some programs read only numbers with a
                // point as frequencies.
                "0.0".into(),
                format!("{:.1}", f64::from(result.sample_rate_hz) / 2.0),
                cell(&e.class),
                confidence(e.score),
                cell(&result.file),
                time(e.onset),
            ];
            writeln!(out, "{}", cells.join("\t"))?;
        }
        self.before_seconds += result.seconds;
        Ok(())
    }
}

//! Text tables for programs: CSV, Audacity, Raven.

use super::{FormatOptions, WindowLines};
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
    if options.is_wide() {
        let head = ["File", "Start (s)", "End (s)"].into_iter();
        return csv_row(out, head.chain(options.classes.iter().map(String::as_str)));
    }
    csv_row(out, ["Start (s)", "End (s)", "Class", "Confidence", "File"])
}

pub(super) fn csv_add(
    options: &FormatOptions,
    result: &TagResult,
    windows: &mut WindowLines,
    out: &mut dyn Write,
) -> io::Result<()> {
    let file = &result.file;
    options.rows(result, windows, |(start, end), class, scores| {
        let (start, end) = (time(start), time(end));
        let mut scores = scores.iter().map(|s| confidence(*s));
        match class {
            Some(class) => {
                let score = scores.next().unwrap_or_default();
                csv_row(out, [start.as_str(), &end, class, &score, file])
            }
            None => csv_row(out, [file.clone(), start, end].into_iter().chain(scores)),
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
pub(super) const RAVEN: &str = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tClass\t\
                                Confidence\tBegin Path\tFile Offset (s)";

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
                "0".into(),
                // A tagger has no frequencies: the whole spectrum is selected.
                (f64::from(result.sample_rate_hz) / 2.0).to_string(),
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

//! Text tables for programs: CSV, Audacity, Raven.

use super::{FormatOptions, WindowLines};
use crate::tag::resume_log::TagOutcome;
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

/// Whether a row is a window with one column per class. Otherwise a row is an event, or a window's score of one of its best classes.
fn is_wide(options: &FormatOptions) -> bool {
    options.windows && options.top.is_none()
}

pub(super) fn csv_head(options: &FormatOptions, out: &mut dyn Write) -> io::Result<()> {
    if is_wide(options) {
        let head = ["File", "Start (s)", "End (s)"].into_iter();
        return csv_row(out, head.chain(options.classes.iter().map(String::as_str)));
    }
    csv_row(out, ["Start (s)", "End (s)", "Class", "Confidence", "File"])
}

pub(super) fn csv_add(
    options: &FormatOptions,
    outcome: &TagOutcome,
    windows: &mut WindowLines,
    out: &mut dyn Write,
) -> io::Result<()> {
    let TagOutcome::Tagged(result) = outcome else {
        return Ok(());
    };
    let file = &result.file;
    if !options.windows {
        return result.events.iter().try_for_each(|e| {
            let cells = [
                &time(e.onset),
                &time(e.offset),
                &e.class,
                &confidence(e.score),
                file,
            ];
            csv_row(out, cells)
        });
    }
    for window in windows {
        let window = window?;
        let (start, end) = (time(window.start), time(window.end));
        if is_wide(options) {
            let head = [file.clone(), start, end].into_iter();
            csv_row(out, head.chain(window.scores.iter().map(|s| confidence(*s))))?;
        } else {
            for (class, score) in window.pairs() {
                csv_row(
                    out,
                    [&start, &end, &options.classes[class], &confidence(score), file],
                )?;
            }
        }
    }
    Ok(())
}

pub(super) fn birdnet_head(out: &mut dyn Write) -> io::Result<()> {
    csv_row(
        out,
        [
            "Start (s)",
            "End (s)",
            "Scientific name",
            "Common name",
            "Confidence",
            "File",
        ],
    )
}

pub(super) fn birdnet_add(outcome: &TagOutcome, out: &mut dyn Write) -> io::Result<()> {
    let TagOutcome::Tagged(result) = outcome else {
        return Ok(());
    };
    result.events.iter().try_for_each(|e| {
        // BirdNET's labels are `Turdus merula_Common Blackbird`; a name without `_` is in both columns.
        let (scientific, common) = e.class.split_once('_').unwrap_or((&e.class, &e.class));
        let cells = [
            &time(e.onset),
            &time(e.offset),
            scientific,
            common,
            &confidence(e.score),
            &result.file,
        ];
        csv_row(out, cells)
    })
}

/// A cell between tabs, which can't contain tabs itself.
fn cell(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Audacity's label track, see its manual, "Importing and Exporting Labels": start, end and label, separated by tabs.
pub(super) fn audacity_add(outcome: &TagOutcome, out: &mut dyn Write) -> io::Result<()> {
    let TagOutcome::Tagged(result) = outcome else {
        return Ok(());
    };
    result.events.iter().try_for_each(|e| {
        writeln!(
            out,
            "{:.6}\t{:.6}\t{} {:.2}",
            e.onset,
            e.offset,
            cell(&e.class),
            e.score
        )
    })
}

/// Raven's selection table. Times continue from one recording to the next, as in Raven when it opens several at once;
/// `File Offset (s)` is the time within the recording `Begin Path`.
#[derive(Debug, Default)]
pub(super) struct Selections {
    number: u64,
    before_seconds: f64,
}

const RAVEN: [&str; 11] = [
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Class",
    "Confidence",
    "Begin Path",
    "File Offset (s)",
];

impl Selections {
    pub fn begin(out: &mut dyn Write) -> io::Result<Self> {
        writeln!(out, "{}", RAVEN.join("\t"))?;
        Ok(Self::default())
    }

    pub fn add(&mut self, outcome: &TagOutcome, out: &mut dyn Write) -> io::Result<()> {
        let TagOutcome::Tagged(result) = outcome else {
            return Ok(());
        };
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

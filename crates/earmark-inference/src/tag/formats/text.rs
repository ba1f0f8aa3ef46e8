//! Text tables for programs: CSV, Audacity, Raven.

use super::{Shape, Windows};
use crate::tag::resume_log::Outcome;
use std::io::{self, Write};

fn csv_row<S: AsRef<[u8]>>(out: &mut dyn Write, cells: impl IntoIterator<Item = S>) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    csv.write_record(cells)?;
    csv.flush()
}

/// A time: a thousandth of a second is finer than any hop.
fn time(seconds: f64) -> String {
    format!("{seconds:.3}")
}

fn confidence(score: f32) -> String {
    format!("{score:.4}")
}

/// Events, and windows of which only the best classes are kept, are a row a class; else a window is a row, with a column a class.
fn is_wide(shape: &Shape) -> bool {
    shape.windows && shape.top.is_none()
}

pub(super) fn csv_head(shape: &Shape, out: &mut dyn Write) -> io::Result<()> {
    if is_wide(shape) {
        let head = ["File", "Start (s)", "End (s)"].into_iter();
        return csv_row(out, head.chain(shape.classes.iter().map(String::as_str)));
    }
    csv_row(out, ["Start (s)", "End (s)", "Class", "Confidence", "File"])
}

pub(super) fn csv_add(
    shape: &Shape,
    outcome: &Outcome,
    windows: &mut Windows,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Outcome::Tagged(heard) = outcome else {
        return Ok(());
    };
    let file = &heard.file;
    if !shape.windows {
        return heard.events.iter().try_for_each(|e| {
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
        if is_wide(shape) {
            let head = [file.clone(), start, end].into_iter();
            csv_row(out, head.chain(window.scores.iter().map(|s| confidence(*s))))?;
        } else {
            for (class, score) in window.pairs() {
                csv_row(
                    out,
                    [&start, &end, &shape.classes[class], &confidence(score), file],
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

pub(super) fn birdnet_add(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Outcome::Tagged(heard) = outcome else {
        return Ok(());
    };
    heard.events.iter().try_for_each(|e| {
        // BirdNET's labels are `Turdus merula_Common Blackbird`; a name of one part stands in both columns.
        let (scientific, common) = e.class.split_once('_').unwrap_or((&e.class, &e.class));
        let cells = [
            &time(e.onset),
            &time(e.offset),
            scientific,
            common,
            &confidence(e.score),
            &heard.file,
        ];
        csv_row(out, cells)
    })
}

/// A cell between tabs, which has no way to hold one.
fn cell(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Audacity's label track, see its manual, "Importing and Exporting Labels": start, end and label with tabs between them.
pub(super) fn audacity_add(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Outcome::Tagged(heard) = outcome else {
        return Ok(());
    };
    heard.events.iter().try_for_each(|e| {
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

/// Raven's selection table. Times run on over the recordings, as Raven counts them when it opens several at once; `File Offset (s)` is
/// the time within the one that `Begin Path` names.
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

    pub fn add(&mut self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let Outcome::Tagged(heard) = outcome else {
            return Ok(());
        };
        for e in &heard.events {
            self.number += 1;
            let cells = [
                self.number.to_string(),
                "Spectrogram 1".into(),
                "1".into(),
                time(self.before_seconds + e.onset),
                time(self.before_seconds + e.offset),
                "0".into(),
                // A tagger knows no frequencies: the whole spectrum is selected.
                (f64::from(heard.sample_rate_hz) / 2.0).to_string(),
                cell(&e.class),
                confidence(e.score),
                cell(&heard.file),
                time(e.onset),
            ];
            writeln!(out, "{}", cells.join("\t"))?;
        }
        self.before_seconds += heard.seconds;
        Ok(())
    }
}

//! What was heard, for people.

use super::seconds::clock;
use super::{Shape, Windows};
use crate::tag::result::{SoundEvent, TagResult};
use crate::tag::resume_log::Outcome;
use earmark_metrics::top_k;
use earmark_report::{Align, bar, human_amount, human_duration, text_table};
use std::io::{self, Write};

/// Columns of a bar, and of the line that shows when a class is heard.
const BAR: usize = 20;
const LINE: usize = 40;

/// Events told of one recording; the rest is counted.
const EVENTS: usize = 40;

/// Classes told of a window.
const OF_WINDOW: usize = 3;

pub(super) fn add(
    shape: &Shape,
    outcome: &Outcome,
    windows: &mut Windows,
    out: &mut dyn Write,
) -> io::Result<()> {
    let heard = match outcome {
        Outcome::Failed { file, reason } => {
            return writeln!(out, "{}: not heard: {reason}\n", line(file));
        }
        Outcome::Tagged(heard) => heard,
    };
    if heard.top.is_empty() {
        return writeln!(out, "{}: has no samples\n", line(&heard.file));
    }
    writeln!(
        out,
        "{} ({}, {})",
        line(&heard.file),
        human_duration(heard.seconds),
        human_amount(heard.events.len(), "event", "events")
    )?;
    if shape.windows {
        window_rows(shape, windows, out)?;
    } else {
        out.write_all(best(heard).as_bytes())?;
        out.write_all(events(&heard.events).as_bytes())?;
    }
    writeln!(out)
}

/// A name in one line of text.
fn line(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// The best classes: name, score, bar, and where in the recording they are heard.
fn best(heard: &TagResult) -> String {
    let rows: Vec<Vec<String>> = heard
        .top
        .iter()
        .map(|t| {
            let of_class = heard.events.iter().filter(|e| e.class == t.class);
            vec![
                t.class.clone(),
                format!("{:.3}", t.score),
                bar(f64::from(t.score), BAR),
                when(of_class, heard.seconds),
            ]
        })
        .collect();
    indented(&text_table(
        &["class", "score", "", "when"],
        &rows,
        &[Align::Left, Align::Right, Align::Left, Align::Left],
    ))
}

/// The length of the recording as a line, thick where an event is.
fn when<'a>(events: impl Iterator<Item = &'a SoundEvent>, seconds: f64) -> String {
    let mut places = ['·'; LINE];
    for event in events {
        let place = |at: f64| at / seconds.max(f64::MIN_POSITIVE) * LINE as f64;
        let from = (place(event.onset) as usize).min(LINE - 1);
        let to = (place(event.offset).ceil() as usize).clamp(from + 1, LINE);
        places[from..to].fill('━');
    }
    places.iter().collect()
}

fn events(events: &[SoundEvent]) -> String {
    if events.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = events
        .iter()
        .take(EVENTS)
        .map(|e| {
            let length = format!("{:.1} s", e.offset - e.onset);
            vec![
                clock(e.onset),
                clock(e.offset),
                length,
                e.class.clone(),
                format!("{:.3}", e.score),
            ]
        })
        .collect();
    let right = Align::Right;
    let table = text_table(
        &["from", "to", "length", "class", "score"],
        &rows,
        &[right, right, right, Align::Left, right],
    );
    let more = match events.len().saturating_sub(EVENTS) {
        0 => String::new(),
        n => format!(
            "  and {}; every other --format tells all\n",
            human_amount(n, "more", "more")
        ),
    };
    format!("\n{}{more}", indented(&table))
}

fn window_rows(shape: &Shape, windows: &mut Windows, out: &mut dyn Write) -> io::Result<()> {
    for window in windows {
        let window = window?;
        let pairs: Vec<(usize, f32)> = window.pairs().collect();
        let order = top_k(&window.scores, shape.top.unwrap_or(OF_WINDOW));
        let classes: Vec<String> = order
            .into_iter()
            .map(|k| format!("{} {:.3}", line(&shape.classes[pairs[k].0]), pairs[k].1))
            .collect();
        writeln!(
            out,
            "  {:>9} {:>9}  {}",
            clock(window.start),
            clock(window.end),
            classes.join("  ")
        )?;
    }
    Ok(())
}

fn indented(table: &str) -> String {
    table.lines().map(|l| format!("  {l}\n")).collect()
}

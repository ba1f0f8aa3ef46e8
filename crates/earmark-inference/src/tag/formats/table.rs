//! A table for reading.

use super::seconds::clock;
use super::time_and_place::words;
use super::{FormatOptions, WindowLines};
use crate::tag::result::{ClassScore, SoundEvent, TagResult};
use crate::tag::resume_log::TagOutcome;
use earmark_core::human::{human_amount, human_duration};
use earmark_core::text::one_line;
use earmark_metrics::top_k;
use earmark_report::{Align, bar, text_table};
use std::io::{self, Write};

/// Columns of a bar, and of the line that shows when a class is detected.
const BAR: usize = 20;
const LINE: usize = 40;

/// Events listed per recording; the rest is counted.
const EVENTS: usize = 40;

/// Classes listed per window.
const OF_WINDOW: usize = 3;

/// What is behind the name of a recording that could not be read, and of one without samples.
pub(super) const NOT_TAGGED: &str = ": not tagged: ";
pub(super) const NO_SAMPLES: &str = ": has no samples";

pub(super) fn add(
    options: &FormatOptions,
    outcome: &TagOutcome,
    windows: &mut WindowLines,
    out: &mut dyn Write,
) -> io::Result<()> {
    let result = match outcome {
        TagOutcome::Failed { file, reason } => {
            return writeln!(out, "{}{NOT_TAGGED}{}\n", line(file), line(reason));
        }
        TagOutcome::Tagged(result) => result,
    };
    if result.top.is_empty() {
        return writeln!(out, "{}{NO_SAMPLES}\n", line(&result.file));
    }
    let length = human_duration(result.seconds);
    let amount = human_amount(result.events.len(), "event", "events");
    writeln!(out, "{} ({length}, {amount})", line(&result.file))?;
    if let Some(known) = options.known_of(result).and_then(words) {
        writeln!(out, "{}", line(&known))?;
    }
    if let Some(note) = &result.note {
        writeln!(out, "note: {}", line(note))?;
    }
    if options.windows {
        window_rows(options, windows, out)?;
    } else {
        out.write_all(best(result).as_bytes())?;
        out.write_all(events(&result.events).as_bytes())?;
    }
    writeln!(out)
}

/// A name on one line, without what a terminal would obey.
fn line(name: &str) -> String {
    one_line(name).into_owned()
}

/// The best classes: name, score, bar, and when they are detected.
fn best(result: &TagResult) -> String {
    let row = |t: &ClassScore| {
        let (score, bar) = (format!("{:.3}", t.score), bar(f64::from(t.score), BAR));
        let of_class = result.events.iter().filter(|e| e.class == t.class);
        vec![line(&t.class), score, bar, when(of_class, result.seconds)]
    };
    let rows: Vec<Vec<String>> = result.top.iter().map(row).collect();
    let columns = [Align::Left, Align::Right, Align::Left, Align::Left];
    indented(&text_table(&["class", "score", "", "when"], &rows, &columns))
}

/// The recording as a line, thick where there is an event.
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
    let row = |e: &SoundEvent| {
        let (length, score) = (e.offset - e.onset, format!("{:.3}", e.score));
        let length = format!("{length:.1} s");
        vec![clock(e.onset), clock(e.offset), length, line(&e.class), score]
    };
    let rows: Vec<Vec<String>> = events.iter().take(EVENTS).map(row).collect();
    let right = Align::Right;
    let columns = [right, right, right, Align::Left, right];
    let table = text_table(&["from", "to", "length", "class", "score"], &rows, &columns);
    let more = match events.len().saturating_sub(EVENTS) {
        0 => String::new(),
        n => format!(
            "  and {}; every other --format lists all\n",
            human_amount(n, "more", "more")
        ),
    };
    format!("\n{}{more}", indented(&table))
}

fn window_rows(options: &FormatOptions, windows: &mut WindowLines, out: &mut dyn Write) -> io::Result<()> {
    for window in windows {
        let window = window?;
        let pairs: Vec<(usize, f32)> = window.pairs().collect();
        let order = top_k(&window.scores, options.top.unwrap_or(OF_WINDOW));
        let classes: Vec<String> = order
            .into_iter()
            .map(|k| format!("{} {:.3}", line(&options.classes[pairs[k].0]), pairs[k].1))
            .collect();
        let (start, end) = (clock(window.start), clock(window.end));
        writeln!(out, "  {start:>9} {end:>9}  {}", classes.join("  "))?;
    }
    Ok(())
}

fn indented(table: &str) -> String {
    table.lines().map(|l| format!("  {l}\n")).collect()
}

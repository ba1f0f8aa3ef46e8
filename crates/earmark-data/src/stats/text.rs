//! Statistics as text.

use std::fmt::Write;

use super::{PartStats, Stats};

/// Width of the longest bar.
const BAR: usize = 40;

pub(super) fn render(stats: &Stats) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}: {} clips, {:.2} hours, {} classes{}",
        stats.layout,
        stats.clips,
        stats.hours,
        stats.classes.len(),
        stats
            .labels_per_clip
            .map(|n| format!(", {n:.2} labels per clip"))
            .unwrap_or_default()
    );
    for part in &stats.parts {
        part_text(&mut text, part);
    }
    if !stats.classes.is_empty() {
        classes_text(&mut text, stats);
    }
    if !stats.unreadable.is_empty() {
        let _ = writeln!(text, "\nnot readable: {}", stats.unreadable.len());
        for file in &stats.unreadable {
            let _ = writeln!(text, "  {}", file.reason);
        }
    }
    text
}

fn part_text(text: &mut String, part: &PartStats) {
    let _ = writeln!(
        text,
        "\n{}: {} clips, {:.2} hours",
        part.name, part.clips, part.hours
    );
    let Some(shortest) = &part.shortest else { return };
    let longest = part.seconds.iter().copied().fold(0.0, f64::max);
    let _ = writeln!(
        text,
        "  lengths {:.2} to {longest:.2} s (shortest: {}){}",
        shortest.seconds,
        shortest.file,
        if part.empty > 0 {
            format!(", {} without samples", part.empty)
        } else {
            String::new()
        }
    );
    let rates: Vec<String> = part
        .sample_rates_hz
        .iter()
        .map(|(rate, n)| format!("{rate} Hz ({n})"))
        .collect();
    let channels: Vec<String> = part.channels.iter().map(|(c, n)| format!("{c} ({n})")).collect();
    let _ = writeln!(
        text,
        "  sample rates {}; channels {}",
        rates.join(", "),
        channels.join(", ")
    );
    let most = part.lengths.counts.iter().copied().max().unwrap_or_default();
    for (edge, &n) in part.lengths.edges.windows(2).zip(&part.lengths.counts) {
        let _ = writeln!(
            text,
            "  {:>7.2} - {:>7.2} s {:>6} {}",
            edge[0],
            edge[1],
            n,
            bar(n, most)
        );
    }
}

fn classes_text(text: &mut String, stats: &Stats) {
    let width = stats
        .classes
        .iter()
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or_default()
        .max("class".len());
    let _ = write!(text, "\n{:<width$}", "class");
    for part in &stats.parts {
        let _ = write!(text, " {:>8}", part.name);
    }
    text.push('\n');
    let most = stats
        .classes
        .iter()
        .map(|c| c.clips.iter().sum::<usize>())
        .max()
        .unwrap_or_default();
    for class in &stats.classes {
        let _ = write!(text, "{:<width$}", class.name);
        for n in &class.clips {
            let _ = write!(text, " {n:>8}");
        }
        let _ = writeln!(text, " {}", bar(class.clips.iter().sum(), most));
    }
}

/// A bar for `n` where `most` is the longest; at least one mark for anything above 0.
fn bar(n: usize, most: usize) -> String {
    "#".repeat((n * BAR).div_ceil(most.max(1)))
}

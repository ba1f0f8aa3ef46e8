//! A moving spectrogram (waterfall) and the best labels, in the terminal.

use super::labels::BestLabel;
use anyhow::Context;
use console::Term;
use earmark::inference::stream::{StreamMeter, StreamResult, StreamTagger};
use earmark::report::{Colormap, ColourDepth, Waterfall, bar};
use earmark_core::human::human_duration;
use earmark_core::text::one_line;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

/// Seconds that the spectrogram shows, where windows are not longer.
const SHOWN_SECONDS: f64 = 10.0;

/// Lines of the spectrogram where there is room, and the fewest that are worth drawing.
const PICTURE_LINES: usize = 16;
const FEWEST_LINES: usize = 4;

/// The narrowest terminal that is drawn in, and the widest spectrogram.
const FEWEST_COLUMNS: usize = 40;
const MOST_COLUMNS: usize = 120;

/// Lines above and below spectrogram and labels: the heading, the time axis, the speed.
const OTHER_LINES: usize = 3;

/// A drawn terminal. Dropping it shows the cursor again.
pub struct Screen {
    term: Term,
    depth: ColourDepth,
    heading: String,
    frames_per_second: f64,
    span_seconds: f64,
    /// The spectrogram, with the width that it was made for.
    waterfall: Option<(usize, Waterfall)>,
    /// Where in the stream the spectrogram ends, in frames.
    frames_seen: u64,
    /// Lines of the last drawing, which the next one overwrites.
    drawn: usize,
}

/// The colours to draw with; `None` where the environment wants none.
fn depth(variable: impl Fn(&str) -> Option<String>) -> Option<ColourDepth> {
    let set = |name: &str| variable(name).filter(|v| !v.is_empty());
    if set("NO_COLOR").is_some() || set("TERM").is_none_or(|t| t == "dumb") {
        return None;
    }
    match set("COLORTERM").as_deref() {
        Some("truecolor" | "24bit") => Some(ColourDepth::True),
        _ => Some(ColourDepth::Palette),
    }
}

impl Screen {
    /// `None` where nothing can be drawn: stdout is not a terminal or too small, or the environment wants no colours.
    pub fn open(heading: &str, tagger: &StreamTagger) -> Option<Self> {
        let depth = depth(|name| std::env::var(name).ok())?;
        let term = Term::stdout();
        let (lines, columns) = size(&term)?;
        let fits = columns >= FEWEST_COLUMNS && lines >= FEWEST_LINES + OTHER_LINES + 2;
        if !fits || !std::io::stdout().is_terminal() {
            return None;
        }
        let _ = term.hide_cursor(); // drawing works without it too
        Some(Self {
            term,
            depth,
            heading: heading.to_owned(),
            frames_per_second: tagger.frames_per_second(),
            span_seconds: SHOWN_SECONDS.max(tagger.window_rule().seconds()),
            waterfall: None,
            frames_seen: 0,
            drawn: 0,
        })
    }

    /// Draws over the last drawing.
    pub fn draw(
        &mut self,
        scored: &StreamResult,
        meter: &StreamMeter,
        best: &[BestLabel],
    ) -> anyhow::Result<()> {
        let (lines, columns) = size(&self.term).unwrap_or((24, 80));
        let width = columns.saturating_sub(1).clamp(FEWEST_COLUMNS - 1, MOST_COLUMNS);
        let height = lines
            .saturating_sub(OTHER_LINES + best.len() + 1)
            .clamp(FEWEST_LINES, PICTURE_LINES);
        let mut text = String::new();
        // Each line clears the rest of an earlier, longer one.
        let mut line = |content: &str| {
            let _ = writeln!(text, "\r{content}\u{1b}[0m\u{1b}[K"); // writing to a String cannot fail
        };
        line(&format!("\u{1b}[2m{}", cut(&self.heading, width)));
        let picture = self.picture(scored, width, height)?;
        picture.lines().for_each(&mut line);
        line(&format!("\u{1b}[2m{}", self.axis(width)));
        best.iter().for_each(|label| line(&label_line(label, width)));
        line(&format!("\u{1b}[2m{}", cut(&status(scored, meter), width)));
        let up = match self.drawn {
            0 => String::new(),
            n => format!("\u{1b}[{n}A"),
        };
        self.drawn = text.lines().count();
        let mut stdout = std::io::stdout().lock();
        write!(stdout, "{up}{text}\u{1b}[J")
            .and_then(|()| stdout.flush())
            .context("cannot write to the terminal; use --json, or write to a file")
    }

    /// The spectrogram, always with the same number of lines.
    fn picture(&mut self, scored: &StreamResult, width: usize, height: usize) -> anyhow::Result<String> {
        let f = &scored.features;
        let frames_per_column = self.frames_per_column(width);
        let fits = |(made_for, _): &(usize, Waterfall)| *made_for == width;
        if !self.waterfall.as_ref().is_some_and(fits) {
            self.waterfall = Some((width, Waterfall::new(f.bands, frames_per_column as usize, width)));
        }
        // How many frames of the window are new: all since the last drawing.
        let end = (scored.seconds * self.frames_per_second).round() as u64;
        let new = usize::try_from(end.saturating_sub(self.frames_seen)).unwrap_or(usize::MAX);
        self.frames_seen = end;
        let Some((_, waterfall)) = &mut self.waterfall else {
            return Ok(String::new());
        };
        // The first channel is the spectrogram; others are derivatives or angles.
        let spectrogram = &f.data[..f.bands * f.frames];
        waterfall.push(spectrogram, f.frames, new);
        let picture = match waterfall.columns() {
            0 => String::new(),
            _ => waterfall.ansi(height, Colormap::Magma, self.depth)?,
        };
        let missing = height
            .min(f.bands.div_ceil(2))
            .saturating_sub(picture.lines().count());
        Ok(format!("{picture}{}", "\n".repeat(missing)))
    }

    fn frames_per_column(&self, width: usize) -> f64 {
        let frames = self.span_seconds * self.frames_per_second;
        (frames / width as f64).ceil().max(1.0)
    }

    /// The time axis below: seconds ago.
    fn axis(&self, width: usize) -> String {
        let frames_per_column = self.frames_per_column(width);
        let columns_per_second = self.frames_per_second / frames_per_column;
        let mut axis = vec![' '; width];
        let step = if self.span_seconds > 20.0 { 10 } else { 2 };
        for seconds in (0..=(self.span_seconds as usize)).step_by(step) {
            let text: Vec<char> = match seconds {
                0 => "now".chars().collect(),
                s => format!("-{s} s").chars().collect(),
            };
            let end = width as f64 - seconds as f64 * columns_per_second;
            let start = match seconds {
                0 => width.saturating_sub(text.len()),
                _ if end < 0.0 => continue,
                _ => end as usize,
            };
            if start + text.len() < width || seconds == 0 {
                axis[start..start + text.len()].copy_from_slice(&text);
            }
        }
        axis.into_iter().collect::<String>().trim_end().to_owned()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.term.show_cursor(); // nothing is left to do if that fails
    }
}

/// Lines and columns.
fn size(term: &Term) -> Option<(usize, usize)> {
    let (lines, columns) = term.size_checked()?;
    Some((usize::from(lines), usize::from(columns)))
}

/// A label, its score as a bar, and as a number; bold where it is detected.
fn label_line(label: &BestLabel, width: usize) -> String {
    let columns = 24.min(width / 3);
    let name = cut(label.name, columns);
    let name = console::pad_str(&name, columns, console::Alignment::Left, None);
    let bars = width.saturating_sub(columns + 8).max(4);
    let strong = if label.detected { "\u{1b}[1m" } else { "" };
    let score = label.score;
    format!("{strong}{name} {} {score:5.2}", bar(f64::from(score), bars))
}

/// Time, latency, speed.
fn status(scored: &StreamResult, meter: &StreamMeter) -> String {
    let late = match meter.last_latency_ms() {
        Some(ms) => format!("latency {}", human_duration(ms / 1e3)),
        None => format!("computed in {}", human_duration(meter.last_compute_ms() / 1e3)),
    };
    let skipped = match meter.skipped_so_far() {
        0 => String::new(),
        n => format!(" · {n} hops skipped"),
    };
    let whole = scored.seconds as u64;
    format!(
        "{:02}:{:02}:{:04.1} · {late} · {:.0} x real time{skipped} · Ctrl-C to stop",
        whole / 3600,
        whole / 60 % 60,
        scored.seconds - (whole / 60 * 60) as f64,
        meter.x_real_time()
    )
}

/// The text, cut to this number of columns.
fn cut(text: &str, columns: usize) -> String {
    console::truncate_str(&one_line(text), columns, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        let of = |set: &[(&str, &str)]| {
            depth(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(of(&[("TERM", "xterm-256color")]), Some(ColourDepth::Palette));
        assert_eq!(
            of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
            Some(ColourDepth::True)
        );
        assert_eq!(of(&[("TERM", "xterm"), ("NO_COLOR", "1")]), None);
        // An empty variable counts as missing (no-color.org).
        assert!(of(&[("TERM", "xterm"), ("NO_COLOR", "")]).is_some());
        assert_eq!(of(&[("TERM", "dumb")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn lines_fit_and_contain_no_escapes() {
        for width in [39, 80, 120] {
            for detected in [false, true] {
                let label = BestLabel {
                    name: "a class with a very, very long name",
                    score: 0.25,
                    detected,
                };
                let line = label_line(&label, width);
                assert!(console::measure_text_width(&line) <= width, "{line}");
                assert_eq!(line.starts_with("\u{1b}[1m"), detected);
            }
        }
        assert_eq!(cut("evil\u{1b}[2J", 20), "evil\\u{1b}[2J");
    }
}

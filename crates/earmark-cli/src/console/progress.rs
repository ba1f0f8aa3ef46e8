//! The progress bar, or a line now and then where stderr is not a terminal.

use earmark_core::human::human_duration;
use earmark_core::text::{one_line, visible};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line replaces the bar where stderr is not a terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What a bar measures; the next stage gets a new bar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Features,
    Train,
    Evaluate(u64),
    Score,
    Probe,
    Tag,
    Download,
    Synthesize,
}

/// A bar, while there is one.
pub struct Progress {
    terminal: bool,
    bar: Option<(Stage, ProgressBar)>,
    last_line: Instant,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            bar: None,
            last_line: Instant::now(),
        }
    }

    /// Prints a line (or several), above the bar. Names in it can't control the terminal.
    pub fn line(&self, text: &str) {
        let text = visible(text);
        let write = || {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        };
        match &self.bar {
            Some((_, bar)) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Estimates the remaining time from now on: what was done before took no time.
    pub fn restart_estimate(&self) {
        if let Some((_, bar)) = &self.bar {
            bar.reset_eta();
        }
    }

    /// Shows how far the work is.
    pub fn show(&mut self, stage: Stage, name: &str, done: u64, total: u64, text: String) {
        if self.bar.as_ref().is_none_or(|(current, _)| *current != stage) {
            self.clear();
            self.bar = Some((stage, self.start(stage, name, total)));
            self.last_line = Instant::now();
        }
        let Some((_, bar)) = &self.bar else { return };
        bar.set_length(total);
        // Workers report out of order.
        bar.set_position(done.max(if stage == Stage::Train { 0 } else { bar.position() }));
        bar.set_message(one_line(&text).into_owned());
        if !self.terminal && done < total && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let left = human_duration(bar.eta().as_secs_f64());
            let count = match stage {
                Stage::Tag => format!("{:.0} %", 100.0 * done as f64 / total as f64),
                _ => format!("{done}/{total}"),
            };
            self.line(&one_line(&format!("{name}: {count}  {text}  about {left} left")));
        }
        if done == total {
            self.clear();
        }
    }

    fn start(&self, stage: Stage, name: &str, total: u64) -> ProgressBar {
        let target = if self.terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let template = match stage {
            Stage::Tag => "{prefix:>9} {bar:20} {percent}% {elapsed} + {eta} {wide_msg}",
            _ => "{prefix:>9} {bar:20} {pos}/{len} {elapsed} + {eta} {wide_msg}",
        };
        let style = ProgressStyle::with_template(template)
            .expect("fixed templates")
            .progress_chars("━━─");
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_prefix(one_line(name).into_owned());
        // The tick has a thread of its own, and ends the program where the system starts none.
        if self.terminal && std::thread::Builder::new().spawn(|| ()).is_ok() {
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        bar
    }
}

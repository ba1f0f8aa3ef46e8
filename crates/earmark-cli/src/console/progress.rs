//! The progress bar, or a line now and then where stderr is not a terminal.

use super::time_left::TimeLeft;
use earmark_core::human::human_duration;
use earmark_core::text::{one_line, visible};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    bar: Option<Bar>,
    last_line: Instant,
}

struct Bar {
    stage: Stage,
    bar: ProgressBar,
    left: SharedTimeLeft,
}

/// What is left, for the bar that draws itself, too.
#[derive(Clone)]
struct SharedTimeLeft(Arc<Mutex<TimeLeft>>);

impl SharedTimeLeft {
    fn lock(&self) -> MutexGuard<'_, TimeLeft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that is left now; `None` before there is an estimate.
    fn now(&self) -> Option<Duration> {
        self.lock().at(Instant::now())
    }
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
            Some(Bar { bar, .. }) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    pub fn clear(&mut self) {
        if let Some(Bar { bar, .. }) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Estimates the remaining time from now on: what was done before took no time.
    pub fn restart_estimate(&self) {
        if let Some(Bar { bar, left, .. }) = &self.bar {
            let total = bar.length().unwrap_or_default();
            *left.lock() = TimeLeft::new(Instant::now(), bar.position(), total);
        }
    }

    /// Shows how far the work is.
    pub fn show(&mut self, stage: Stage, name: &str, done: u64, total: u64, text: String) {
        if self.bar.as_ref().is_none_or(|bar| bar.stage != stage) {
            self.clear();
            let left = TimeLeft::new(Instant::now(), done, total);
            let left = SharedTimeLeft(Arc::new(Mutex::new(left)));
            let bar = self.start(stage, name, total, left.clone());
            self.bar = Some(Bar { stage, bar, left });
            self.last_line = Instant::now();
        }
        let Some(Bar { bar, left, .. }) = &self.bar else {
            return;
        };
        // Workers report out of order.
        let position = done.max(if stage == Stage::Train { 0 } else { bar.position() });
        left.lock().count(Instant::now(), position, total);
        bar.set_length(total);
        bar.set_position(position);
        bar.set_message(one_line(&text).into_owned());
        if !self.terminal && done < total && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let left = left
                .now()
                .map(|left| format!("  about {} left", human_duration(left.as_secs_f64())));
            let left = left.unwrap_or_default();
            let count = match stage {
                Stage::Tag => format!("{:.0} %", 100.0 * done as f64 / total as f64),
                _ => format!("{done}/{total}"),
            };
            self.line(&one_line(&format!("{name}: {count}  {text}{left}")));
        }
        if done == total {
            self.clear();
        }
    }

    fn start(&self, stage: Stage, name: &str, total: u64, left: SharedTimeLeft) -> ProgressBar {
        let target = if self.terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let template = match stage {
            Stage::Tag => "{prefix:>9} {bar:20} {percent}% {elapsed} + {left} {wide_msg}",
            _ => "{prefix:>9} {bar:20} {pos}/{len} {elapsed} + {left} {wide_msg}",
        };
        let style = ProgressStyle::with_template(template)
            .expect("fixed templates")
            .with_key("left", move |_: &ProgressState, w: &mut dyn fmt::Write| {
                // Writing to a text can't fail.
                let _ = match left.now() {
                    Some(left) => write!(w, "{:#}", HumanDuration(left)),
                    None => write!(w, "?"),
                };
            })
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

//! What a person sees on stderr: progress and notes; and Ctrl-C.

mod ctrl_c;
mod progress;
mod time_left;

use crate::status::Stopped;
use anyhow::bail;
use earmark::data::DataSet;
use earmark::engine::FitEvent;
use earmark::inference::{Event, Observer, PipelineError};
use earmark::metrics::number;
use earmark_core::text::one_line;
use progress::{Progress, Stage};
use std::collections::HashSet;
use std::fmt::Display;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Prints notes and progress, from any thread. Clones share the progress bar.
#[derive(Clone)]
pub struct Console {
    quiet: bool,
    state: Arc<Mutex<State>>,
}

struct State {
    /// What Ctrl-C and SIGTERM set, once something asked for it.
    stop: Option<Arc<AtomicBool>>,
    /// Ctrl-C was pressed.
    stopping: bool,
    progress: Progress,
    /// Steps of the current training, and its smoothed loss.
    total_steps: u64,
    loss: Option<f64>,
    /// What was said about data folders and recordings: the folds of a run read the same ones.
    described: HashSet<String>,
}

impl State {
    /// The smoothed loss, and the steps in total.
    fn smooth(&mut self, loss: f64) -> (f64, u64) {
        let before = self.loss.filter(|before| !before.is_nan());
        let smoothed = before.map_or(loss, |before| 0.9 * before + 0.1 * loss);
        self.loss = Some(smoothed);
        (smoothed, self.total_steps)
    }
}

impl Console {
    /// A console; a quiet one prints warnings and nothing else.
    pub fn new(quiet: bool) -> Self {
        let state = State {
            stop: None,
            stopping: false,
            progress: Progress::new(),
            total_steps: 0,
            loss: None,
            described: HashSet::new(),
        };
        Self {
            quiet,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Does work that Ctrl-C may end; where it does, the command ends with a note that says what that means.
    pub fn run<T>(
        &self,
        note: &str,
        work: impl FnOnce(Observer, &AtomicBool) -> Result<Option<T>, PipelineError>,
    ) -> anyhow::Result<T> {
        let (show, stop) = (|event: Event| self.show(event), self.stop_flag()?);
        match work(&show, &stop) {
            Ok(Some(done)) => Ok(done),
            Err(e) if !e.is_interrupt() => Err(e.into()),
            Ok(None) | Err(_) => bail!(Stopped(format!("interrupted; {note}"))),
        }
    }

    /// Whether notes are not printed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Removes the bar, before something is written that does not know of it.
    pub fn clear(&self) {
        self.lock().progress.clear();
    }

    /// Prints a note of one line, above the bar; names in it can't break it.
    pub fn note(&self, text: impl Display) {
        if !self.quiet {
            self.warning(text);
        }
    }

    /// Prints a text of several lines, in which names are on one line each.
    pub fn lines(&self, text: &str) {
        text.lines().for_each(|line| self.note(line));
    }

    /// Prints a line about something that went wrong, even when quiet.
    pub fn warning(&self, text: impl Display) {
        self.lock().progress.line(&one_line(&text.to_string()));
    }

    /// Says what a data folder is taken for.
    pub fn data(&self, set: &DataSet) {
        self.show(Event::Data(&set.lines()));
    }

    /// Prints the lines that were not printed before.
    fn once(&self, lines: &[String]) {
        for line in lines {
            let is_new = self.lock().described.insert(line.clone());
            if is_new {
                self.note(line);
            }
        }
    }

    /// Names an input that was skipped, once, even when quiet.
    pub fn skipped(&self, file: &str, reason: impl Display) {
        let reason = reason.to_string();
        let line = format!("skipped {}: {}", one_line(file), one_line(&reason));
        let mut state = self.lock();
        if state.described.insert(line.clone()) {
            state.progress.line(&line);
        }
    }

    /// Names an input of which a part is lost, once, even when quiet.
    pub fn damaged(&self, file: &str, what: impl Display) {
        let what = what.to_string();
        let line = format!("damaged {}: {}", one_line(file), one_line(&what));
        let mut state = self.lock();
        if state.described.insert(line.clone()) {
            state.progress.line(&line);
        }
    }

    /// Shows how much of an archive is tagged, by bytes: a night counts for more than a second.
    pub fn tagging(&self, files: usize, of: usize, bytes: u64, of_bytes: u64) {
        // The last byte is read before the last recording is scored.
        let (done, total) = match files == of {
            true => (1, 1),
            false => (bytes, of_bytes.max(bytes + 1)),
        };
        let text = format!("{files} of {of} recordings");
        self.count(Stage::Tag, "tagging", done, total, text);
    }

    /// Shows how much of a file is downloaded, or of an archive unpacked.
    pub fn downloading(&self, name: &str, done: u64, total: Option<u64>) {
        // Where the server does not announce the size, the bar stays full.
        let total = total.unwrap_or(done).div_ceil(1024);
        self.count(Stage::Download, name, done / 1024, total, "KiB".into());
    }

    /// Shows how many clips of a synthetic set are written.
    pub fn synthesizing(&self, done: usize, total: usize) {
        let (done, total) = (done as u64, total as u64);
        self.count(Stage::Synthesize, "clips", done, total, String::new());
    }

    /// Shows how many clips have their features.
    pub fn features(&self, done: usize, total: usize) {
        self.show(Event::Features { done, total });
    }

    /// Shows an event.
    pub fn show(&self, event: Event) {
        let count = |stage, name: &str, done: usize, total: usize, text: Option<String>| {
            self.count(stage, name, done as u64, total as u64, text.unwrap_or_default());
        };
        match event {
            Event::Skipped { file, reason } => self.skipped(file, reason),
            Event::Damaged { file, what } => self.damaged(file, what),
            Event::Note(text) => self.note(text),
            Event::Data(lines) => self.once(lines),
            Event::Features { done, total } => count(Stage::Features, "features", done, total, None),
            Event::Reading { done, total } => count(Stage::Features, "reading", done, total, None),
            Event::Training { done, total } => {
                self.count(Stage::Train, "training", done, total, String::new());
            }
            Event::Scoring { done, total } => count(Stage::Score, "scoring", done, total, None),
            Event::Probing { done, total } => count(Stage::Probe, "probes", done, total, None),
            Event::Evaluating {
                step,
                done,
                total,
                lwlrap,
            } => {
                let text = lwlrap.map(|v| format!("lwlrap {v:.4}"));
                count(Stage::Evaluate(step), &format!("step {step}"), done, total, text);
            }
            Event::Evaluated { step, report } => self.note(format!(
                "step {step}: lwlrap {} accuracy {}",
                number(report.lwlrap),
                number(report.accuracy)
            )),
            Event::Fit(event) => self.fit(event),
        }
    }

    fn fit(&self, event: FitEvent) {
        match event {
            FitEvent::Started {
                step,
                total,
                steps_per_epoch,
            } => {
                let epochs = total as f64 / steps_per_epoch as f64;
                self.note(format!(
                    "training: {total} steps, {steps_per_epoch} per epoch ({epochs:.1} epochs), from step {step}"
                ));
                self.lock().total_steps = total;
                self.count(Stage::Train, "training", step, total, String::new());
                self.lock().progress.restart_estimate();
            }
            FitEvent::Step { step, loss, rate } => {
                let (smoothed, total) = self.lock().smooth(loss);
                let text = format!("loss {smoothed:.4}  rate {rate:.1e}");
                self.count(Stage::Train, "training", step, total, text);
            }
            FitEvent::Validated {
                step,
                report,
                metric,
                best,
            } => {
                let mark = if best { "  (best so far)" } else { "" };
                let text = earmark::train::describe_validation(report, metric);
                self.note(format!("step {step}: {text}{mark}"));
            }
            FitEvent::Saved { .. } => {}
            FitEvent::Note(text) => self.note(text),
        }
    }

    fn count(&self, stage: Stage, name: &str, done: u64, total: u64, text: String) {
        let mut state = self.lock();
        if !self.quiet && !state.stopping {
            state.progress.show(stage, name, done, total, text);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

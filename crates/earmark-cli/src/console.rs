//! What a person sees: progress bars and notes on stderr, results on stdout, Ctrl-C.

use crate::output::is_stdout;
use earmark::engine::FitEvent;
use earmark::inference::Event;
use earmark::metrics::number;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a log line replaces the bar where stderr is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Writes a line of results to stdout.
pub fn out(text: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Writes JSON to stdout.
pub fn out_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    out(serde_json::to_string_pretty(value)?)
}

/// Says what was written to `path`: a result, unless stdout is taken by what was written.
pub fn done(path: &Path, text: impl std::fmt::Display, console: &Console) -> anyhow::Result<()> {
    if is_stdout(path) {
        console.note(text);
        return Ok(());
    }
    out(text)
}

/// The command line as it was given; what is no UTF-8 is shown as well as it can be.
pub fn command_line() -> Vec<String> {
    std::env::args_os()
        .map(|a| a.to_string_lossy().into_owned())
        .collect()
}

/// Shows events; may be told from any thread. Clones share the bar.
#[derive(Clone)]
pub struct Console {
    quiet: bool,
    terminal: bool,
    state: Arc<Mutex<State>>,
}

/// Whether a signal so long after the first one is a second wish and no echo: `timeout` and others that end programs signal the process
/// and then its group, so that one wish comes twice.
fn is_another(since: Duration) -> bool {
    since >= Duration::from_millis(250)
}

struct State {
    /// Ctrl-C was pressed.
    stopping: bool,
    bar: Option<(Kind, ProgressBar)>,
    last_line: Instant,
    total_steps: u64,
    loss: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Features,
    Train,
    Judge(u64),
    Score,
    Tag,
    Transfer,
}

impl Console {
    /// A console; `quiet` shows skipped inputs and nothing else.
    pub fn new(quiet: bool) -> Self {
        let state = State {
            stopping: false,
            bar: None,
            last_line: Instant::now(),
            total_steps: 0,
            loss: f64::NAN,
        };
        Self {
            quiet,
            terminal: std::io::stderr().is_terminal(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A flag that Ctrl-C and SIGTERM set; a second one that comes later ends the program at once.
    pub fn stop_flag(&self) -> anyhow::Result<Arc<AtomicBool>> {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, console) = (Arc::clone(&stop), self.clone());
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || {
            if let Some(first) = first {
                if is_another(first.elapsed()) {
                    std::process::exit(130);
                }
                return;
            }
            first = Some(Instant::now());
            flag.store(true, Ordering::SeqCst);
            // In a thread of its own: a terminal that stands still must not keep the second Ctrl-C from being heard.
            let console = console.clone();
            let told = std::thread::Builder::new().spawn(move || console.stopping());
            drop(told); // without a thread it goes unsaid; the work ends all the same
        })?;
        Ok(stop)
    }

    /// The bar makes room, for good: what comes now is short, and is told in lines. (The terminal has echoed `^C` behind the bar by
    /// then, on a line of its own, which is the one that is cleared.)
    fn stopping(&self) {
        let mut s = self.lock();
        s.stopping = true;
        clear_bar(&mut s);
        let text = "stopping after the work in hand; press Ctrl-C again to end at once";
        self.line(&mut s, text);
    }

    /// Takes the bar away, before something is written that does not know of it.
    pub fn clear(&self) {
        clear_bar(&mut self.lock());
    }

    /// A line to stderr, above the bar.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.line(&mut self.lock(), &text.to_string());
        }
    }

    /// An input that was left out; told even when quiet.
    pub fn skipped(&self, file: &str, reason: &str) {
        self.line(&mut self.lock(), &format!("skipped {file}: {reason}"));
    }

    /// Recordings of an archive that are heard. Time is told by bytes: a night counts for more than a second.
    pub fn tagging(&self, files: usize, of: usize, bytes: u64, of_bytes: u64) {
        if self.quiet {
            return;
        }
        let mut s = self.lock();
        let text = format!("{files} of {of} recordings");
        // The last byte is read before the last recording is scored.
        let (bytes, of_bytes) = match files == of {
            true => (1, 1),
            false => (bytes, of_bytes.max(bytes + 1)),
        };
        self.bar(&mut s, Kind::Tag, "hearing", bytes, of_bytes, text);
    }

    /// How much of a file is there, in KiB.
    pub fn transfer(&self, name: &str, done: u64, total: Option<u64>) {
        if self.quiet {
            return;
        }
        // A server that does not say how much comes leaves the bar full.
        let total = total.unwrap_or(done).div_ceil(1024);
        let text = "KiB".to_owned();
        self.bar(&mut self.lock(), Kind::Transfer, name, done / 1024, total, text);
    }

    /// Shows an event.
    pub fn show(&self, event: Event) {
        let mut s = self.lock();
        match event {
            Event::Skipped { file, reason } => self.line(&mut s, &format!("skipped {file}: {reason}")),
            _ if self.quiet => {}
            Event::Note(text) => self.line(&mut s, &text),
            Event::Features { done, total } => {
                self.bar(
                    &mut s,
                    Kind::Features,
                    "features",
                    done as u64,
                    total as u64,
                    String::new(),
                );
            }
            Event::Scoring { done, total } => self.bar(
                &mut s,
                Kind::Score,
                "scoring",
                done as u64,
                total as u64,
                String::new(),
            ),
            Event::Judging {
                step,
                done,
                total,
                lwlrap,
            } => {
                let text = lwlrap.map_or(String::new(), |v| format!("lwlrap {v:.4}"));
                self.bar(
                    &mut s,
                    Kind::Judge(step),
                    &format!("step {step}"),
                    done as u64,
                    total as u64,
                    text,
                );
            }
            Event::Judged { step, report } => {
                self.line(
                    &mut s,
                    &format!(
                        "step {step}: lwlrap {} accuracy {}",
                        number(report.lwlrap),
                        number(report.accuracy)
                    ),
                );
            }
            Event::Fit(event) => self.fit(&mut s, event),
        }
    }

    fn fit(&self, s: &mut State, event: FitEvent) {
        match event {
            FitEvent::Started {
                step,
                total,
                steps_per_epoch,
            } => {
                s.total_steps = total;
                let epochs = total as f64 / steps_per_epoch as f64;
                self.line(s, &format!("training: {total} steps of {steps_per_epoch} an epoch ({epochs:.1} epochs), from step {step}"));
                self.bar(s, Kind::Train, "training", step, total, String::new());
                if let Some((_, bar)) = &s.bar {
                    bar.reset_eta(); // the steps before a resume took no time
                }
            }
            FitEvent::Step { step, loss, rate } => {
                s.loss = if s.loss.is_nan() {
                    loss
                } else {
                    0.9 * s.loss + 0.1 * loss
                };
                let (total, text) = (s.total_steps, format!("loss {:.4}  rate {rate:.1e}", s.loss));
                self.bar(s, Kind::Train, "training", step, total, text);
            }
            FitEvent::Validated {
                step,
                report,
                metric,
                best,
            } => {
                let mark = if best { "  (best so far)" } else { "" };
                let text = earmark::train::describe_validation(report, metric);
                self.line(s, &format!("step {step}: {text}{mark}"));
            }
            FitEvent::Saved { .. } => {}
            FitEvent::Note(text) => self.line(s, &text),
        }
    }

    fn line(&self, s: &mut State, text: &str) {
        let write = || {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        };
        match &s.bar {
            Some((_, bar)) => bar.suspend(write),
            None => write(),
        }
    }

    fn bar(&self, s: &mut State, kind: Kind, name: &str, done: u64, total: u64, text: String) {
        if s.stopping {
            return;
        }
        if s.bar.as_ref().is_none_or(|(k, _)| *k != kind) {
            clear_bar(s);
            let target = if self.terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            };
            let template = match kind {
                Kind::Tag => "{prefix:>9} {bar:20} {percent}% {elapsed} + {eta} {wide_msg}",
                _ => "{prefix:>9} {bar:20} {pos}/{len} {elapsed} + {eta} {wide_msg}",
            };
            let style = ProgressStyle::with_template(template)
                .expect("fixed templates")
                .progress_chars("━━─");
            let bar = ProgressBar::with_draw_target(Some(total), target)
                .with_style(style)
                .with_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(500));
            s.bar = Some((kind, bar));
            s.last_line = Instant::now();
        }
        let Some((_, bar)) = &s.bar else { return };
        // Workers report out of order.
        bar.set_length(total);
        bar.set_position(done.max(if kind == Kind::Train { 0 } else { bar.position() }));
        bar.set_message(text.clone());
        let due = s.last_line.elapsed() >= LINE_EVERY;
        if !self.terminal && due && done < total {
            let eta = humantime_short(bar.eta());
            s.last_line = Instant::now();
            let count = match kind {
                Kind::Tag => format!("{:.0} %", 100.0 * done as f64 / total as f64),
                _ => format!("{done}/{total}"),
            };
            let _ = writeln!(
                std::io::stderr().lock(),
                "{name}: {count}  {text}  about {eta} left"
            );
        }
        if done == total {
            clear_bar(s);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clear_bar(s: &mut State) {
    if let Some((_, bar)) = s.bar.take() {
        bar.finish_and_clear();
    }
}

fn humantime_short(d: Duration) -> String {
    earmark::report::human_duration(d.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_of_a_signal_is_no_second_one() {
        assert!(!is_another(Duration::ZERO) && !is_another(Duration::from_millis(100)));
        assert!(is_another(Duration::from_millis(300)));
    }
}

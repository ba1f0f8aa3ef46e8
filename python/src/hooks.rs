//! Work that runs without the interpreter, ends early at Ctrl-C, and reports to a callback.

use crate::errors::{Failure, FailureKind};
use crate::process;
use earmark::engine::FitEvent;
use earmark::inference::Event;
use earmark::inference::tag::TagEvent;
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often is looked for signals while the work runs.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often progress is reported: the callback needs the interpreter, which other threads use.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What the work and the interpreter say to each other.
pub struct Hooks {
    /// Called with the kind of an event and its facts as JSON; `False` ends the work.
    callback: Option<Py<PyAny>>,
    stop: AtomicBool,
    /// What ends the work with an exception: Ctrl-C, or one of the callback.
    raised: Mutex<Option<PyErr>>,
    reported: Mutex<Option<Instant>>,
}

/// Does work in a thread of its own, without the interpreter; meanwhile signals are handled where Python handles them,
/// in the main thread. An exception of a signal handler or of the callback ends the work, and is raised when it has
/// ended.
pub fn run<T: Send>(
    py: Python<'_>,
    callback: Option<Py<PyAny>>,
    work: impl FnOnce(&Hooks) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    process::start()?;
    let hooks = Hooks {
        callback,
        stop: AtomicBool::new(false),
        raised: Mutex::new(None),
        reported: Mutex::new(None),
    };
    let outcome = py.detach(|| supervise(&hooks, work));
    match lock(&hooks.raised).take() {
        Some(raised) => Err(raised),
        None => Ok(outcome?),
    }
}

fn supervise<T: Send>(
    hooks: &Hooks,
    work: impl FnOnce(&Hooks) -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    thread::scope(|scope| -> Result<T, Failure> {
        let (ended, wait) = channel::<()>();
        let started = thread::Builder::new().spawn_scoped(scope, move || {
            // Dropped with the work, also where that panics.
            let _ended = ended;
            work(hooks)
        });
        let worker = started.map_err(|e| {
            Failure::new(
                FailureKind::Other,
                format!("no thread can be started ({e}); end other programs"),
            )
        })?;
        while wait.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            hooks.look_for_signals();
        }
        match worker.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::new(
                FailureKind::Other,
                "earmark has a bug here: it panicked, as the lines on stderr say; please report them",
            )),
        }
    })
}

impl Hooks {
    /// What ends the work early.
    pub fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    fn look_for_signals(&self) {
        if let Err(raised) = Python::attach(|py| py.check_signals()) {
            self.raise(raised);
        }
    }

    /// Ends the work with an exception; the first one counts.
    fn raise(&self, error: PyErr) {
        lock(&self.raised).get_or_insert(error);
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Passes an event to the callback.
    fn report(&self, kind: &str, facts: &Value) {
        let Some(callback) = &self.callback else { return };
        let answer = Python::attach(|py| -> PyResult<bool> {
            let answer = callback.bind(py).call1((kind, facts.to_string()))?;
            Ok(answer.extract::<bool>().unwrap_or(true))
        });
        match answer {
            Ok(true) => {}
            Ok(false) => self.stop.store(true, Ordering::SeqCst),
            Err(error) => self.raise(error),
        }
    }

    /// Reports progress, not too often; the end always.
    fn count(&self, stage: &str, done: u64, total: u64) {
        if self.callback.is_none() {
            return;
        }
        let is_due = {
            let mut reported = lock(&self.reported);
            let is_due = done >= total || reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY);
            if is_due {
                *reported = Some(Instant::now());
            }
            is_due
        };
        if is_due {
            let facts = json!({ "stage": stage, "done": done, "total": total });
            self.report("progress", &facts);
        }
    }

    /// Reports what a job says.
    pub fn event(&self, event: Event) {
        let count = |stage, done: usize, total: usize| self.count(stage, done as u64, total as u64);
        match event {
            Event::Features { done, total } => count("features", done, total),
            Event::Reading { done, total } => count("reading", done, total),
            Event::Scoring { done, total } => count("scoring", done, total),
            Event::Probing { done, total } => count("probes", done, total),
            Event::Evaluating { done, total, .. } => count("evaluating", done, total),
            Event::Training { done, total } => self.count("training", done, total),
            Event::Evaluated { step, report } => {
                self.report("evaluated", &json!({ "step": step, "lwlrap": report.lwlrap }));
            }
            Event::Skipped { file, reason } => {
                self.report("note", &json!({ "text": format!("skipped {file}: {reason}") }));
            }
            Event::Damaged { file, what } => {
                self.report("note", &json!({ "text": format!("damaged {file}: {what}") }));
            }
            Event::Data(lines) => self.report("note", &json!({ "text": lines.join("\n") })),
            Event::Note(text) => self.report("note", &json!({ "text": text })),
            Event::Fit(event) => self.fit(event),
        }
    }

    fn fit(&self, event: FitEvent) {
        match event {
            FitEvent::Started { step, total, .. } => {
                self.report("started", &json!({ "step": step, "total": total }));
            }
            FitEvent::Step { step, loss, rate } => {
                self.report("step", &json!({ "step": step, "loss": loss, "rate": rate }));
            }
            FitEvent::Validated {
                step,
                metric: (metric, value),
                best,
                ..
            } => {
                let facts = json!({ "step": step, "metric": metric, "value": value, "best": best });
                self.report("validated", &facts);
            }
            FitEvent::Saved { step } => self.report("saved", &json!({ "step": step })),
            FitEvent::Note(text) => self.report("note", &json!({ "text": text })),
        }
    }

    /// Reports what tagging says. What is skipped is part of its results.
    pub fn tag_event(&self, event: TagEvent) {
        match event {
            TagEvent::Progress { files, of, .. } => self.count("tagging", files as u64, of as u64),
            TagEvent::Skipped { .. } => {}
            TagEvent::Note(text) | TagEvent::Warning(text) => {
                self.report("note", &json!({ "text": text }));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A look at all recordings before the work: what can't be read, and what sounds the same.

use super::budget::minutes;
use super::job::FitFolderJob;
use crate::{Event, Observer, PipelineError};
use earmark_core::human::human_duration;
use earmark_core::text::quote;
use earmark_data::DataSet;
use earmark_data::check::{CheckOptions, RepeatedSounds, repeated_sounds};
use earmark_runs::run_dir::{parse_sealed_json, write_sealed_json};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Its file in the folder of work.
const FILE: &str = "sounds.json";

/// The share of a budget that the look may take.
const SHARE: f64 = 0.2;

/// Recordings from whose time that of all is known.
const ENOUGH: usize = 16;

/// What a look at all recordings has found. A resumed fit uses it again, and so the same clips and folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CheckedSounds {
    /// Fingerprint of the data.
    data: String,
    /// `None` where it would have taken too much of the budget.
    pub found: Option<RepeatedSounds>,
    /// About how many seconds it takes.
    seconds: f64,
}

impl CheckedSounds {
    /// Looks at all recordings, unless an earlier call did; `None` when stopped.
    pub fn of(
        job: &FitFolderJob,
        set: &DataSet,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, PipelineError> {
        let data = set.fingerprint()?;
        let before = read(&job.work).filter(|before| !job.restart && before.data == data);
        let checked = match before {
            Some(before) => before,
            None => {
                let (found, seconds) = look(job, set, observer, stop);
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                Self { data, found, seconds }
            }
        };
        if checked.found.is_none() {
            observer(Event::Note(format!(
                "not looked for recordings that are there twice: it takes about {}, and may take a fifth of \
                 --minutes; begin again with --minutes {} --restart, or run `earmark data check {}`",
                human_duration(checked.seconds),
                minutes(checked.seconds / SHARE),
                quote(&job.data.to_string_lossy())
            )));
        }
        Ok(Some(checked))
    }

    /// Keeps it in the folder of work.
    pub fn write(&self, work: &Path) -> Result<(), PipelineError> {
        Ok(write_sealed_json(&work.join(FILE), self)?)
    }
}

/// What an earlier call found; one that is damaged counts for nothing.
fn read(work: &Path) -> Option<CheckedSounds> {
    let text = std::fs::read_to_string(work.join(FILE)).ok()?;
    serde_json::from_value(parse_sealed_json(&text).ok()?).ok()
}

/// The sounds, if the budget allows it, and about how many seconds that takes.
fn look(
    job: &FitFolderJob,
    set: &DataSet,
    observer: Observer,
    stop: &AtomicBool,
) -> (Option<RepeatedSounds>, f64) {
    let started = Instant::now();
    let most = job.budget_seconds.map(|budget| SHARE * budget);
    let (halt, expected) = (AtomicBool::new(false), AtomicU64::new(0));
    let progress = |done: usize, total: usize| {
        let elapsed = started.elapsed().as_secs_f64();
        let whole = elapsed / done.max(1) as f64 * total as f64;
        let is_long = most.is_some_and(|most| elapsed > most || done >= ENOUGH && whole > most);
        if (is_long || stop.load(Ordering::Relaxed)) && !halt.swap(true, Ordering::Relaxed) {
            expected.store(whole.to_bits(), Ordering::Relaxed);
        }
        observer(Event::Reading { done, total });
    };
    let found = repeated_sounds(&set.items, &CheckOptions::default(), &progress, &halt);
    match found {
        Some(found) => (Some(found), started.elapsed().as_secs_f64()),
        None => (None, f64::from_bits(expected.load(Ordering::Relaxed))),
    }
}

//! What all parts of a fit work with, and what a person sees of them.

use super::data::{FitData, fold_table};
use super::job::FitFolderJob;
use super::work::WorkFolder;
use crate::{Event, Observer, TrainJob};
use earmark_engine::FitEvent;
use earmark_recipe::Recipe;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What all ways work with.
#[derive(Clone, Copy)]
pub(super) struct FitContext<'a> {
    pub job: &'a FitFolderJob,
    pub data: &'a FitData,
    pub work: &'a WorkFolder,
    pub observer: Observer<'a>,
    pub shown: &'a Shown,
    /// When this call began, as it should be read.
    pub began: &'a str,
    pub stop: &'a AtomicBool,
}

/// What was shown of the parts of a fit.
#[derive(Default)]
pub(super) struct Shown {
    /// Recordings that were named.
    files: Mutex<BTreeSet<String>>,
    /// Ways of which was said that they are not tried.
    ways: Mutex<BTreeSet<String>>,
    /// Steps of the current training.
    steps: AtomicU64,
}

impl Shown {
    /// Whether a recording has not been named yet; it counts as named from now on.
    pub fn is_new(&self, file: &str) -> bool {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(file.to_owned())
    }

    /// Those of some ways of which nothing was said yet; they count as named from now on.
    fn new_ways<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.iter().copied();
        names.filter(|name| ways.insert((*name).to_owned())).collect()
    }
}

impl FitContext<'_> {
    /// Seconds that are left of the budget after `elapsed`; `None` without a budget.
    pub fn left(&self, elapsed: f64) -> Option<f64> {
        self.job.budget_seconds.map(|budget| budget - elapsed)
    }

    pub fn note(&self, text: String) {
        (self.observer)(Event::Note(text));
    }

    /// Says that some ways are not tried, and why: once of each, as an estimate says it before the time does.
    pub fn not_tried(&self, ways: &[&str], reason: &str) {
        let ways = self.shown.new_ways(ways);
        if !ways.is_empty() {
            self.note(format!("  not {}: {reason}", ways.join(", ")));
        }
    }

    /// A training of a recipe into a folder below that of the work; with a test fold, or several in turn.
    pub fn training(&self, recipe: &Recipe, run: PathBuf) -> TrainJob {
        TrainJob {
            fold_table: Some(fold_table(&self.work.path)),
            resume: true,
            device: self.job.device.clone(),
            command: self.job.command.clone(),
            ..TrainJob::new(recipe.clone(), &self.job.data, run)
        }
    }

    /// Shows how far a part of the work is, and names each recording that is left out or damaged once, whichever parts
    /// meet it. What else a part says is in the log of its run: a fit has words of its own for it.
    pub fn show(&self, event: Event) {
        match event {
            Event::Data(_) | Event::Note(_) | Event::Evaluated { .. } => {}
            Event::Skipped { file, .. } | Event::Damaged { file, .. } if !self.shown.is_new(file) => {}
            Event::Evaluating { done, total, .. } => (self.observer)(Event::Scoring { done, total }),
            Event::Fit(FitEvent::Started { total, .. }) => self.shown.steps.store(total, Ordering::Relaxed),
            Event::Fit(FitEvent::Step { step, .. }) => (self.observer)(Event::Training {
                done: step,
                total: self.shown.steps.load(Ordering::Relaxed),
            }),
            Event::Fit(_) => {}
            other => (self.observer)(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_named_once() {
        let shown = Shown::default();
        assert!(shown.is_new("a.wav") && shown.is_new("b.wav"));
        assert!(!shown.is_new("a.wav"));
    }

    #[test]
    fn a_way_is_named_once() {
        let shown = Shown::default();
        assert_eq!(shown.new_ways(&["fine-tune"]), ["fine-tune"]);
        assert_eq!(
            shown.new_ways(&["fine-tune", "summary-baseline"]),
            ["summary-baseline"]
        );
        assert!(shown.new_ways(&["summary-baseline"]).is_empty());
    }
}

//! What all parts of a fit work with.

use super::data::{FitData, fold_table};
use super::job::FitFolderJob;
use super::work::WorkFolder;
use crate::{Event, Observer, TrainJob};
use earmark_recipe::Recipe;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What all ways work with.
#[derive(Clone, Copy)]
pub(super) struct FitContext<'a> {
    pub job: &'a FitFolderJob,
    pub data: &'a FitData,
    pub work: &'a WorkFolder,
    pub observer: Observer<'a>,
    pub stop: &'a AtomicBool,
}

impl FitContext<'_> {
    /// Seconds that are left of the budget after `elapsed`; `None` without a budget.
    pub fn left(&self, elapsed: f64) -> Option<f64> {
        self.job.budget_seconds.map(|budget| budget - elapsed)
    }

    pub fn note(&self, text: String) {
        (self.observer)(Event::Note(text));
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

    /// What a folder is taken for was said already.
    pub fn show(&self, event: Event) {
        if !matches!(event, Event::Data(_)) {
            (self.observer)(event);
        }
    }
}

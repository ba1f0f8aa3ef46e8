//! The clips of a fit: those to train on, in folds, and those of the fold that nothing is seen of.

use super::choose_folds::FoldPlan;
use super::clips::{
    about_empty, about_silent, empty_clips, few_clips, leave_out, read_usable, say_background, silent_clips,
    sizes,
};
use super::cut_outs::keep_together;
use super::folds::{draw, merge};
use super::job::FitFolderJob;
use super::sounds::CheckedSounds;
use super::together::Together;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::atomic::{self, WriteError};
use earmark_core::human::human_amount;
use earmark_data::dataset::Corrections;
use earmark_data::{DataOptions, DataSet, FoldTable, Item};
use earmark_runs::run_dir::write_json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The clips of a fit.
pub(super) struct FitData {
    /// Those to train on, in folds.
    pub train: DataSet,
    /// Those of the outer fold.
    pub test: Vec<Item>,
    /// Those that can't be read, which are in neither.
    pub skipped: Skips,
    /// Clips with a class that are silent throughout, which are used all the same.
    pub silent: Vec<String>,
    /// Clips with a class that have no samples, which are used all the same.
    pub empty: Vec<String>,
    /// The folds of which one may be left out.
    pub outer_folds: Vec<u32>,
    /// Whether they are drawn in place of those of the data.
    pub is_redrawn: bool,
    /// Whether some clips belong to none of the classes.
    pub has_background: bool,
    /// What is doubtful about the folds.
    pub warnings: Vec<String>,
    /// The column of groups that nobody named.
    group_column: Option<String>,
    /// The clips that can't be read.
    unreadable: Vec<Item>,
    sounds: CheckedSounds,
}

impl FitData {
    /// Reads the folder of a job, looks at its recordings, and says what it is taken for, what is left out, and what
    /// its folds keep together; `None` when stopped.
    pub fn read(
        job: &FitFolderJob,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, PipelineError> {
        let mut set = read_usable(job, observer)?;
        let Some(sounds) = CheckedSounds::of(job, &set, observer, stop)? else {
            return Ok(None);
        };
        let cut_outs = keep_together(&mut set);
        let column = set.likely_groups();
        let mut together = Together::of(&set, column.as_ref(), sounds.found.as_ref());
        together.cut_outs = cut_outs.as_ref().map(|kept| kept.option.clone());
        // What counts is what the folds separate that are used.
        let mut used = set.clone();
        if job.fold.is_none() {
            merge(&mut used);
        }
        let mut plan = FoldPlan::of(job, &used, column.as_ref(), &together);
        if let Some(kept) = cut_outs {
            plan.add_cut_outs(kept);
        }
        for note in &plan.notes {
            observer(Event::Note(note.clone()));
        }
        for (item, group) in set.items.iter_mut().zip(together.joined) {
            item.group = group;
        }
        let silent = silent_clips(&set, &sounds);
        let empty = empty_clips(&set, &sounds);
        let (skipped, unreadable) = leave_out(&mut set, &sounds, observer)?;
        if plan.is_drawn {
            draw(&mut set)?;
        }
        let outer_folds = set.folds();
        let mut test = Vec::new();
        if let Some(fold) = job.fold {
            let (rest, held_out) = set.split_fold(fold)?;
            let pick = |indices: Vec<usize>| -> Vec<Item> {
                indices.into_iter().map(|i| set.items[i].clone()).collect()
            };
            (set, test) = (set.with_items(pick(rest)), pick(held_out));
        }
        if set.folds().len() < 2 {
            draw(&mut set)?;
        }
        if merge(&mut set) {
            observer(Event::Note(
                "the folds are merged into 5, as each costs a training".into(),
            ));
        }
        let mut warnings = plan.warnings;
        warnings.extend(sizes(&set));
        warnings.extend(few_clips(&set)?);
        warnings.extend(about_silent(&silent, &job.data));
        warnings.extend(about_empty(&empty, &job.data));
        for warning in &warnings {
            observer(Event::Note(warning.clone()));
        }
        Ok(Some(Self {
            has_background: job.background.is_some() || say_background(job, &set, observer),
            is_redrawn: plan.is_redrawn,
            group_column: plan.group_column,
            train: set,
            test,
            skipped,
            silent,
            empty,
            outer_folds,
            warnings,
            unreadable,
            sounds,
        }))
    }

    /// Writes the table of the folds, the lists of clips to leave out, which trainings read, and what the look at the
    /// recordings found.
    pub fn write(&self, work: &Path) -> Result<(), PipelineError> {
        let table = FoldTable::of_items(&self.train.items);
        atomic::write(&fold_table(work), |w| table.write(w))?;
        for (index, (_, clips)) in self.left_out().into_iter().enumerate() {
            let removed: BTreeMap<&str, &str> = clips.into_iter().map(|file| (file, "remove")).collect();
            write_json(&held_out_list(work, index), &removed)?;
        }
        self.sounds.write(work)
    }

    /// How trainings read the folder: without the clips of the outer fold and those that can't be read, and with the
    /// groups that were found.
    pub fn options(&self, options: &DataOptions, work: &Path) -> Result<DataOptions, PipelineError> {
        let work = std::path::absolute(work).map_err(|e| WriteError::new(work, e))?;
        let mut options = options.clone();
        if self.group_column.is_some() {
            options.group_column.clone_from(&self.group_column);
        }
        // A clip that another file moves to another subset would slip past a list: what can't be read is left out when
        // it is met.
        let is_moved = options.corrections.iter().any(|c| c.corrected_subset.is_some());
        for (index, (subset, _)) in self.left_out().into_iter().enumerate() {
            if !is_moved {
                options.corrections.push(Corrections {
                    file: held_out_list(&work, index),
                    subset: subset.to_owned(),
                    ..Corrections::default()
                });
            }
        }
        Ok(options)
    }

    /// The clips of each subset that trainings must not see.
    fn left_out(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for item in self.test.iter().chain(&self.unreadable) {
            all.entry(&item.subset).or_default().insert(&item.file);
        }
        all
    }

    /// The items to train on by name.
    pub fn by_file(&self) -> HashMap<&str, &Item> {
        let items = self.train.items.iter();
        items.map(|item| (item.file.as_str(), item)).collect()
    }

    /// What is trained on and what for, in a line.
    pub fn describe(&self, fold: Option<u32>) -> String {
        let clips = human_amount(self.train.items.len(), "clip", "clips");
        let folds = self.train.folds().len();
        let held_out = match fold {
            None => String::new(),
            Some(fold) => format!(
                "; nothing is seen of fold {fold} ({}) until the finished model is tested on it",
                human_amount(self.test.len(), "clip", "clips")
            ),
        };
        format!(
            "{clips} to train on, in {folds} parts (folds), each of which is held out in turn to test what was trained \
             on the others{held_out}"
        )
    }
}

/// The table of the folds.
pub(super) fn fold_table(work: &Path) -> PathBuf {
    work.join("folds.csv")
}

fn held_out_list(work: &Path, index: usize) -> PathBuf {
    work.join(format!("held-out-{index}.json"))
}

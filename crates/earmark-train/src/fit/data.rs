//! The clips of a fit: those to train on, in folds, and those of the fold that nothing is seen of.

use super::folds::{draw, merge};
use super::job::FitFolderJob;
use crate::usable_clips::UsableClips;
use crate::validation_split::with_folds;
use crate::{BACKGROUND_NAMES, Event, Observer, PipelineError, ProbeClasses};
use earmark_core::atomic::{self, WriteError};
use earmark_core::human::human_amount;
use earmark_data::dataset::Corrections;
use earmark_data::split::fold_warnings;
use earmark_data::{DataOptions, DataSet, FoldTable, Item};
use earmark_inference::data::open_data;
use earmark_recipe::Recipe;
use earmark_runs::run_dir::write_json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Any recipe will do to read data with.
const READER: &str = "summary-baseline/any";

/// The clips of a fit.
pub(super) struct FitData {
    /// Those to train on, in folds.
    pub train: DataSet,
    /// Those of the outer fold.
    pub test: Vec<Item>,
    /// The folds of which one may be left out.
    pub outer_folds: Vec<u32>,
    /// Whether some clips belong to none of the classes.
    pub has_background: bool,
    /// What is doubtful about the folds.
    pub warnings: Vec<String>,
}

impl FitData {
    /// Reads the folder of a job and says what it is taken for and what is left out.
    pub fn read(job: &FitFolderJob, observer: Observer) -> Result<Self, PipelineError> {
        let mut recipe = Recipe::load(READER, &[])?;
        // The clips of a fold are held out by lists for each subset, which a clip that changes its subset would slip past.
        let moved = job
            .options
            .corrections
            .iter()
            .find(|c| c.corrected_subset.is_some());
        if let (Some(fold), Some(moved)) = (job.fold, moved) {
            return Err(PipelineError::Request(format!(
                "fold {fold}: {} moves clips to another subset (corrected-subset), so that a fold can't be held out; leave one of the two out",
                moved.file.display()
            )));
        }
        recipe.data = job.options.clone();
        let data = open_data(&recipe, &job.data)?;
        observer(Event::Data(&data.lines()));
        if job.background.is_none() {
            data.refuse_one_class()?;
        }
        for note in UsableClips::of(&recipe, &data).notes() {
            observer(Event::Note(note));
        }
        let mut set = with_folds(&recipe, &data, false, job.fold_table.as_deref())?;
        refuse_same_names(&set)?;
        if set.folds().is_empty() {
            draw(&mut set)?;
        }
        let outer_folds = set.folds();
        let clips = set.items.iter();
        let warnings = fold_warnings(clips.filter_map(|item| Some((item.fold?, item.group.as_deref()))));
        for warning in &warnings {
            observer(Event::Note(warning.clone()));
        }
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
        let is_background = |class: &String| {
            let mut names = BACKGROUND_NAMES.iter();
            names.any(|name| name.eq_ignore_ascii_case(class.trim()))
        };
        let named = job.classes != ProbeClasses::Exclusive && set.classes.names().iter().any(is_background);
        Ok(Self {
            has_background: job.background.is_some() || named,
            train: set,
            test,
            outer_folds,
            warnings,
        })
    }

    /// Writes the table of the folds and the lists of clips to leave out, which trainings read.
    pub fn write(&self, work: &Path) -> Result<(), PipelineError> {
        let table = FoldTable::of_items(&self.train.items);
        atomic::write(&fold_table(work), |w| table.write(w))?;
        for (index, subset) in self.test_subsets().into_iter().enumerate() {
            let clips = self.test.iter().filter(|item| item.subset == subset);
            let removed: BTreeMap<&str, &str> = clips.map(|item| (item.file.as_str(), "remove")).collect();
            write_json(&held_out_list(work, index), &removed)?;
        }
        Ok(())
    }

    /// How trainings read the folder: without the clips of the outer fold.
    pub fn options(&self, options: &DataOptions, work: &Path) -> Result<DataOptions, PipelineError> {
        let work = std::path::absolute(work).map_err(|e| WriteError::new(work, e))?;
        let mut options = options.clone();
        for (index, subset) in self.test_subsets().into_iter().enumerate() {
            options.corrections.push(Corrections {
                file: held_out_list(&work, index),
                subset: subset.to_owned(),
                corrected_subset: None,
            });
        }
        Ok(options)
    }

    fn test_subsets(&self) -> BTreeSet<&str> {
        self.test.iter().map(|item| item.subset.as_str()).collect()
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
                "; nothing is seen of fold {fold} ({}), which the finished model is evaluated on",
                human_amount(self.test.len(), "clip", "clips")
            ),
        };
        format!("{clips} to train on, in {folds} folds to compare on{held_out}")
    }
}

/// The table of the folds.
pub(super) fn fold_table(work: &Path) -> PathBuf {
    work.join("folds.csv")
}

fn held_out_list(work: &Path, index: usize) -> PathBuf {
    work.join(format!("held-out-{index}.json"))
}

/// A table of folds or scores names a clip by its file alone.
fn refuse_same_names(set: &DataSet) -> Result<(), PipelineError> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for item in &set.items {
        if let Some(other) = seen.insert(&item.file, &item.subset) {
            return Err(PipelineError::Request(format!(
                "{}: `{}` is in the subsets {other} and {}; choose one with --subset",
                set.root.display(),
                item.file,
                item.subset
            )));
        }
    }
    Ok(())
}

//! The input of a stacked network: the out-of-fold segment scores of several runs, concatenated.

use super::input_run::{ClipRows, InputRun, InputScores, folds_of};
use crate::{Observer, PipelineError, Skips};
use earmark_core::random::ChaCha8Rng;
use earmark_core::rows::mean as mean_rows;
use earmark_data::{ClassMap, DataSet, Item, SegmentSubset};
use earmark_inference::data::open_data;
use earmark_inference::model::find_input;
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::{RunDir, RunError};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Clips with the scores of every input for each of their segments.
#[derive(Debug)]
pub(super) struct StackInputs {
    inputs: Vec<InputScores>,
    /// The clips that every input has scored, with labels in `classes`.
    pub items: Vec<Item>,
    /// The fold of each.
    pub folds: Vec<u32>,
    /// The classes of all inputs.
    pub classes: ClassMap,
    /// The data that they come from.
    pub data: DataSet,
    /// Changes when an input or the data does.
    pub fingerprint: String,
    /// Whether test clips drove the training of an input.
    pub optimistic: bool,
    /// Clips that some input could not read.
    pub skipped: Skips,
}

/// The data folder, read as the first input of a stacked run reads it.
pub(crate) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    let recipe = RunDir::<StackRecipe>::open_as(run)?.recipe;
    let Some(first) = recipe.stack.inputs.first() else {
        return Err(PipelineError::Request(format!(
            "{}: stack.inputs is empty; train it again with `earmark stack`",
            run.display()
        )));
    };
    let folds = folds_of(&find_input(first, run))?;
    open_data(&RunDir::open(&folds[0].1)?.recipe, data)
}

impl StackInputs {
    /// Reads all inputs; segments that are not scored yet are scored now. `None` when stopped.
    pub fn read(
        runs: &[PathBuf],
        data: Option<&Path>,
        device: &str,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, PipelineError> {
        let mut all: Option<(Self, BTreeMap<String, u32>)> = None;
        for run in runs {
            let source = InputRun::open(run, data)?;
            let Some((scores, skipped)) = source.scores(device, observer, stop)? else {
                return Ok(None);
            };
            match &mut all {
                None => {
                    let inputs = Self {
                        inputs: vec![scores],
                        folds: source.items.iter().map(|i| source.fold_of[&i.file]).collect(),
                        items: source.items,
                        classes: source.head.classes,
                        fingerprint: format!("{} {}", source.data.fingerprint()?, source.key),
                        data: source.data,
                        optimistic: source.optimistic,
                        skipped,
                    };
                    all = Some((inputs, source.fold_of));
                }
                Some((inputs, first)) => {
                    refuse_other(
                        run,
                        (&inputs.classes, first),
                        (&source.head.classes, &source.fold_of),
                    )?;
                    inputs.inputs.push(scores);
                    inputs.fingerprint.push_str(&format!(" {}", source.key));
                    inputs.optimistic |= source.optimistic;
                    inputs.skipped.extend(skipped);
                }
            }
        }
        let Some((mut inputs, _)) = all else {
            return Err(PipelineError::Request(
                "stack.inputs is empty: name cross-validation runs".into(),
            ));
        };
        inputs.keep_common();
        Ok(Some(inputs))
    }

    /// Keeps the clips that every input has scored.
    fn keep_common(&mut self) {
        let kept: Vec<usize> = (0..self.items.len())
            .filter(|&i| {
                let file = &self.items[i].file;
                self.inputs.iter().all(|input| input.clips.contains_key(file))
            })
            .collect();
        self.items = kept.iter().map(|&i| self.items[i].clone()).collect();
        self.folds = kept.iter().map(|&i| self.folds[i]).collect();
        self.skipped.sort_unstable();
        self.skipped.dedup_by(|a, b| a.0 == b.0);
    }

    /// Length of a row: inputs x classes.
    pub fn features(&self) -> usize {
        self.inputs.len() * self.classes.len()
    }

    /// The folds, ascending.
    pub fn fold_numbers(&self) -> Vec<u32> {
        let mut folds = self.folds.clone();
        folds.sort_unstable();
        folds.dedup();
        folds
    }

    /// The index of each clip in `items`.
    pub fn index(&self) -> HashMap<&str, usize> {
        let names = self.items.iter().enumerate();
        names.map(|(i, item)| (item.file.as_str(), i)).collect()
    }

    /// The row of a clip, `[features]`: the mean over all of its segments, input by input.
    pub fn row(&self, item: usize) -> Vec<f32> {
        self.each(item, |rows| (0..rows.segments).collect())
    }

    /// The same over some of the segments, drawn alike for every input with the same number of them.
    pub fn drawn_row(&self, item: usize, subset: &SegmentSubset, rng: &ChaCha8Rng) -> Vec<f32> {
        self.each(item, |rows| subset.draw(rows.segments, &mut rng.clone()))
    }

    fn each(&self, item: usize, choose: impl Fn(ClipRows) -> Vec<usize>) -> Vec<f32> {
        let width = self.classes.len();
        let file = &self.items[item].file;
        let of = |input: &InputScores| {
            let rows = input.clips[file];
            let scores = &input.scores[rows.first * width..][..rows.segments * width];
            let chosen = choose(rows);
            let chosen = chosen.iter().map(|segment| &scores[segment * width..][..width]);
            mean_rows(chosen).unwrap_or_default()
        };
        self.inputs.iter().flat_map(of).collect()
    }
}

/// Refuses an input whose classes or folds differ from those of the first.
fn refuse_other(
    run: &Path,
    (classes, first): (&ClassMap, &BTreeMap<String, u32>),
    (own_classes, own): (&ClassMap, &BTreeMap<String, u32>),
) -> Result<(), PipelineError> {
    if classes.names() != own_classes.names() {
        return Err(PipelineError::Request(format!(
            "{}: its classes differ from those of the first input; stack runs that were trained on the same data",
            run.display()
        )));
    }
    let differs = own.iter().find(|(file, fold)| first.get(*file) != Some(fold));
    let lacks = first.keys().find(|file| !own.contains_key(*file));
    let Some(file) = differs.map(|(file, _)| file).or(lacks) else {
        return Ok(());
    };
    let fold = |folds: &BTreeMap<String, u32>| folds.get(file).map_or("none".to_owned(), u32::to_string);
    Err(PipelineError::Request(format!(
        "{}: its folds differ from those of the first input: the fold of {file} is {} there and {} here; train all of them with the same folds (--fold-table)",
        run.display(),
        fold(first),
        fold(own)
    )))
}

/// The error of a run without inputs.
pub(super) fn no_inputs(run: &Path) -> PipelineError {
    RunError::NoRun {
        path: run.into(),
        missing: "stack.inputs",
    }
    .into()
}

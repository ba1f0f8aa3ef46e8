//! The input of a stacked network: the out-of-fold segment scores of several runs, concatenated.

use super::out_of_fold_inputs::{ClipRows, InputRun, InputScores, folds_of};
use crate::{Observer, PipelineError, Skips};
use earmark_core::random::ChaCha8Rng;
use earmark_core::rows::mean as mean_rows;
use earmark_data::{ClassMap, DataSet, Item, SegmentSubset};
use earmark_inference::data::open_data;
use earmark_inference::model::find_input;
use earmark_runs::run_dir::RunDir;
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
    /// The fold of each clip of the first input.
    fold_of: BTreeMap<String, u32>,
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
    let recipe = RunDir::open_stacked(run)?.recipe;
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
        let mut all: Option<Self> = None;
        for run in runs {
            let source = InputRun::open(run, data)?;
            let Some((scores, skipped)) = source.scores(device, observer, stop)? else {
                return Ok(None);
            };
            let Some(inputs) = &mut all else {
                all = Some(Self {
                    inputs: vec![scores],
                    folds: source.items.iter().map(|i| source.fold_of[&i.file]).collect(),
                    fold_of: source.fold_of,
                    items: source.items,
                    classes: source.head.classes,
                    fingerprint: format!("{} {}", source.data.fingerprint()?, source.key),
                    data: source.data,
                    optimistic: source.optimistic,
                    skipped,
                });
                continue;
            };
            inputs.refuse_other(run, &source)?;
            inputs.inputs.push(scores);
            inputs.fingerprint += &format!(" {}", source.key);
            inputs.optimistic |= source.optimistic;
            inputs.skipped.extend(skipped);
        }
        let refusal = || PipelineError::Request("stack.inputs is empty: name cross-validation runs".into());
        let mut inputs = all.ok_or_else(refusal)?;
        inputs.keep_common();
        Ok(Some(inputs))
    }

    /// Refuses an input whose classes or folds differ from those of the first.
    fn refuse_other(&self, run: &Path, other: &InputRun) -> Result<(), PipelineError> {
        let run = run.display();
        if self.classes.names() != other.head.classes.names() {
            return Err(PipelineError::Request(format!(
                "{run}: its classes differ from those of the first input; stack runs that were trained on the same data"
            )));
        }
        let (first, own) = (&self.fold_of, &other.fold_of);
        let differs = own.iter().find(|(file, fold)| first.get(*file) != Some(fold));
        let lacks = first.keys().find(|file| !own.contains_key(*file));
        let Some(file) = differs.map(|(file, _)| file).or(lacks) else {
            return Ok(());
        };
        let fold = |folds: &BTreeMap<String, u32>| folds.get(file).map_or("none".to_owned(), u32::to_string);
        let (there, here) = (fold(first), fold(own));
        Err(PipelineError::Request(format!(
            "{run}: its folds differ from those of the first input: the fold of {file} is {there} there and {here} here; train all of them with the same folds (--fold-table)"
        )))
    }

    /// Keeps the clips that every input has scored.
    fn keep_common(&mut self) {
        let has = |item: &Item| {
            self.inputs
                .iter()
                .all(|input| input.clips.contains_key(&item.file))
        };
        let clips = self.items.iter().cloned().zip(self.folds.iter().copied());
        (self.items, self.folds) = clips.filter(|(item, _)| has(item)).unzip();
        self.skipped.sort_unstable();
        self.skipped.dedup_by(|a, b| a.0 == b.0);
    }

    /// Length of a row: inputs x classes.
    pub fn features(&self) -> usize {
        self.inputs.len() * self.classes.len()
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

//! The input of a stacked network: the out-of-fold segment scores of several runs, concatenated.

use super::out_of_fold_inputs::{ClipRows, InputRun, InputScores, ReadInput, folds_of};
use crate::training::add_damaged;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::random::ChaCha8Rng;
use earmark_core::rows::mean as mean_rows;
use earmark_data::{ClassMap, DamagedFiles, DataSet, Item, SegmentSubset};
use earmark_inference::data::open_data;
use earmark_inference::model::find_input;
use earmark_recipe::{Recipe, StackConfig};
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
    /// Clips that some input scored though a part of them is missing, with what.
    pub damaged: Skips,
    /// What became of damaged recordings: salvaged, if any input did that.
    pub damaged_files: DamagedFiles,
}

/// The data folder, read as a stacked run reads it.
pub(crate) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    let recipe = RunDir::open_stacked(run)?.recipe;
    let Some(first) = recipe.stack.inputs.first() else {
        return Err(PipelineError::Request(format!(
            "{}: stack.inputs is empty; train it again with `earmark stack`",
            run.display()
        )));
    };
    let folds = folds_of(&find_input(first, run))?;
    open_labels(&RunDir::open(&folds[0].1)?.recipe, &recipe.stack, data)
}

/// The data folder, read as by the recipe of the first input, with the corrections of the stacking recipe where that
/// has its own.
fn open_labels(first: &Recipe, stack: &StackConfig, root: &Path) -> Result<DataSet, PipelineError> {
    let mut recipe = first.clone();
    if let Some(corrections) = &stack.corrections {
        recipe.data.corrections.clone_from(corrections);
        recipe
            .data
            .corrections_folder
            .clone_from(&stack.corrections_folder);
        recipe.data.kept_corrections.clone_from(&stack.kept_corrections);
        recipe
            .data
            .recipe_corrections
            .clone_from(&stack.recipe_corrections);
    }
    open_data(&recipe, root)
}

/// The clips that `data` has, with its labels.
fn labelled_by(data: &DataSet, clips: impl Iterator<Item = Item>) -> Vec<Item> {
    let known = data
        .items
        .iter()
        .map(|i| ((i.subset.as_str(), i.file.as_str()), i));
    let known: HashMap<(&str, &str), &Item> = known.collect();
    clips
        .filter_map(|clip| {
            known
                .get(&(clip.subset.as_str(), clip.file.as_str()))
                .copied()
                .cloned()
        })
        .collect()
}

impl StackInputs {
    /// Reads all inputs, for the training that `stack` describes; segments that are not scored yet are scored now.
    /// `None` when stopped.
    pub fn read(
        runs: &[PathBuf],
        stack: &StackConfig,
        data: Option<&Path>,
        device: &str,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, PipelineError> {
        let mut all: Option<Self> = None;
        for run in runs {
            let source = InputRun::open(run, data)?;
            let Some(found) = source.scores(device, observer, stop)? else {
                return Ok(None);
            };
            for (file, what) in &found.damaged {
                observer(Event::Damaged { file, what });
            }
            let Some(inputs) = &mut all else {
                all = Some(Self::of_first(source, found, stack)?);
                continue;
            };
            inputs.refuse_other(run, &source)?;
            inputs.inputs.push(found.scores);
            inputs.fingerprint += &format!(" {}", source.key);
            inputs.optimistic |= source.optimistic;
            inputs.skipped.extend(found.skipped);
            add_damaged(&mut inputs.damaged, found.damaged);
            if source.damaged_files() == DamagedFiles::Salvage {
                inputs.damaged_files = DamagedFiles::Salvage;
            }
        }
        let refusal = || PipelineError::Request("stack.inputs is empty: name cross-validation runs".into());
        let mut inputs = all.ok_or_else(refusal)?;
        inputs.keep_common();
        Ok(Some(inputs))
    }

    /// The first input alone. Its clips have the labels of the stacking recipe's corrections, where it has some: those
    /// that its own corrections remove may be among them.
    fn of_first(source: InputRun, found: ReadInput, stack: &StackConfig) -> Result<Self, PipelineError> {
        let damaged_files = source.damaged_files();
        let (mut items, mut data) = (source.items, source.data);
        if stack.corrections.is_some() {
            data = open_labels(&source.head.recipe, stack, &data.root)?.map_to(&source.head.classes)?;
            items = labelled_by(&data, items.into_iter().chain(source.removed));
        }
        Ok(Self {
            inputs: vec![found.scores],
            folds: items.iter().map(|i| source.fold_of[&i.file]).collect(),
            items,
            fold_of: source.fold_of,
            classes: source.head.classes,
            fingerprint: format!("{} {}", data.fingerprint()?, source.key),
            data,
            optimistic: source.optimistic,
            skipped: found.skipped,
            damaged: found.damaged,
            damaged_files,
        })
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
            "{run}: its folds differ from those of the first input: the fold of {file} is {there} there and {here} \
             here; train all of them with the same folds (--fold-table)"
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

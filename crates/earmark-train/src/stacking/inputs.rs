//! What a second level learns from: the out-of-fold tile scores of its inputs, side by side.

use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::random::ChaCha8Rng;
use earmark_core::rows;
use earmark_data::SegmentSubset;
use earmark_data::{ClassMap, DataSet, Item};
use earmark_engine::{HostTensor, Tensors, read_tensors, write_tensors};
use earmark_inference::data::open_data;
use earmark_inference::model::find_input;
use earmark_inference::out_of_fold_segments;
use earmark_recipe::StackRecipe;
use earmark_runs::roles::own_fold;
use earmark_runs::run_dir::{RunDir, RunError, RunHead, fold_runs, is_stack, judged_step};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Where a set keeps the out-of-fold scores of its tiles; they follow from its models and are made again when these change.
const KEPT: &str = "out-of-fold-tiles.safetensors";

/// The one tensor of that file, `[tiles, classes]`.
const SCORES: &str = "scores";

/// The tiles of one clip.
#[derive(Clone, Copy, Debug)]
struct Place {
    first: usize,
    tiles: usize,
}

/// The out-of-fold scores of one first-level system.
#[derive(Debug)]
struct Input {
    places: HashMap<String, Place>,
    scores: Vec<f32>,
}

/// Clips with what every input says of each of their tiles.
#[derive(Debug)]
pub(super) struct Inputs {
    inputs: Vec<Input>,
    /// The clips that every input has scored, with labels in `classes`.
    pub items: Vec<Item>,
    /// The fold of each.
    pub folds: Vec<u32>,
    /// The classes of all inputs.
    pub classes: ClassMap,
    /// The data that they come from.
    pub data: DataSet,
    /// What changes when an input or the data does.
    pub fingerprint: String,
    /// Whether judged clips steered one of the inputs.
    pub optimistic: bool,
    /// Clips that some input could not read.
    pub skipped: Skips,
}

/// The header of the kept scores.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    key: String,
    /// Files in the order of the rows, with how many tiles each has.
    files: Vec<(String, usize)>,
    skipped: Skips,
}

/// The paths that stand for first-level runs in a recipe: absolute, so that a training may go on from any folder.
///
/// # Errors
/// One that holds no folds or is of the second level itself; or fewer than one.
pub fn input_names(runs: &[PathBuf]) -> Result<Vec<String>, PipelineError> {
    if runs.is_empty() {
        return Err(PipelineError::Request(
            "nothing to stack: name the runs of folds whose scores are the inputs".into(),
        ));
    }
    runs.iter()
        .map(|run| {
            folds_of(run)?;
            let path = std::path::absolute(run).unwrap_or_else(|_| run.clone());
            Ok(path.to_string_lossy().into_owned())
        })
        .collect()
}

/// The folds of an input.
fn folds_of(set: &Path) -> Result<Vec<(u32, PathBuf)>, PipelineError> {
    let runs = fold_runs(set)?;
    match runs.first() {
        None => Err(PipelineError::Request(format!(
            "{}: holds no folds; `earmark train ... --folds all --run {0}` makes them",
            set.display()
        ))),
        Some((_, first)) if is_stack(first) => Err(PipelineError::Request(format!(
            "{}: is of the second level itself; give the first-level runs that it was made of",
            set.display()
        ))),
        Some(_) => Ok(runs),
    }
}

/// The data folder, read as the first input of a second-level run reads it.
pub(crate) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    let recipe = RunDir::<StackRecipe>::open_as(run)?.recipe;
    let Some(first) = recipe.stack.inputs.first() else {
        return Err(PipelineError::Request(format!(
            "{}: stack.inputs is empty; train it anew with `earmark stack`",
            run.display()
        )));
    };
    let folds = folds_of(&find_input(first, run))?;
    open_data(&RunDir::open(&folds[0].1)?.recipe, data)
}

/// Opens all inputs; tiles that are not scored yet are scored now. `None` when stopped.
pub(super) fn gather(
    sets: &[PathBuf],
    data: Option<&Path>,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Inputs>, PipelineError> {
    let mut all: Option<(Inputs, BTreeMap<String, u32>)> = None;
    for set in sets {
        let folds = folds_of(set)?;
        let head = RunHead::open(&folds[0].1)?;
        let root = data.unwrap_or(&head.info.data.root).to_path_buf();
        let set_data = open_data(&RunDir::open(&head.path)?.recipe, &root)?.map_to(&head.classes)?;
        let (mut items, mut of, mut optimistic) = (Vec::new(), BTreeMap::new(), false);
        for (fold, run) in &folds {
            let head = RunHead::open(run)?;
            optimistic |= head.info.optimistic;
            for item in own_fold(run, &set_data)? {
                of.insert(item.file.clone(), *fold);
                items.push(item);
            }
        }
        let key = key(&folds)?;
        let Some((input, skipped)) = input(set, &key, &head, &root, device, observer, stop)? else {
            return Ok(None);
        };
        match &mut all {
            None => {
                let inputs = Inputs {
                    inputs: vec![input],
                    folds: items.iter().map(|i| of[&i.file]).collect(),
                    items,
                    classes: head.classes,
                    fingerprint: format!("{} {key}", set_data.fingerprint()?),
                    data: set_data,
                    optimistic,
                    skipped,
                };
                all = Some((inputs, of));
            }
            Some((inputs, first)) => {
                refuse_other(set, &inputs.classes, &head.classes, first, &of)?;
                inputs.inputs.push(input);
                inputs.fingerprint.push_str(&format!(" {key}"));
                inputs.optimistic |= optimistic;
                inputs.skipped.extend(skipped);
            }
        }
    }
    let Some((mut inputs, _)) = all else {
        return Err(PipelineError::Request(
            "stack.inputs is empty: name first-level runs".into(),
        ));
    };
    inputs.keep_common();
    Ok(Some(inputs))
}

/// What changes when a set is trained anew.
fn key(folds: &[(u32, PathBuf)]) -> Result<String, PipelineError> {
    let mut key = String::new();
    for (fold, run) in folds {
        let info = RunHead::open(run)?.info;
        let step = judged_step(run)?;
        key.push_str(&format!(
            "{fold}@{step} {} {};",
            info.started, info.data.fingerprint
        ));
    }
    Ok(key)
}

/// The second level puts scores of the same clips and classes side by side.
fn refuse_other(
    set: &Path,
    classes: &ClassMap,
    own: &ClassMap,
    first: &BTreeMap<String, u32>,
    of: &BTreeMap<String, u32>,
) -> Result<(), PipelineError> {
    if classes.names() != own.names() {
        return Err(PipelineError::Request(format!(
            "{}: its classes are not those of the first input; stack runs that were trained on the same data",
            set.display()
        )));
    }
    let differs = of.iter().find(|(file, fold)| first.get(*file) != Some(fold));
    let lacks = first.keys().find(|file| !of.contains_key(*file));
    let Some(file) = differs.map(|(file, _)| file).or(lacks) else {
        return Ok(());
    };
    let fold = |folds: &BTreeMap<String, u32>| folds.get(file).map_or("none".to_owned(), u32::to_string);
    Err(PipelineError::Request(format!(
        "{}: its folds are not those of the first input: the fold of {file} is {} there and {} here; train all of them with the same folds (--fold-table)",
        set.display(),
        fold(first),
        fold(of)
    )))
}

/// The out-of-fold tiles of a set, kept or made now.
fn input(
    set: &Path,
    key: &str,
    head: &RunHead,
    data: &Path,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(Input, Skips)>, PipelineError> {
    if let Some(found) = read_kept(set, key, head.classes.len()) {
        return Ok(Some(found));
    }
    observer(Event::Note(format!(
        "{}: scoring every tile of every clip by the fold that did not see it",
        set.display()
    )));
    let Some(tiles) = out_of_fold_segments(set, Some(data), device, observer, stop)? else {
        return Ok(None);
    };
    let mut files: Vec<(String, usize)> = Vec::new();
    for row in &tiles.rows {
        match files.last_mut() {
            Some((file, tiles)) if *file == row.file => *tiles += 1,
            _ => files.push((row.file.clone(), 1)),
        }
    }
    let scores: Vec<f32> = tiles.rows.iter().flat_map(|r| r.scores.iter().copied()).collect();
    let header = Header {
        format: 1,
        key: key.to_owned(),
        files,
        skipped: tiles.skipped,
    };
    let shape = vec![tiles.rows.len(), tiles.classes.len()];
    let tensors = Tensors::from([(
        SCORES.to_owned(),
        HostTensor {
            shape,
            values: scores,
        },
    )]);
    let text = serde_json::to_string(&header).expect("strings and numbers");
    write_tensors(&set.join(KEPT), text, &tensors)?;
    let scores = tensors.into_values().next().map_or(Vec::new(), |t| t.values);
    Ok(Some((placed(header.files, scores), header.skipped)))
}

/// What is kept, if it is whole and of these models; what is not is made again.
fn read_kept(set: &Path, key: &str, classes: usize) -> Option<(Input, Skips)> {
    let (text, mut tensors) = read_tensors(&set.join(KEPT)).ok()?;
    let header: Header = serde_json::from_str(&text).ok()?;
    let scores = tensors.remove(SCORES)?;
    let tiles: usize = header.files.iter().map(|(_, tiles)| tiles).sum();
    (header.format == 1 && header.key == key && scores.shape == [tiles, classes])
        .then(|| (placed(header.files, scores.values), header.skipped))
}

fn placed(files: Vec<(String, usize)>, scores: Vec<f32>) -> Input {
    let mut first = 0;
    let mut places = HashMap::new();
    for (file, tiles) in files {
        places.insert(file, Place { first, tiles });
        first += tiles;
    }
    Input { places, scores }
}

impl Inputs {
    /// Leaves the clips that every input has scored.
    fn keep_common(&mut self) {
        let kept: Vec<usize> = (0..self.items.len())
            .filter(|&i| {
                let file = &self.items[i].file;
                self.inputs.iter().all(|input| input.places.contains_key(file))
            })
            .collect();
        self.items = kept.iter().map(|&i| self.items[i].clone()).collect();
        self.folds = kept.iter().map(|&i| self.folds[i]).collect();
        self.skipped.sort_unstable();
        self.skipped.dedup_by(|a, b| a.0 == b.0);
    }

    /// Numbers in a row: inputs x classes.
    pub fn features(&self) -> usize {
        self.inputs.len() * self.classes.len()
    }

    /// The folds there are, ascending.
    pub fn fold_numbers(&self) -> Vec<u32> {
        let mut folds = self.folds.clone();
        folds.sort_unstable();
        folds.dedup();
        folds
    }

    /// The place of each clip in `items`.
    pub fn index(&self) -> HashMap<&str, usize> {
        let names = self.items.iter().enumerate();
        names.map(|(i, item)| (item.file.as_str(), i)).collect()
    }

    /// The row of a clip, `[features]`: the mean over all of its tiles, input by input.
    pub fn row(&self, item: usize) -> Vec<f32> {
        self.each(item, |_, place| (0..place.tiles).collect())
    }

    /// The same over a part of the tiles, the same part for every input that has as many of them.
    pub fn drawn_row(&self, item: usize, subset: &SegmentSubset, rng: &ChaCha8Rng) -> Vec<f32> {
        self.each(item, |_, place| subset.draw(place.tiles, &mut rng.clone()))
    }

    fn each(&self, item: usize, choose: impl Fn(&Input, Place) -> Vec<usize>) -> Vec<f32> {
        let width = self.classes.len();
        let file = &self.items[item].file;
        let of = |input: &Input| {
            let place = input.places[file];
            let scores = &input.scores[place.first * width..][..place.tiles * width];
            let chosen = choose(input, place);
            let chosen = chosen.iter().map(|segment| &scores[segment * width..][..width]);
            rows::mean(chosen).unwrap_or_default()
        };
        self.inputs.iter().flat_map(of).collect()
    }
}

/// A run that is not there.
pub(super) fn no_inputs(run: &Path) -> PipelineError {
    RunError::NoRun {
        path: run.into(),
        missing: "stack.inputs",
    }
    .into()
}

//! A cross-validation run as an input of stacking: its test clips and out-of-fold segment scores.

use crate::cross_validation::trained_folds;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::{DamagedFiles, DataSet, Item};
use earmark_engine::{HostTensor, Tensors, read_tensors, write_tensors};
use earmark_inference::data::open_data;
use earmark_inference::out_of_fold_segments;
use earmark_runs::run_dir::{RunDir, best_step, is_stack};
use earmark_runs::split_table::{removed_clips, test_clips};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The file in which a cross-validation run keeps its out-of-fold segment scores; they are computed again when its
/// models change.
const KEPT: &str = "out-of-fold-tiles.safetensors";

/// The only tensor of that file, `[segments, classes]`.
const SCORES: &str = "scores";

/// The rows of one clip's segments.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClipRows {
    pub first: usize,
    pub segments: usize,
}

/// The out-of-fold scores of one input.
#[derive(Debug)]
pub(super) struct InputScores {
    pub clips: HashMap<String, ClipRows>,
    pub scores: Vec<f32>,
}

/// The same with what is to be said of the clips.
pub(super) struct ReadInput {
    pub scores: InputScores,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// Clips that are scored though a part of them is missing, with what.
    pub damaged: Skips,
}

/// The header of the kept scores.
#[derive(Debug, Serialize, Deserialize)]
struct KeptHeader {
    format: u32,
    key: String,
    /// Files in the order of the rows, with the number of segments of each.
    files: Vec<(String, usize)>,
    skipped: Skips,
    /// Files that are scored though a part of them is missing, with what; earlier versions did not keep it.
    #[serde(default)]
    damaged: Option<Skips>,
}

/// The names of input runs in a recipe: absolute paths, so that a training can be resumed from any folder.
///
/// # Errors
/// Without inputs, and for one that has no folds or is a stacked run itself.
pub fn input_names(runs: &[PathBuf]) -> Result<Vec<String>, PipelineError> {
    if runs.is_empty() {
        return Err(PipelineError::Request(
            "nothing to stack: name the cross-validation runs whose scores are the inputs".into(),
        ));
    }
    let name = |run: &PathBuf| {
        folds_of(run)?;
        let path = std::path::absolute(run).unwrap_or_else(|_| run.clone());
        Ok(path.to_string_lossy().into_owned())
    };
    runs.iter().map(name).collect()
}

/// The folds of an input.
pub(super) fn folds_of(set: &Path) -> Result<Vec<(u32, PathBuf)>, PipelineError> {
    let runs = trained_folds(set)?;
    if is_stack(&runs[0].1) {
        return Err(PipelineError::Request(format!(
            "{}: is a stacked run itself; give the runs that it was trained on",
            set.display()
        )));
    }
    Ok(runs)
}

/// A cross-validation run whose scores are an input.
pub(super) struct InputRun<'a> {
    run: &'a Path,
    /// The run of its first fold.
    pub head: RunDir,
    /// Changes when it is trained again.
    pub key: String,
    pub data: DataSet,
    /// The test clips of all folds.
    pub items: Vec<Item>,
    /// Clips of the folds that its corrections remove; they have scores as well.
    pub removed: Vec<Item>,
    /// The fold of each clip of both.
    pub fold_of: BTreeMap<String, u32>,
    pub optimistic: bool,
}

impl<'a> InputRun<'a> {
    /// Opens it with the data in `data`, by default that of its training.
    pub fn open(run: &'a Path, data: Option<&Path>) -> Result<Self, PipelineError> {
        let folds = folds_of(run)?;
        let head = RunDir::open(&folds[0].1)?;
        let root = data.unwrap_or(&head.info.data.root);
        let data = open_data(&head.recipe, root)?.map_to(&head.classes)?;
        let (mut items, mut removed) = (Vec::new(), Vec::new());
        let (mut fold_of, mut optimistic) = (BTreeMap::new(), false);
        for (fold, path) in &folds {
            optimistic |= RunDir::open(path)?.info.optimistic;
            let (own, gone) = (test_clips(path, &data)?, removed_clips(path, &data)?);
            let files = own.iter().chain(&gone).map(|item| item.file.clone());
            fold_of.extend(files.map(|file| (file, *fold)));
            items.extend(own);
            removed.extend(gone);
        }
        Ok(Self {
            run,
            key: key(&folds)?,
            head,
            data,
            items,
            removed,
            fold_of,
            optimistic,
        })
    }

    /// Its out-of-fold segment scores, kept or computed now. `None` when stopped.
    pub fn scores(
        &self,
        device: &str,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Option<ReadInput>, PipelineError> {
        if let Some(found) = self.kept() {
            return Ok(Some(found));
        }
        observer(Event::Note(format!(
            "{}: scoring every segment of every clip with the fold that was not trained on it",
            self.run.display()
        )));
        let Some(segments) = out_of_fold_segments(self.run, Some(&self.data.root), device, observer, stop)?
        else {
            return Ok(None);
        };
        let recordings = segments.recordings;
        let files = recordings.iter().map(|r| (r.file.clone(), r.starts.len()));
        let header = KeptHeader {
            format: 1,
            key: self.key.clone(),
            files: files.collect(),
            skipped: segments.skipped,
            damaged: Some(segments.remarks.damaged()),
        };
        let count = recordings.iter().map(|r| r.starts.len()).sum();
        let shape = vec![count, segments.classes.len()];
        let values = recordings.into_iter().flat_map(|r| r.scores).collect();
        let tensors = Tensors::from([(SCORES.to_owned(), HostTensor { shape, values })]);
        let text = serde_json::to_string(&header).expect("strings and numbers");
        write_tensors(&self.run.join(KEPT), text, &tensors)?;
        let scores = tensors.into_values().next().map_or(Vec::new(), |t| t.values);
        Ok(Some(header.with(scores)))
    }

    /// What becomes of damaged recordings.
    pub fn damaged_files(&self) -> DamagedFiles {
        self.head.recipe.data.damaged
    }

    /// The kept scores, if they are complete, of these models, and say which clips are damaged.
    fn kept(&self) -> Option<ReadInput> {
        let (text, mut tensors) = read_tensors(&self.run.join(KEPT)).ok()?;
        let mut header: KeptHeader = serde_json::from_str(&text).ok()?;
        let scores = tensors.remove(SCORES)?;
        let segments: usize = header.files.iter().map(|(_, segments)| segments).sum();
        if header.damaged.is_none() && self.damaged_files() == DamagedFiles::Refuse {
            header.damaged = Some(Skips::new());
        }
        let is_of_these = header.format == 1 && header.key == self.key && header.damaged.is_some();
        (is_of_these && scores.shape == [segments, self.head.classes.len()])
            .then(|| header.with(scores.values))
    }
}

impl KeptHeader {
    fn with(self, scores: Vec<f32>) -> ReadInput {
        ReadInput {
            scores: input_scores(self.files, scores),
            skipped: self.skipped,
            damaged: self.damaged.unwrap_or_default(),
        }
    }
}

/// Changes when a cross-validation run is trained again.
fn key(folds: &[(u32, PathBuf)]) -> Result<String, PipelineError> {
    let mut key = String::new();
    for (fold, run) in folds {
        let info = RunDir::open(run)?.info;
        let step = best_step(run)?;
        key += &format!("{fold}@{step} {} {};", info.started, info.data.fingerprint);
    }
    Ok(key)
}

fn input_scores(files: Vec<(String, usize)>, scores: Vec<f32>) -> InputScores {
    let mut first = 0;
    let mut clips = HashMap::new();
    for (file, segments) in files {
        clips.insert(file, ClipRows { first, segments });
        first += segments;
    }
    InputScores { clips, scores }
}

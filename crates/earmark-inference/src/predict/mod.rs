//! Scores of clips by one or more models.

mod clips;
mod job;
mod mean_for_unreadable_clips;
mod segments;
mod shard;

pub use clips::file_items;
pub(crate) use clips::{check_named, find_clips};
pub use job::{PredictJob, Prediction};
pub use segments::{RecordingSegments, SegmentPrediction, out_of_fold_segments, predict_segments};
pub use shard::{MergedScores, ShardScores, merge_predictions, predict_shard};

use crate::devices_by_name::Device;
use crate::long_recordings::{Outcome, OutcomeJob, Recordings};
use crate::model::scoring::calibrated;
use crate::model::{Model, ModelPrecision, ModelSource, StackedModel, model_files};
use crate::progress::skip;
use crate::shards::ShardListing;
use crate::{Event, Observer, PipelineError, Remarks, Skips};
use earmark_data::{FeatureStore, Item};
use earmark_engine::{ScoreJob, ScorerOutput};
use earmark_features::Extractor;
use earmark_metrics::{BlendMean, ScoreTable, blend};
use earmark_runs::run_dir::find_models;
use earmark_runs::split_table::SplitTable;
use mean_for_unreadable_clips::with_mean_for_unreadable;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Scores all clips with all models and blends the scores; `None` when stopped. The base models of stacked models are
/// computed once, even if several models use them. Each clip has forward passes of its own, so that its scores are the
/// same to the last bit whatever else is scored.
///
/// # Errors
///
/// For a model, a folder or a named file that can't be used; recordings that can't be read are not errors but skipped.
pub fn predict(
    job: &PredictJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let mut run = PredictRun::new(job, observer, stop)?;
    let models = model_files(&job.models)?;
    for path in &models {
        run.open(path)?;
    }
    run.predict(&models)
}

/// As [`predict`] with opened models; `models` and `device` of the job are not used.
///
/// # Errors
///
/// As [`predict`].
pub fn predict_with(
    models: &[Model],
    job: &PredictJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let mut run = PredictRun::new(job, observer, stop)?;
    let path = |model: &Model| model.path().to_path_buf();
    for model in models {
        run.note_precision(model);
        run.opened.insert(path(model), Opened::Audio(model.clone()));
    }
    run.predict(&models.iter().map(path).collect::<Vec<_>>())
}

/// The scores of one model, or the blend of several.
fn blended(
    mut tables: Vec<ScoreTable>,
    mean: BlendMean,
    weights: Option<&[f64]>,
) -> Result<ScoreTable, PipelineError> {
    match (tables.len(), weights) {
        (1, None) => Ok(tables.remove(0)),
        _ => Ok(blend(&tables, mean, weights)?),
    }
}

/// An opened model.
#[derive(Clone)]
enum Opened {
    Audio(Model),
    Stacked(Arc<StackedModel>),
}

/// A prediction in progress.
struct PredictRun<'a> {
    job: &'a PredictJob,
    device: Device,
    /// The models, each read once.
    opened: HashMap<PathBuf, Opened>,
    observer: Observer<'a>,
    stop: &'a AtomicBool,
    /// Scores of those that score audio, so far; raw or calibrated.
    tables: HashMap<(PathBuf, bool), ScoreTable>,
    /// Models that have scored all clips.
    scored: usize,
    precision: Vec<ModelPrecision>,
    skipped: Skips,
    /// Clips that a model could read.
    read: HashSet<String>,
    /// Whether a model could read none.
    reads_none: bool,
    unnamed: Skips,
    remarks: Remarks,
    /// Clips that a model was trained on.
    trained_on: BTreeSet<(String, String)>,
    has_held_out: bool,
    single_label: bool,
}

/// The scores of clips by one model, before those that could not be read get any.
struct ClipScores {
    files: Vec<String>,
    /// Which of all clips these are, where they are those of a shard.
    listing: Option<ShardListing>,
    classes: Vec<String>,
    /// None for a clip that could not be read.
    rows: Vec<Option<Vec<f32>>>,
}

impl<'a> PredictRun<'a> {
    fn new(job: &'a PredictJob, observer: Observer<'a>, stop: &'a AtomicBool) -> Result<Self, PipelineError> {
        check_named(&job.files)?;
        Ok(Self {
            device: Device::named(&job.device)?.with_precision(job.precision),
            job,
            observer,
            stop,
            opened: HashMap::new(),
            tables: HashMap::new(),
            scored: 0,
            precision: Vec::new(),
            skipped: Vec::new(),
            read: HashSet::new(),
            reads_none: false,
            unnamed: Vec::new(),
            remarks: Remarks::default(),
            trained_on: BTreeSet::new(),
            has_held_out: false,
            single_label: false,
        })
    }

    /// Opens a model and, for a stacked one, its base models.
    fn open(&mut self, path: &Path) -> Result<(), PipelineError> {
        if self.opened.contains_key(path) {
            return Ok(());
        }
        let source = ModelSource::read(path)?;
        let opened = if source.is_stacked() {
            let model = source.into_stacked(&self.device)?;
            for input in &model.inputs {
                for fold in find_models(&input.to_string_lossy())? {
                    self.open(&fold)?;
                }
            }
            Opened::Stacked(Arc::new(model))
        } else {
            let model = source.into_model(&self.device)?;
            self.note_precision(&model);
            Opened::Audio(model)
        };
        self.opened.insert(path.to_path_buf(), opened);
        Ok(())
    }

    /// Remembers what a model scores in, and says once where it is not what was asked for.
    fn note_precision(&mut self, model: &Model) {
        let precision = model.precision();
        if let Some(note) = precision.note().filter(|_| !self.precision.contains(&precision)) {
            (self.observer)(Event::Note(note));
        }
        self.precision.push(precision);
    }

    /// The scores of opened models, blended.
    fn predict(mut self, models: &[PathBuf]) -> Result<Option<Prediction>, PipelineError> {
        let tables = models.iter().map(|path| self.scores(path));
        let Some(tables) = tables.collect::<Result<Option<Vec<_>>, _>>()? else {
            return Ok(None);
        };
        let scores = blended(tables, self.job.mean, self.job.weights.as_deref())?;
        let is_unread = |file: &&String| self.reads_none || !self.read.contains(*file);
        Ok(Some(Prediction {
            unread: scores.files().iter().filter(is_unread).count(),
            scores,
            precision: self.precision,
            skipped: self.skipped,
            unnamed: self.unnamed,
            remarks: self.remarks,
            trained_on: self.trained_on.len(),
            has_held_out: self.has_held_out,
            single_label: self.single_label,
        }))
    }

    /// The scores of a model, stacked or not.
    fn scores(&mut self, path: &Path) -> Result<Option<ScoreTable>, PipelineError> {
        let model = match self.opened[path].clone() {
            Opened::Audio(model) => return self.audio_scores(&model, !self.job.raw),
            Opened::Stacked(model) => model,
        };
        // Stacked models are trained on raw scores.
        let mut inputs = Vec::new();
        for input in &model.inputs {
            let mut folds = Vec::new();
            for fold in find_models(&input.to_string_lossy())? {
                let Opened::Audio(fold) = self.opened[&fold].clone() else {
                    return Err(PipelineError::Request(format!(
                        "{}: is itself a stacked model; stack models that score audio",
                        fold.display()
                    )));
                };
                let Some(table) = self.audio_scores(&fold, false)? else {
                    return Ok(None);
                };
                folds.push(table);
            }
            inputs.push(blend(&folds, BlendMean::Geometric, None)?);
        }
        self.single_label = model.scorer.loss.is_single_label();
        Ok(Some(model.scores(&inputs.iter().collect::<Vec<_>>())?))
    }

    /// The scores of a model that scores audio, computed once.
    fn audio_scores(&mut self, model: &Model, calibrated: bool) -> Result<Option<ScoreTable>, PipelineError> {
        let key = (model.path().to_path_buf(), calibrated);
        if let Some(known) = self.tables.get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(ClipScores {
            files, classes, rows, ..
        }) = self.compute(model, calibrated)?
        else {
            return Ok(None);
        };
        let values = with_mean_for_unreadable(rows, classes.len());
        let table = ScoreTable::new(files, classes, values)?;
        self.tables.insert(key, table.clone());
        Ok(Some(table))
    }

    /// Remembers which of the clips the model was trained on.
    fn remember_training_clips(&mut self, model: &Model, items: &[Item]) {
        let Some(data) = &self.job.data else { return };
        match SplitTable::of_model(model.path(), data) {
            Ok(None) => {}
            Ok(Some(split)) => {
                self.has_held_out |= split.has_test_clips();
                let trained_on = items.iter().filter(|i| split.is_trained_on(i));
                self.trained_on
                    .extend(trained_on.map(|i| (i.subset.clone(), i.file.clone())));
            }
            Err(e) => (self.observer)(Event::Note(format!(
                "{e}; how many of these recordings the model has seen is not known"
            ))),
        }
    }

    fn compute(&mut self, model: &Model, calibrate: bool) -> Result<Option<ClipScores>, PipelineError> {
        let (job, observer) = (self.job, self.observer);
        let calibration = model.calibration().filter(|_| calibrate);
        let (recipe, scorer) = (model.recipe(), model.scorer());
        let classes = model.classes().to_vec();
        self.single_label = scorer.loss.is_single_label();
        let clips = find_clips(job, recipe)?;
        let k = self.scored;
        self.scored += 1;
        if k == 0 {
            clips.report(observer, &mut self.unnamed);
        }
        let (items, listing) = (clips.items, clips.listing);
        self.remember_training_clips(model, &items);
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache.read_once())?
            .with_longest(recipe.predict.longest_seconds);
        let recordings = Recordings::new(scorer, &store);
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; items.len()];
        let audio_models = self.opened.values().filter(|m| matches!(m, Opened::Audio(_)));
        let total = items.len() * audio_models.count();
        let skipped = &mut self.skipped;
        let job = ScoreJob {
            clips: items.len(),
            workers: store.workers(),
            stop: self.stop,
            own_passes: true,
        };
        let wanted = OutcomeJob {
            output: ScorerOutput::Scores,
            classes: &classes,
            keep_segments: false,
            stop: self.stop,
        };
        let mut failed = None;
        let fetch = |i: usize| recordings.fetch(&items[i]);
        let whole = scorer.run_segments(wanted.output, &job, fetch, |i, fetched| {
            match recordings.outcome(&items[i], fetched, &wanted) {
                Ok(Outcome::Scored(segments)) => {
                    rows[i] = Some(calibrated(scorer.mean(&segments), calibration));
                }
                // Most clips that one model can't read, the others can't read either: report them once.
                Ok(Outcome::Skipped(reason))
                    if k == 0 || !skipped.iter().any(|(file, _)| *file == items[i].file) =>
                {
                    skip(observer, skipped, &items[i].file, reason);
                }
                Ok(Outcome::Skipped(_)) => {}
                Ok(Outcome::Stopped) => return false,
                Err(error) => {
                    failed = Some(error);
                    return false;
                }
            }
            let done = k * items.len() + i + 1;
            observer(Event::Scoring { done, total });
            true
        })?;
        self.remarks.add(Remarks::of(&store));
        if let Some(error) = failed {
            return Err(error);
        }
        if !whole {
            return Ok(None);
        }
        let read = items.iter().zip(&rows).filter(|(_, row)| row.is_some());
        self.read.extend(read.map(|(item, _)| item.file.clone()));
        self.reads_none |= rows.iter().all(Option::is_none);
        Ok(Some(ClipScores {
            files: items.into_iter().map(|i| i.file).collect(),
            listing,
            classes,
            rows,
        }))
    }
}

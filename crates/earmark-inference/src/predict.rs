//! Models and audio to scores.

use super::{Event, Observer, PipelineError, Skips, reason};
use crate::data::open_to_judge;
use crate::device::Device;
use crate::model::{Model, ModelSource, StackedModel};
use earmark_core::rows::mean;
use earmark_data::{DataOptions, FeatureStore, Item, LayoutKind, MissingFiles, SkipReason};
use earmark_engine::ScoreJob;
use earmark_features::Extractor;
use earmark_metrics::{Mean, ScoreTable, blend};
use earmark_recipe::Recipe;
use earmark_runs::roles::Roles;
use earmark_runs::run_dir::find_models;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What to predict.
#[derive(Clone, Debug)]
pub struct Predict {
    /// Models of any level: files, RUN, RUN@STEP, or a set of folds, which means the runs in it; several are blended.
    pub models: Vec<String>,
    /// A data folder...
    pub data: Option<PathBuf>,
    /// ... and its part; default `test` if the data has it, else everything.
    pub part: Option<String>,
    /// Single files.
    pub files: Vec<PathBuf>,
    /// How the folder is read, where it is not as the model's recipe says.
    pub layout: Option<LayoutKind>,
    /// How several models are blended.
    pub mean: Mean,
    /// Leave out the calibration that a model file may hold.
    pub raw: bool,
    /// How much each model counts; all alike without.
    pub weights: Option<Vec<f64>>,
    /// Device by name.
    pub device: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// One row for every file asked for, sorted by name; one column a class of the model.
    pub scores: ScoreTable,
    /// Files that could not be read; their rows hold the mean of the other rows (0 if there are none).
    pub skipped: Skips,
    /// Files of the data folder that have no row, because no table can hold their names.
    pub unnamed: Skips,
    /// How many of the clips a model among those asked has learnt from (trained or validated), as far as its run tells: their scores
    /// flatter it.
    pub learnt: usize,
    /// Whether such a model's run keeps clips for judging.
    pub kept: bool,
    /// Whether the model names exactly one class a clip (softmax).
    pub single_label: bool,
}

/// Scores all clips with all models and blends; `None` when stopped. A model of the second level asks its inputs, whose scores are
/// computed once, however many ask for them.
pub fn predict(
    job: &Predict,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let mut work = Work {
        device: Device::named(&job.device)?,
        job,
        observer,
        stop,
        total: 0,
        opened: HashMap::new(),
        tables: HashMap::new(),
        skipped: Vec::new(),
        unnamed: Vec::new(),
        learnt: BTreeSet::new(),
        kept: false,
        single_label: false,
    };
    let mut models = Vec::new();
    for name in &job.models {
        models.extend(find_models(name)?);
    }
    for path in &models {
        work.open(path)?;
    }
    work.total = work
        .opened
        .values()
        .filter(|m| matches!(m, Opened::Audio(_)))
        .count();
    let mut tables = Vec::new();
    for path in &models {
        let Some(table) = work.any(path)? else {
            return Ok(None);
        };
        tables.push(table);
    }
    let scores = match (tables.len(), &job.weights) {
        (1, None) => tables.remove(0),
        (_, weights) => blend(&tables, job.mean, weights.as_deref())?,
    };
    Ok(Some(Prediction {
        scores,
        skipped: work.skipped,
        unnamed: work.unnamed,
        learnt: work.learnt.len(),
        kept: work.kept,
        single_label: work.single_label,
    }))
}

/// A model of either kind.
#[derive(Clone)]
enum Opened {
    Audio(Model),
    Stacked(Arc<StackedModel>),
}

/// A prediction in work.
struct Work<'a> {
    job: &'a Predict,
    device: Device,
    /// The models, each read once however many ask for it.
    opened: HashMap<PathBuf, Opened>,
    observer: Observer<'a>,
    stop: &'a AtomicBool,
    /// First-level models that will be asked.
    total: usize,
    /// What they said so far, raw or calibrated.
    tables: HashMap<(PathBuf, bool), ScoreTable>,
    skipped: Skips,
    unnamed: Skips,
    /// Clips that a model asked so far has learnt from.
    learnt: BTreeSet<(String, String)>,
    kept: bool,
    single_label: bool,
}

impl Work<'_> {
    /// Opens a model and, where it is a stacked one, the models that it asks.
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
            Opened::Audio(source.into_model(&self.device)?)
        };
        self.opened.insert(path.to_path_buf(), opened);
        Ok(())
    }

    /// The scores of a model of either kind.
    fn any(&mut self, path: &Path) -> Result<Option<ScoreTable>, PipelineError> {
        let model = match self.opened[path].clone() {
            Opened::Audio(model) => return self.first_level(&model, !self.job.raw),
            Opened::Stacked(model) => model,
        };
        // What a stacked model was trained on was raw.
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
                let Some(table) = self.first_level(&fold, false)? else {
                    return Ok(None);
                };
                folds.push(table);
            }
            inputs.push(blend(&folds, Mean::Geometric, None)?);
        }
        self.single_label = model.scorer.loss.is_single_label();
        Ok(Some(model.scores(&inputs.iter().collect::<Vec<_>>())?))
    }

    /// The scores of a model of audio, computed or known.
    fn first_level(&mut self, model: &Model, calibrated: bool) -> Result<Option<ScoreTable>, PipelineError> {
        let key = (model.path().to_path_buf(), calibrated);
        if let Some(known) = self.tables.get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(table) = self.compute(model, calibrated)? else {
            return Ok(None);
        };
        self.tables.insert(key, table.clone());
        Ok(Some(table))
    }

    fn compute(&mut self, model: &Model, calibrated: bool) -> Result<Option<ScoreTable>, PipelineError> {
        let (job, observer) = (self.job, self.observer);
        let calibration = model.calibration().filter(|_| calibrated);
        let (recipe, scorer) = (model.recipe(), model.scorer());
        let classes = model.classes().to_vec();
        self.single_label = scorer.loss.is_single_label();
        let (mut items, unwritable) = items(job, recipe)?;
        let k = self.tables.len();
        if k == 0 {
            for (file, reason) in unwritable {
                observer(Event::Skipped {
                    file: &file,
                    reason: &reason,
                });
                self.unnamed.push((file, reason));
            }
        }
        items.sort_by(|a, b| a.file.cmp(&b.file));
        if let Some(data) = &job.data
            && let Some(roles) = Roles::of_model(model.path(), data)
        {
            self.kept |= roles.keep_some();
            let learnt = items.iter().filter(|i| roles.has_learnt(i));
            self.learnt
                .extend(learnt.map(|i| (i.subset.clone(), i.file.clone())));
        }
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; items.len()];
        let (mut done, total) = (0, items.len() * self.total);
        let skipped = &mut self.skipped;
        let job = ScoreJob {
            clips: items.len(),
            workers: store.workers(),
            stop: self.stop,
        };
        let whole = scorer.score(
            &job,
            |i| store.get(&items[i], None),
            |i, result| {
                match result {
                    Ok(mut scores) => {
                        if let Some(calibration) = calibration {
                            calibration.apply(&mut scores);
                        }
                        rows[i] = Some(scores);
                    }
                    // What one model can't hear, the next one mostly can't either: once is enough.
                    Err(e) if !skipped.iter().any(|(file, _)| *file == items[i].file) => {
                        let reason = reason(&items[i], &e);
                        observer(Event::Skipped {
                            file: &items[i].file,
                            reason: &reason,
                        });
                        skipped.push((items[i].file.clone(), reason));
                    }
                    Err(_) => {}
                }
                done += 1;
                observer(Event::Scoring {
                    done: k * items.len() + done,
                    total,
                });
                true
            },
        )?;
        if !whole {
            return Ok(None);
        }
        // The best guess about a clip that can't be read.
        let fill = mean(rows.iter().flatten()).unwrap_or_else(|| vec![0.0; classes.len()]);
        let values = rows
            .into_iter()
            .flat_map(|r| r.unwrap_or_else(|| fill.clone()))
            .collect();
        let files = items.into_iter().map(|i| i.file).collect();
        Ok(Some(ScoreTable::new(files, classes, values)?))
    }
}

/// The clips asked for, and those that can't have a row. Labels are not needed and not read.
pub(super) fn items(job: &Predict, recipe: &Recipe) -> Result<(Vec<Item>, Skips), PipelineError> {
    let mut items = Vec::new();
    let mut unnamed = Vec::new();
    if let Some(root) = &job.data {
        let mut options = match job.layout {
            None => recipe.data.clone(),
            // The recipe's other keys are about its own layout.
            layout => DataOptions {
                layout,
                ..DataOptions::default()
            },
        };
        options.read_labels = false;
        options.class_map = None;
        options.missing_files = MissingFiles::Refuse;
        let mut data = open_to_judge(&options, root, job.part.as_deref())?;
        if job.part.is_none() && data.subsets().contains(&"test") {
            data = data.select_subsets(&["test"])?;
        }
        items.extend(data.items);
        unnamed.extend(
            data.skipped
                .into_iter()
                .filter(|s| s.reason == SkipReason::FileName)
                .map(|s| (s.file, s.reason.to_string())),
        );
    }
    for path in &job.files {
        if path.is_dir() {
            return Err(PipelineError::Request(format!(
                "--files {0}: is a folder; give it with --data {0}, or name the files in it",
                path.display()
            )));
        }
        items.push(Item {
            file: path.to_string_lossy().into_owned(),
            path: path.clone(),
            subset: "files".into(),
            ..Item::default()
        });
    }
    if items.is_empty() {
        return Err(PipelineError::Request(
            "nothing to predict: give audio files, or a folder with --data DIR".into(),
        ));
    }
    Ok((items, unnamed))
}

//! Models and audio to scores.

use super::stack::StackModel;
use super::{Event, Observer, PipelineError, Skips, reason};
use crate::data::open_to_judge;
use crate::device::{device, vars_for};
use earmark_data::{DataOptions, FeatureStore, Item, LayoutKind, MissingFiles, SkipReason};
use earmark_engine::{ModelFile, ScoreJob, Scorer};
use earmark_features::Extractor;
use earmark_metrics::{Mean, ScoreTable, blend};
use earmark_models::{Network, Vars};
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

/// A scorer from a model file, with the class names. Its scores are raw: a calibration is the caller's to apply.
pub fn scorer_of(path: &Path, device_name: &str) -> Result<(Scorer, Vec<String>), PipelineError> {
    let device = device(device_name)?;
    let file = ModelFile::read(path)?;
    let recipe = Recipe::parse(&file.meta.recipe, path)?;
    let extractor = Extractor::new(&recipe.predict_front_end())?;
    let (network, specs) = Network::build(&recipe.network, extractor.channels(), file.meta.classes.len())?;
    let mut vars = vars_for(device_name, Vars::init(specs, 0, &device));
    file.load_into(path, &mut vars)?;
    let scorer = Scorer {
        network,
        vars,
        loss: recipe.train.loss.clone(),
        extractor: Arc::new(extractor),
        random_crops: recipe.predict.lengths.clone(),
        batch: recipe.batches.size,
        device,
    };
    Ok((scorer, file.meta.classes))
}

/// Scores all clips with all models and blends; `None` when stopped. A model of the second level asks its inputs, whose scores are
/// computed once, however many ask for them.
pub fn predict(
    job: &Predict,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let mut models = Vec::new();
    for name in &job.models {
        models.extend(find_models(name)?);
    }
    let mut work = Work {
        job,
        observer,
        stop,
        total: first_level(&models, &job.device)?,
        tables: HashMap::new(),
        skipped: Vec::new(),
        unnamed: Vec::new(),
        learnt: BTreeSet::new(),
        kept: false,
        single_label: false,
    };
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

/// How many first-level models will be asked.
fn first_level(models: &[PathBuf], device: &str) -> Result<usize, PipelineError> {
    let mut asked = BTreeSet::new();
    for path in models {
        if !StackModel::is(&ModelFile::read(path)?) {
            asked.insert(path.clone());
            continue;
        }
        for input in StackModel::read(path, device)?.inputs {
            asked.extend(find_models(&input.to_string_lossy())?);
        }
    }
    Ok(asked.len())
}

/// A prediction in work.
struct Work<'a> {
    job: &'a Predict,
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
    /// The scores of a model of any level.
    fn any(&mut self, path: &Path) -> Result<Option<ScoreTable>, PipelineError> {
        if !StackModel::is(&ModelFile::read(path)?) {
            return self.first_level(path, !self.job.raw);
        }
        // What the second level learned from was raw.
        let model = StackModel::read(path, &self.job.device)?;
        let mut inputs = Vec::new();
        for input in &model.inputs {
            let mut folds = Vec::new();
            for fold in find_models(&input.to_string_lossy())? {
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

    /// The scores of a first-level model, computed or known.
    fn first_level(&mut self, path: &Path, calibrated: bool) -> Result<Option<ScoreTable>, PipelineError> {
        let key = (path.to_path_buf(), calibrated);
        if let Some(known) = self.tables.get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(table) = self.compute(path, calibrated)? else {
            return Ok(None);
        };
        self.tables.insert(key, table.clone());
        Ok(Some(table))
    }

    fn compute(&mut self, path: &Path, calibrated: bool) -> Result<Option<ScoreTable>, PipelineError> {
        let (job, observer) = (self.job, self.observer);
        let meta = ModelFile::read(path)?.meta;
        let calibration = meta.calibration.filter(|_| calibrated);
        let recipe = Recipe::parse(&meta.recipe, path)?;
        let (scorer, classes) = scorer_of(path, &job.device)?;
        self.single_label = scorer.loss.is_single_label();
        let (mut items, unwritable) = items(job, &recipe)?;
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
            && let Some(roles) = Roles::of_model(path, data)
        {
            self.kept |= roles.keep_some();
            let learnt = items.iter().filter(|i| roles.has_learnt(i));
            self.learnt
                .extend(learnt.map(|i| (i.part.clone(), i.file.clone())));
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
            |i| store.get(&items[i]),
            |i, result| {
                match result {
                    Ok(mut scores) => {
                        if let Some(calibration) = &calibration {
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
        let fill = mean_row(&rows, classes.len());
        let values = rows
            .into_iter()
            .flat_map(|r| r.unwrap_or_else(|| fill.clone()))
            .collect();
        let files = items.into_iter().map(|i| i.file).collect();
        Ok(Some(ScoreTable::new(files, classes, values)?))
    }
}

/// The mean of the rows there are: what is best guessed of a clip that can't be heard.
fn mean_row(rows: &[Option<Vec<f32>>], classes: usize) -> Vec<f32> {
    let good: Vec<&Vec<f32>> = rows.iter().flatten().collect();
    (0..classes)
        .map(|c| {
            let sum: f64 = good.iter().map(|r| f64::from(r[c])).sum();
            if good.is_empty() {
                0.0
            } else {
                (sum / good.len() as f64) as f32
            }
        })
        .collect()
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
        if job.part.is_none() && data.parts().contains(&"test") {
            data = data.select_parts(&["test"])?;
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
            labels: Vec::new(),
            part: "files".into(),
            fold: None,
            group: None,
            verified: None,
            line: None,
        });
    }
    if items.is_empty() {
        return Err(PipelineError::Request(
            "nothing to predict: give audio files, or a folder with --data DIR".into(),
        ));
    }
    Ok((items, unnamed))
}

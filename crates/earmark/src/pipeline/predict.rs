//! Models and audio to scores.

use super::data::open_to_judge;
use super::{Event, Observer, PipelineError, Skips, reason};
use crate::device::{device, vars_for};
use crate::recipe::Recipe;
use crate::run_dir::find_models;
use earmark_data::{FeatureStore, Item, MissingFiles, SkipReason};
use earmark_engine::{ModelFile, Scorer};
use earmark_features::Extractor;
use earmark_metrics::{Mean, ScoreTable, blend};
use earmark_models::{Network, Vars};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What to predict.
#[derive(Clone, Debug)]
pub struct Predict {
    /// Models: files, RUN, RUN@STEP, or a set of folds, which means the runs in it; several are blended.
    pub models: Vec<String>,
    /// A data folder...
    pub data: Option<PathBuf>,
    /// ... and its part; default `test` if the data has it, else everything.
    pub part: Option<String>,
    /// Single files.
    pub files: Vec<PathBuf>,
    /// How several models are blended.
    pub mean: Mean,
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
    /// Whether the model names exactly one class a clip (softmax).
    pub single_label: bool,
}

/// A scorer from a model file, with the class names.
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
        batch: recipe.batches.size,
        device,
    };
    Ok((scorer, file.meta.classes))
}

/// Scores all clips with all models and blends; `None` when stopped.
pub fn predict(
    job: &Predict,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Prediction>, PipelineError> {
    let mut tables = Vec::new();
    let mut skipped: Skips = Vec::new();
    let mut unnamed: Skips = Vec::new();
    let mut single_label = false;
    let mut models = Vec::new();
    for name in &job.models {
        models.extend(find_models(name)?);
    }
    let total_models = models.len();
    for (k, path) in models.into_iter().enumerate() {
        let recipe = Recipe::parse(&ModelFile::read(&path)?.meta.recipe, &path)?;
        let (scorer, classes) = scorer_of(&path, &job.device)?;
        single_label = scorer.loss.is_single_label();
        let (mut items, unwritable) = items(job, &recipe)?;
        if k == 0 {
            for (file, reason) in unwritable {
                observer(Event::Skipped {
                    file: &file,
                    reason: &reason,
                });
                unnamed.push((file, reason));
            }
        }
        items.sort_by(|a, b| a.file.cmp(&b.file));
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; items.len()];
        let (mut done, total) = (0, items.len() * total_models);
        let whole = scorer.score(
            items.len(),
            store.workers(),
            |i| store.get(&items[i]),
            stop,
            |i, result| {
                match result {
                    Ok(scores) => rows[i] = Some(scores),
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
        tables.push(ScoreTable::new(
            items.into_iter().map(|i| i.file).collect(),
            classes,
            values,
        )?);
    }
    let scores = match tables.len() {
        1 => tables.remove(0),
        _ => blend(&tables, job.mean, None)?,
    };
    Ok(Some(Prediction {
        scores,
        skipped,
        unnamed,
        single_label,
    }))
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
        let mut options = recipe.data.clone();
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

//! Models and audio to scores of every tile of a clip, before they are averaged.

use super::predict::items;
use super::{Event, Observer, PipelineError, Predict, Skips, reason};
use crate::data::open_data;
use crate::device::Device;
use crate::model::Model;
use earmark_data::{FeatureStore, Item};
use earmark_engine::ScoreJob;
use earmark_features::Extractor;
use earmark_metrics::{ScoreTable, blend};
use earmark_runs::roles::own_fold;
use earmark_runs::run_dir::{ModelRef, RunDir, find_models, fold_runs};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The scores of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileRow {
    /// The file.
    pub file: String,
    /// Where it starts in the clip; below 0 where it begins in the filling before it.
    pub start_seconds: f64,
    /// One score a class.
    pub scores: Vec<f32>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct TilePrediction {
    /// Classes, in the order of the scores.
    pub classes: Vec<String>,
    /// Tiles of each file in turn; a file that could not be read has none.
    pub rows: Vec<TileRow>,
    /// Files that could not be read.
    pub skipped: Skips,
}

/// Scores all tiles of all clips with all models and blends them tile by tile; `None` when stopped.
pub fn predict_tiles(
    job: &Predict,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<TilePrediction>, PipelineError> {
    let device = Device::named(&job.device)?;
    let mut models = Vec::new();
    for name in &job.models {
        models.extend(find_models(name)?);
    }
    let mut each: Vec<TilePrediction> = Vec::new();
    for path in models {
        let model = Model::open_file(&path, &device)?;
        let calibration = model.calibration().filter(|_| !job.raw);
        let (mut items, unnamed) = items(job, model.recipe())?;
        items.sort_by(|a, b| a.file.cmp(&b.file));
        // What one model can't hear is told once.
        let told = each.first().map_or(&[][..], |first| &first.skipped);
        let Some(mut one) = of_model(&model, &items, told, observer, stop)? else {
            return Ok(None);
        };
        if let Some(calibration) = calibration {
            one.rows
                .iter_mut()
                .for_each(|row| calibration.apply(&mut row.scores));
        }
        if each.is_empty() {
            for (file, reason) in unnamed {
                observer(Event::Skipped {
                    file: &file,
                    reason: &reason,
                });
                one.skipped.push((file, reason));
            }
        }
        each.push(one);
    }
    Ok(Some(match each.len() {
        1 if job.weights.is_none() => each.remove(0),
        _ => blended(each, job)?,
    }))
}

/// The tiles of each fold's own clips, scored by the model that did not see them; see
/// `out_of_fold` of earmark-train. `None` when stopped.
pub fn out_of_fold_tiles(
    set: &Path,
    data: Option<&Path>,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<TilePrediction>, PipelineError> {
    let device = Device::named(device)?;
    let mut all: Option<TilePrediction> = None;
    for (_, path) in fold_runs(set)? {
        let run = RunDir::open(&path)?;
        let data = open_data(&run.recipe, data.unwrap_or(&run.info.data.root))?;
        let mut items = own_fold(&run.path, &data)?;
        items.sort_by(|a, b| a.file.cmp(&b.file));
        let model = Model::open(&ModelRef::new(path.to_string_lossy()), &device)?;
        let Some(one) = of_model(&model, &items, &[], observer, stop)? else {
            return Ok(None);
        };
        match &mut all {
            None => all = Some(one),
            Some(all) if all.classes == one.classes => {
                all.rows.extend(one.rows);
                all.skipped.extend(one.skipped);
            }
            Some(_) => {
                return Err(PipelineError::Request(format!(
                    "{}: its classes are not those of the other folds; train all of them on the same data",
                    path.display()
                )));
            }
        }
    }
    match all {
        Some(mut all) => {
            all.rows.sort_by(|a, b| {
                let by_start = a.start_seconds.total_cmp(&b.start_seconds);
                a.file.cmp(&b.file).then(by_start)
            });
            Ok(Some(all))
        }
        None => Err(PipelineError::Request(format!(
            "{}: holds no folds; `earmark train ... --folds all --run {0}` makes them",
            set.display()
        ))),
    }
}

/// The tiles of one model.
fn of_model(
    model: &Model,
    items: &[Item],
    told: &[(String, String)],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<TilePrediction>, PipelineError> {
    let (scorer, recipe) = (model.scorer(), model.recipe());
    if scorer.random_crops.is_some() {
        return Err(PipelineError::Request(format!(
            "{}: hears random stretches of a clip (predict.lengths), which are no tiles in order; ask for scores of clips",
            model.path().display()
        )));
    }
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
    let frames_per_second = scorer.extractor.frames_per_second();
    let (mut rows, mut skipped) = (Vec::new(), Skips::new());
    let total = items.len();
    let job = ScoreJob {
        clips: total,
        workers: store.workers(),
        stop,
    };
    let whole = scorer.score_segments(
        &job,
        |i| store.get(&items[i], None),
        |i, result| {
            let file = &items[i].file;
            match result {
                Ok(tiles) => {
                    rows.extend(
                        tiles
                            .starts
                            .iter()
                            .zip(tiles.rows())
                            .map(|(start, scores)| TileRow {
                                file: file.clone(),
                                start_seconds: *start as f64 / frames_per_second,
                                scores: scores.to_vec(),
                            }),
                    )
                }
                Err(e) => {
                    let reason = reason(&items[i], &e);
                    if told.iter().all(|(other, _)| other != file) {
                        observer(Event::Skipped {
                            file,
                            reason: &reason,
                        });
                    }
                    skipped.push((file.clone(), reason));
                }
            }
            observer(Event::Scoring { done: i + 1, total });
            true
        },
    )?;
    Ok(whole.then_some(TilePrediction {
        classes: model.classes().to_vec(),
        rows,
        skipped,
    }))
}

/// The mean of several models, tile by tile.
fn blended(each: Vec<TilePrediction>, job: &Predict) -> Result<TilePrediction, PipelineError> {
    let first = &each[0];
    let place = |rows: &[TileRow]| -> Vec<(String, f64)> {
        rows.iter().map(|r| (r.file.clone(), r.start_seconds)).collect()
    };
    let places = place(&first.rows);
    if each.iter().any(|one| place(&one.rows) != places) {
        return Err(PipelineError::Request(
            "--tiles: the models cut clips into different tiles, which can't be blended; predict with one of them at a time".into(),
        ));
    }
    let tables = each
        .iter()
        .map(|one| {
            // A blend knows its rows by name alone.
            let names = (0..one.rows.len()).map(|k| k.to_string()).collect();
            let values = one.rows.iter().flat_map(|r| r.scores.iter().copied()).collect();
            ScoreTable::new(names, one.classes.clone(), values)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let table = blend(&tables, job.mean, job.weights.as_deref())?;
    let rows = places
        .into_iter()
        .zip(table.rows())
        .map(|((file, start_seconds), (_, scores))| TileRow {
            file,
            start_seconds,
            scores: scores.to_vec(),
        })
        .collect();
    Ok(TilePrediction {
        classes: table.classes().to_vec(),
        rows,
        skipped: first.skipped.clone(),
    })
}

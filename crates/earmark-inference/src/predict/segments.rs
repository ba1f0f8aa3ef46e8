//! Scores of every segment of a clip, before they are averaged.

use super::{PredictJob, check_named, find_clips};
use crate::data::open_data;
use crate::devices_by_name::Device;
use crate::model::scoring::blend_rows;
use crate::model::{Model, ModelPrecision, ModelSource, model_files};
use crate::segment_rows::{SegmentRowsJob, segment_rows};
use crate::shards::ShardListing;
use crate::{Event, Observer, PipelineError, Remarks, Skips};
use earmark_data::{FeatureStore, Item};
use earmark_engine::ScorerOutput;
use earmark_features::Extractor;
use earmark_runs::run_dir::{RunDir, find_model, fold_runs};
use earmark_runs::split_table::{removed_clips, test_clips};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The scores of a recording's segments: one number per class and segment, and little else, as a day has very many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingSegments {
    /// The file.
    pub file: String,
    /// Where each segment starts, in seconds; negative if it starts in the padding.
    pub starts: Vec<f64>,
    /// Row-major `[segments, classes]`.
    pub scores: Vec<f32>,
}

impl RecordingSegments {
    /// Start and scores of each segment.
    pub fn rows(&self) -> impl Iterator<Item = (f64, &[f32])> {
        let classes = self.scores.len() / self.starts.len().max(1);
        let scores = self.scores.chunks_exact(classes.max(1));
        self.starts.iter().copied().zip(scores)
    }
}

/// Scores of segments.
#[derive(Clone, Debug)]
pub struct SegmentPrediction {
    /// Classes, in the order of the scores.
    pub classes: Vec<String>,
    /// In order, without those that could not be read.
    pub recordings: Vec<RecordingSegments>,
    /// What each model scored in.
    pub precision: Vec<ModelPrecision>,
    /// Files that could not be read.
    pub skipped: Skips,
    /// What is missing of recordings that were scored, and what contradicts their sound.
    pub remarks: Remarks,
    /// Which of all recordings these are, where they are those of a shard.
    pub listing: Option<ShardListing>,
}

/// Scores all segments of all clips with all models and blends them segment by segment; `None` when stopped.
///
/// # Errors
/// Models or data that can't be opened, and models whose segments or classes differ.
pub fn predict_segments(
    job: &PredictJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<SegmentPrediction>, PipelineError> {
    check_named(&job.files)?;
    let device = Device::named(&job.device)?.with_precision(job.precision);
    let mut precision: Vec<ModelPrecision> = Vec::new();
    let mut each: Vec<SegmentPrediction> = Vec::new();
    for path in model_files(&job.models)? {
        let model = Model::open_file(&path, &device)?;
        let found = model.precision();
        if let Some(note) = found.note().filter(|_| !precision.contains(&found)) {
            observer(Event::Note(note));
        }
        precision.push(found);
        let clips = find_clips(job, model.recipe())?;
        // A clip is reported once, whichever model can't read it.
        let reported = each.first().map_or(&[][..], |first| &first.skipped);
        let show = |event: Event| match event {
            Event::Skipped { file, .. } if reported.iter().any(|(other, _)| other == file) => {}
            event => observer(event),
        };
        let Some(mut one) = of_model(&model, &clips.items, &show, stop)? else {
            return Ok(None);
        };
        if let Some(calibration) = model.calibration().filter(|_| !job.raw) {
            let classes = one.classes.len().max(1);
            let recordings = one.recordings.iter_mut();
            let rows = recordings.flat_map(|recording| recording.scores.chunks_exact_mut(classes));
            rows.for_each(|row| calibration.apply(row));
        }
        if each.is_empty() {
            clips.report(observer, &mut one.skipped);
        }
        one.listing = clips.listing;
        each.push(one);
    }
    let all = match each.len() {
        1 if job.weights.is_none() => each.remove(0),
        _ => blended(each, job)?,
    };
    Ok(Some(SegmentPrediction { precision, ..all }))
}

/// The segments of each fold's test clips, scored by the model that did not see them, as `out_of_fold` of earmark-train
/// does for whole clips; also of clips that corrections remove but keep in folds. `None` when stopped.
///
/// # Errors
/// Runs or data that can't be opened.
pub fn out_of_fold_segments(
    set: &Path,
    data: Option<&Path>,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<SegmentPrediction>, PipelineError> {
    let device = Device::named(device)?;
    let mut all: Option<SegmentPrediction> = None;
    for (_, path) in fold_runs(set)? {
        let run = RunDir::open(&path)?;
        let data = open_data(&run.recipe, data.unwrap_or(&run.info.data.root))?;
        let mut items = test_clips(&run.path, &data)?;
        items.extend(removed_clips(&run.path, &data)?);
        items.sort_by(|a, b| a.file.cmp(&b.file));
        let source = ModelSource::read(&find_model(&path.to_string_lossy())?)?;
        let model = source.for_out_of_fold().into_model(&device)?;
        let Some(one) = of_model(&model, &items, observer, stop)? else {
            return Ok(None);
        };
        match &mut all {
            None => all = Some(one),
            Some(all) if all.classes == one.classes => {
                all.recordings.extend(one.recordings);
                all.skipped.extend(one.skipped);
                all.remarks.add(one.remarks);
            }
            Some(_) => {
                return Err(PipelineError::Request(format!(
                    "{}: its classes differ from those of the other folds; train all folds on the same data",
                    path.display()
                )));
            }
        }
    }
    let Some(mut all) = all else {
        return Err(PipelineError::Request(format!(
            "{}: has no folds; train them with `earmark train ... --folds all --run {0}`",
            set.display()
        )));
    };
    all.recordings.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(Some(all))
}

/// The segments of one model.
fn of_model(
    model: &Model,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<SegmentPrediction>, PipelineError> {
    let (scorer, recipe) = (model.scorer(), model.recipe());
    if scorer.random_crops.is_some() {
        return Err(PipelineError::Request(format!(
            "{}: scores random crops of a clip (predict.random-crops), not segments in order; leave out --segments",
            model.path().display()
        )));
    }
    let frames_per_second = scorer.extractor.frames_per_second();
    let (mut recordings, mut skipped) = (Vec::new(), Skips::new());
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache.read_once())?
        .with_longest(recipe.predict.longest_seconds);
    let job = SegmentRowsJob {
        scorer,
        output: ScorerOutput::Scores,
        items,
        store: &store,
        observer,
        stop,
        own_passes: true,
    };
    let whole = segment_rows(&job, &mut skipped, |i, segments| {
        let starts = segments.starts.into_iter();
        recordings.push(RecordingSegments {
            file: items[i].file.clone(),
            starts: starts.map(|start| start as f64 / frames_per_second).collect(),
            scores: segments.scores,
        });
    })?;
    Ok(whole.then_some(SegmentPrediction {
        classes: model.classes().to_vec(),
        precision: vec![model.precision()],
        recordings,
        skipped,
        remarks: Remarks::of(&store),
        listing: None,
    }))
}

/// The mean of several models, segment by segment.
fn blended(mut each: Vec<SegmentPrediction>, job: &PredictJob) -> Result<SegmentPrediction, PipelineError> {
    let places = |one: &SegmentPrediction| -> Vec<(String, Vec<f64>)> {
        let recordings = one.recordings.iter();
        recordings
            .map(|recording| (recording.file.clone(), recording.starts.clone()))
            .collect()
    };
    let first_places = places(&each[0]);
    if each.iter().any(|one| places(one) != first_places) {
        return Err(PipelineError::Request(
            "--segments: the models cut clips into different segments, which can't be blended; predict with one of \
             them at a time".into(),
        ));
    }
    let values = |one: &SegmentPrediction| -> Vec<f32> {
        let scores = one.recordings.iter().flat_map(|recording| &recording.scores);
        scores.copied().collect()
    };
    let models = each.iter().map(|one| (one.classes.as_slice(), values(one)));
    let table = blend_rows(models.collect(), job.mean, job.weights.as_deref())?;
    let mut rows = table.rows();
    let mut first = each.swap_remove(0);
    for recording in &mut first.recordings {
        let rows = rows.by_ref().take(recording.starts.len());
        recording.scores = rows.flat_map(|(_, scores)| scores.iter().copied()).collect();
    }
    first.classes = table.classes().to_vec();
    Ok(first)
}

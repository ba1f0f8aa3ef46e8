//! Embeddings of clips.

use crate::device::Device;
use crate::model::Model;
use crate::predict::find_clips;
use crate::{Event, Observer, PipelineError, PredictJob, Skips, reason};
use earmark_core::rows::mean;
use earmark_data::{FeatureStore, Item};
use earmark_engine::{ScoreJob, Scorer, ScorerOutput};
use earmark_features::Extractor;
use earmark_index::Embeddings;
use earmark_metrics::BlendMean;
use earmark_runs::run_dir::ModelRef;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What to embed.
#[derive(Clone, Debug)]
pub struct EmbedJob {
    /// The model: a file, RUN or RUN@STEP.
    pub model: String,
    /// A data folder.
    pub data: Option<PathBuf>,
    /// A subset of it; `None` is `test` if the data has one, else everything.
    pub subset: Option<String>,
    /// Single files.
    pub files: Vec<PathBuf>,
    /// One row per segment instead of their mean per clip.
    pub segments: bool,
    /// Device by name.
    pub device: String,
}

/// Embeds all clips; those that can't be read have no row. `None` when stopped.
pub fn embed(
    job: &EmbedJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(Embeddings, Skips)>, PipelineError> {
    let model = Model::open(&ModelRef::new(&job.model), &Device::named(&job.device)?)?;
    let (recipe, scorer) = (model.recipe(), model.scorer());
    let clips = PredictJob {
        models: vec![job.model.clone()],
        data: job.data.clone(),
        subset: job.subset.clone(),
        files: job.files.clone(),
        mean: BlendMean::Arithmetic,
        layout: None,
        raw: true,
        weights: None,
        device: job.device.clone(),
    };
    let (items, mut skipped) = find_clips(&clips, recipe)?;
    for (file, reason) in &skipped {
        observer(Event::Skipped { file, reason });
    }
    let width = scorer.network.embedding_len();
    let mut found = Embeddings::new(width, job.segments);
    let seconds = 1.0 / scorer.extractor.frames_per_second();
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
    let job_of_rows = SegmentRowsJob {
        scorer,
        output: ScorerOutput::Embeddings,
        items: &items,
        store: &store,
        observer,
        stop,
    };
    let whole = segment_rows(&job_of_rows, |i, result| match result {
        Ok((starts, values)) if job.segments => {
            for (start, row) in starts.iter().zip(values.chunks_exact(width)) {
                found.push(&items[i].file, Some(*start as f64 * seconds), row);
            }
        }
        Ok((_, values)) => found.push(&items[i].file, None, &mean_of(&values, width)),
        Err(reason) => skipped.push((items[i].file.clone(), reason)),
    })?;
    Ok(whole.then_some((found, skipped)))
}

/// First frames of a clip's segments, and the network's output for each, row-major.
pub type SegmentRows = (Vec<i64>, Vec<f32>);

/// What [`segment_rows`] computes, and of which clips.
#[derive(Clone, Copy)]
pub struct SegmentRowsJob<'a> {
    /// The network with its front end.
    pub scorer: &'a Scorer,
    /// Which output of the network.
    pub output: ScorerOutput,
    /// The clips.
    pub items: &'a [Item],
    /// Where their features come from.
    pub store: &'a FeatureStore,
    /// Receives progress and skipped clips.
    pub observer: Observer<'a>,
    /// Ends the work early.
    pub stop: &'a AtomicBool,
}

/// One output of the network for each segment of each clip, passed to `done` in the order of the clips; false when stopped.
pub fn segment_rows(
    job: &SegmentRowsJob,
    mut done: impl FnMut(usize, Result<SegmentRows, String>),
) -> Result<bool, PipelineError> {
    let (items, total) = (job.items, job.items.len());
    let clips = ScoreJob {
        clips: total,
        workers: job.store.workers(),
        stop: job.stop,
    };
    Ok(job.scorer.run_segments(
        job.output,
        &clips,
        |i| job.store.get(&items[i], None),
        |i, result| {
            let rows = result.map(|segments| (segments.starts, segments.scores));
            let rows = rows.map_err(|e| {
                let reason = reason(&items[i], &e);
                (job.observer)(Event::Skipped {
                    file: &items[i].file,
                    reason: &reason,
                });
                reason
            });
            done(i, rows);
            (job.observer)(Event::Scoring { done: i + 1, total });
            true
        },
    )?)
}

/// The mean of the rows of a row-major table, `[rows, width]`.
pub fn mean_of(values: &[f32], width: usize) -> Vec<f32> {
    mean(values.chunks_exact(width.max(1))).unwrap_or_else(|| vec![0.0; width])
}

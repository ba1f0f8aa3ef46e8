//! A model and audio to embeddings.

use super::predict::items;
use super::{Event, Observer, PipelineError, Predict, Skips, reason};
use crate::device::Device;
use crate::model::Model;
use earmark_core::rows::mean;
use earmark_data::{FeatureStore, Item};
use earmark_engine::{ScoreJob, Scorer, ScorerOutput};
use earmark_features::Extractor;
use earmark_index::Embeddings;
use earmark_metrics::Mean;
use earmark_runs::run_dir::ModelRef;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What to embed.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The model: a file, RUN or RUN@STEP.
    pub model: String,
    /// A data folder...
    pub data: Option<PathBuf>,
    /// ... and its part; default `test` if the data has it, else everything.
    pub part: Option<String>,
    /// Single files.
    pub files: Vec<PathBuf>,
    /// A row for each tile that clips are cut into, instead of their mean.
    pub tiles: bool,
    /// Device by name.
    pub device: String,
}

/// Embeds all clips; those that can't be read have no row. `None` when stopped.
pub fn embed(
    job: &Embed,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(Embeddings, Skips)>, PipelineError> {
    let model = Model::open(&ModelRef::new(&job.model), &Device::named(&job.device)?)?;
    let (recipe, scorer) = (model.recipe(), model.scorer());
    let asked = Predict {
        models: vec![job.model.clone()],
        data: job.data.clone(),
        part: job.part.clone(),
        files: job.files.clone(),
        mean: Mean::Arithmetic,
        layout: None,
        raw: true,
        weights: None,
        device: job.device.clone(),
    };
    let (mut items, mut skipped) = items(&asked, recipe)?;
    items.sort_by(|a, b| a.file.cmp(&b.file));
    for (file, reason) in &skipped {
        observer(Event::Skipped { file, reason });
    }
    let width = scorer.network.embedding_len();
    let mut found = Embeddings::new(width, job.tiles);
    let seconds = 1.0 / scorer.extractor.frames_per_second();
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
    let whole = rows(
        scorer,
        ScorerOutput::Embeddings,
        &items,
        &store,
        observer,
        stop,
        |i, result| match result {
            Ok((starts, values)) if job.tiles => {
                for (start, row) in starts.iter().zip(values.chunks_exact(width)) {
                    found.push(&items[i].file, Some(*start as f64 * seconds), row);
                }
            }
            Ok((_, values)) => found.push(&items[i].file, None, &mean_of(&values, width)),
            Err(reason) => skipped.push((items[i].file.clone(), reason)),
        },
    )?;
    Ok(whole.then_some((found, skipped)))
}

/// First frames of a clip's tiles, and what a pass made of them, row-major.
pub type Rows = (Vec<i64>, Vec<f32>);

/// What `output` is of each clip's tiles, in order; false when stopped.
pub fn rows(
    scorer: &Scorer,
    output: ScorerOutput,
    items: &[Item],
    store: &FeatureStore,
    observer: Observer,
    stop: &AtomicBool,
    mut done: impl FnMut(usize, Result<Rows, String>),
) -> Result<bool, PipelineError> {
    let total = items.len();
    let job = ScoreJob {
        clips: total,
        workers: store.workers(),
        stop,
    };
    Ok(scorer.run_segments(
        output,
        &job,
        |i| store.get(&items[i], None),
        |i, result| {
            let result = result.map(|tiles| (tiles.starts, tiles.scores)).map_err(|e| {
                let reason = reason(&items[i], &e);
                observer(Event::Skipped {
                    file: &items[i].file,
                    reason: &reason,
                });
                reason
            });
            done(i, result);
            observer(Event::Scoring { done: i + 1, total });
            true
        },
    )?)
}

/// The mean of the rows of a row-major table, `[rows, width]`.
pub fn mean_of(values: &[f32], width: usize) -> Vec<f32> {
    mean(values.chunks_exact(width.max(1))).unwrap_or_else(|| vec![0.0; width])
}

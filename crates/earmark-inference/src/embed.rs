//! Embeddings of clips.

use crate::devices_by_name::Device;
use crate::model::Model;
use crate::predict::{find_clips, named_items};
use crate::segment_rows::{SegmentRowsJob, rows_for_means, segment_rows};
use crate::{Observer, PipelineError, PredictJob, Remarks, Skips};
use earmark_data::{FeatureStore, ReadAs};
use earmark_engine::ScorerOutput;
use earmark_features::Extractor;
use earmark_index::Embeddings;
use earmark_runs::run_dir::ModelRef;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What to embed.
#[derive(Clone, Debug, Default)]
pub struct EmbedJob {
    /// The model: a file, RUN or RUN@STEP.
    pub model: String,
    /// A data folder.
    pub data: Option<PathBuf>,
    /// A subset of it; `None` is `test` if the data has one, else everything.
    pub subset: Option<String>,
    /// Single files.
    pub files: Vec<PathBuf>,
    /// How the folder is read where that differs from the model's recipe. Damaged recordings are salvaged unless it says otherwise.
    pub read: ReadAs,
    /// One row per segment instead of their mean per clip.
    pub segments: bool,
    /// Device by name.
    pub device: String,
}

/// Embeddings, and what became of the clips.
#[derive(Clone, Debug)]
pub struct EmbedResult {
    /// The rows.
    pub embeddings: Embeddings,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// What is missing of the others, and what contradicts their sound.
    pub remarks: Remarks,
}

/// Embeds all clips; those that can't be read have no row. `None` when stopped.
pub fn embed(
    job: &EmbedJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<EmbedResult>, PipelineError> {
    named_items(&job.files)?;
    let model = Model::open(&ModelRef::new(&job.model), &Device::named(&job.device)?)?;
    let (recipe, scorer) = (model.recipe(), model.scorer());
    let clips = PredictJob {
        data: job.data.clone(),
        subset: job.subset.clone(),
        files: job.files.clone(),
        read: job.read.clone(),
        ..PredictJob::default()
    };
    let (clips, mut skipped) = (find_clips(&clips, recipe)?, Skips::new());
    clips.report(observer, &mut skipped);
    let items = clips.items;
    let mut found = Embeddings::new(scorer.network.embedding_len(), job.segments);
    let seconds = 1.0 / scorer.extractor.frames_per_second();
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?
        .with_longest(recipe.predict.longest_seconds);
    let rows_job = SegmentRowsJob {
        scorer,
        output: ScorerOutput::Embeddings,
        items: &items,
        store: &store,
        observer,
        stop,
    };
    let whole = match job.segments {
        true => segment_rows(&rows_job, &mut skipped, |i, segments| {
            for (start, row) in segments.starts.iter().zip(segments.rows()) {
                found.push(&items[i].file, Some(*start as f64 * seconds), row);
            }
        })?,
        false => rows_for_means(&rows_job, &mut skipped, |i, segments| {
            found.push(&items[i].file, None, &segments.mean());
        })?,
    };
    Ok(whole.then(|| EmbedResult {
        embeddings: found,
        skipped,
        remarks: Remarks::of(&store),
    }))
}

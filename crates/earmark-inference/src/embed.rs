//! Embeddings of clips.

use crate::devices_by_name::Device;
use crate::model::Model;
use crate::predict::{find_clips, named_items};
use crate::segment_rows::{SegmentRowsJob, segment_rows};
use crate::{Observer, PipelineError, PredictJob, Skips};
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
    /// How the folder is read where that differs from the model's recipe.
    pub read: ReadAs,
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
    let rows_job = SegmentRowsJob {
        scorer,
        output: ScorerOutput::Embeddings,
        items: &items,
        store: &FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?,
        observer,
        stop,
    };
    let whole = segment_rows(&rows_job, &mut skipped, |i, segments| {
        if !job.segments {
            return found.push(&items[i].file, None, &segments.mean());
        }
        for (start, row) in segments.starts.iter().zip(segments.rows()) {
            found.push(&items[i].file, Some(*start as f64 * seconds), row);
        }
    })?;
    Ok(whole.then_some((found, skipped)))
}

//! Embeddings of clips.

use crate::devices_by_name::Device;
use crate::model::{Model, ModelPrecision};
use crate::predict::{check_named, find_clips};
use crate::segment_rows::{SegmentRowsJob, rows_for_means, segment_rows};
use crate::shards::{
    Shard, ShardCounts, ShardListing, ShardOutput, ShardRun, ShardSet, merged_rows, save_rows,
};
use crate::{Event, Observer, PipelineError, PredictJob, Remarks, Skips};
use earmark_data::{FeatureStore, ReadAs};
use earmark_engine::ScorerOutput;
use earmark_features::Extractor;
use earmark_index::Embeddings;
use earmark_models::Precision;
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
    /// Single files, and folders with all audio below them.
    pub files: Vec<PathBuf>,
    /// Only the recordings of this shard.
    pub shard: Option<Shard>,
    /// How the folder is read where that differs from the model's recipe. Damaged recordings are salvaged unless it
    /// says otherwise.
    pub read: ReadAs,
    /// One row per segment instead of their mean per clip.
    pub segments: bool,
    /// Device by name.
    pub device: String,
    /// What models score in; `None`: what their recipes say.
    pub precision: Option<Precision>,
}

/// Embeddings, and what became of the clips.
#[derive(Clone, Debug)]
pub struct EmbedResult {
    /// The rows.
    pub embeddings: Embeddings,
    /// What the model computed in.
    pub precision: ModelPrecision,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// What is missing of the others, and what contradicts their sound.
    pub remarks: Remarks,
    /// Which of all clips these are, where they are those of a shard.
    pub listing: Option<ShardListing>,
}

/// Embeds all clips; those that can't be read have no row. `None` when stopped. Each clip has forward passes of its
/// own, so that its embedding is the same to the last bit whatever else is embedded.
///
/// # Errors
///
/// For a model, a folder or a named file that can't be used; recordings that can't be read are not errors but skipped.
pub fn embed(
    job: &EmbedJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<EmbedResult>, PipelineError> {
    check_named(&job.files)?;
    let model = Model::open(
        &ModelRef::new(&job.model),
        &Device::named(&job.device)?.with_precision(job.precision),
    )?;
    embed_with(&model, job, observer, stop)
}

/// As [`embed`] with an opened model; `model` and `device` of the job are not used.
///
/// # Errors
///
/// As [`embed`].
pub fn embed_with(
    model: &Model,
    job: &EmbedJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<EmbedResult>, PipelineError> {
    check_named(&job.files)?;
    if let Some(note) = model.precision().note() {
        observer(Event::Note(note));
    }
    let (recipe, scorer) = (model.recipe(), model.scorer());
    let clips = PredictJob {
        data: job.data.clone(),
        subset: job.subset.clone(),
        files: job.files.clone(),
        shard: job.shard,
        read: job.read.clone(),
        ..PredictJob::default()
    };
    let (clips, mut skipped) = (find_clips(&clips, recipe)?, Skips::new());
    clips.report(observer, &mut skipped);
    let (items, listing) = (clips.items, clips.listing);
    let mut found = Embeddings::new(scorer.network.embedding_len(), job.segments);
    let seconds = 1.0 / scorer.extractor.frames_per_second();
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache.read_once())?
        .with_longest(recipe.predict.longest_seconds);
    let rows_job = SegmentRowsJob {
        scorer,
        output: ScorerOutput::Embeddings,
        items: &items,
        store: &store,
        observer,
        stop,
        own_passes: true,
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
        precision: model.precision(),
        skipped,
        remarks: Remarks::of(&store),
        listing,
    }))
}

impl EmbedResult {
    /// Writes the embeddings of a shard with its manifest.
    ///
    /// # Errors
    ///
    /// When they can't be written.
    pub fn save_shard(&self, run: &ShardRun) -> Result<(), PipelineError> {
        run.forget()?;
        save_rows(run, 0, &self.embeddings)?;
        let output = ShardOutput::Embed {
            width: self.embeddings.width,
            segments: self.embeddings.starts.is_some(),
            rows: self.embeddings.files.len(),
        };
        let counts = ShardCounts {
            skipped: self.skipped.clone(),
            damaged: self.remarks.damaged(),
            notes: self.remarks.notes(),
            done: run.listing.count_without(&self.skipped),
            ..ShardCounts::default()
        };
        Ok(run.write(output, Some(counts))?)
    }
}

/// The embeddings of all shards, in the order of an unsharded run.
///
/// # Errors
///
/// For shards of another command, and files that are missing or damaged.
pub fn merge_embeddings(set: &ShardSet) -> Result<Embeddings, PipelineError> {
    match set.manifests.first().map(|first| &first.output) {
        Some(ShardOutput::Embed { segments, .. }) => Ok(merged_rows(set, 0, *segments)?.0),
        _ => Err(set.of_another_command("embed")),
    }
}

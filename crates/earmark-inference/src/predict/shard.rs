//! Scores of a shard, model by model, and what becomes of the shards of an archive.
//!
//! A clip that can't be read gets the mean of all others, which no shard knows: rows are kept as each model gives them,
//! and are filled in and blended when all of them are there.

use super::mean_for_unreadable_clips::with_mean_for_unreadable;
use super::{
    ClipScores, Opened, PredictJob, PredictRun, Prediction, RecordingSegments, SegmentPrediction, blended,
    predict_segments,
};
use crate::model::{ModelPrecision, model_files};
use crate::shards::{
    PredictShard, ShardCounts, ShardListing, ShardOutput, ShardRun, ShardSet, merged_rows, save_rows,
};
use crate::{Observer, PipelineError, Remarks, Skips};
use earmark_data::ClipRemarks;
use earmark_index::Embeddings;
use earmark_metrics::ScoreTable;
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

/// Scores of the recordings of a shard.
#[derive(Clone, Debug)]
pub struct ShardScores {
    /// Which recordings of the archive these are.
    pub listing: ShardListing,
    /// Whether rows are segments, blended already.
    pub segments: bool,
    /// Classes of each model, and its rows: none for a recording that could not be read.
    pub tables: Vec<(Vec<String>, Embeddings)>,
    /// What each model scored in.
    pub precision: Vec<ModelPrecision>,
    /// Recordings that could not be read, or whose names no table can contain.
    pub skipped: Skips,
    /// What is missing of recordings that were scored, and what contradicts their sound.
    pub remarks: Remarks,
    /// Number of recordings that a model was trained or validated on.
    pub trained_on: usize,
}

/// Scores of all shards.
#[derive(Clone, Debug)]
pub enum MergedScores {
    /// A row per recording.
    Clips(Prediction),
    /// A row per segment.
    Segments(SegmentPrediction),
}

/// Scores the recordings of a shard with all models; `None` when stopped.
///
/// # Errors
///
/// As [`predict`](super::predict()), without a shard, and for stacked models, whose inputs need the scores of all
/// recordings.
pub fn predict_shard(
    job: &PredictJob,
    segments: bool,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ShardScores>, PipelineError> {
    if segments {
        let found = predict_segments(job, observer, stop)?;
        return found.map(of_segments).transpose();
    }
    let mut run = PredictRun::new(job, observer, stop)?;
    let (mut tables, mut listing) = (Vec::new(), None);
    for path in model_files(&job.models)? {
        run.open(&path)?;
        let Opened::Audio(model) = run.opened[&path].clone() else {
            return Err(PipelineError::Request(format!(
                "--shard: {} is a stacked model, which needs the scores of all recordings; predict with its base \
                 models in shards, or with it without --shard",
                path.display()
            )));
        };
        let Some(scores) = run.compute(&model, !job.raw)? else {
            return Ok(None);
        };
        if listing.is_some() && listing != scores.listing {
            return Err(PipelineError::Request(format!(
                "--shard: {} reads the folder differently from the first model; predict with one model at a time",
                path.display()
            )));
        }
        listing.clone_from(&scores.listing);
        tables.push(rows_of(scores));
    }
    Ok(Some(ShardScores {
        listing: listing.ok_or_else(without_shard)?,
        segments,
        tables,
        precision: run.precision,
        skipped: [run.unnamed, run.skipped].concat(),
        remarks: run.remarks,
        trained_on: run.trained_on.len(),
    }))
}

fn without_shard() -> PipelineError {
    PipelineError::Request("no shard is named".into())
}

fn rows_of(scores: ClipScores) -> (Vec<String>, Embeddings) {
    let mut rows = Embeddings::new(scores.classes.len(), false);
    for (file, row) in scores.files.iter().zip(&scores.rows) {
        if let Some(row) = row {
            rows.push(file, None, row);
        }
    }
    (scores.classes, rows)
}

fn of_segments(found: SegmentPrediction) -> Result<ShardScores, PipelineError> {
    let mut rows = Embeddings::new(found.classes.len(), true);
    for recording in &found.recordings {
        for (start, scores) in recording.rows() {
            rows.push(&recording.file, Some(start), scores);
        }
    }
    Ok(ShardScores {
        listing: found.listing.ok_or_else(without_shard)?,
        segments: true,
        tables: vec![(found.classes, rows)],
        precision: found.precision,
        skipped: found.skipped,
        remarks: found.remarks,
        trained_on: 0,
    })
}

impl ShardScores {
    /// Number of recordings that a model could read.
    pub fn scored(&self) -> usize {
        // All models could read the same ones where rows are segments.
        if self.segments {
            return self.listing.count_without(&self.skipped);
        }
        let files = self.tables.iter().flat_map(|(_, rows)| &rows.files);
        files.collect::<HashSet<_>>().len()
    }

    /// Writes the rows of a shard with its manifest, for a merge into a file of this format.
    ///
    /// # Errors
    ///
    /// When they can't be written.
    pub fn save(&self, run: &ShardRun, job: &PredictJob, format: &str) -> Result<(), PipelineError> {
        run.forget()?;
        for (table, (_, rows)) in self.tables.iter().enumerate() {
            save_rows(run, table, rows)?;
        }
        let (damaged, notes) = (self.remarks.damaged(), self.remarks.notes());
        let tables = self.tables.iter();
        let output = ShardOutput::Predict(PredictShard {
            format: format.to_owned(),
            segments: self.segments,
            tables: tables
                .map(|(classes, rows)| (classes.clone(), rows.files.len()))
                .collect(),
            mean: job.mean,
            weights: job
                .weights
                .as_ref()
                .map(|weights| weights.iter().map(f64::to_string).collect()),
            trained_on: self.trained_on,
        });
        let counts = ShardCounts {
            done: self.scored(),
            skipped: self.skipped.clone(),
            damaged,
            notes,
            ..ShardCounts::default()
        };
        Ok(run.write(output, Some(counts))?)
    }
}

/// The scores of all shards as one process would have made them, and the name of the format that they were to have.
///
/// # Errors
///
/// For shards of another command, and files that are missing or damaged.
pub fn merge_predictions(set: &ShardSet) -> Result<(MergedScores, String), PipelineError> {
    let Some(ShardOutput::Predict(first)) = set.manifests.first().map(|first| &first.output) else {
        return Err(set.of_another_command("predict"));
    };
    let scores = match first.segments {
        true => MergedScores::Segments(merged_segments(set, first)?),
        false => MergedScores::Clips(merged_clips(set, first)?),
    };
    Ok((scores, first.format.clone()))
}

fn merged_clips(set: &ShardSet, first: &PredictShard) -> Result<Prediction, PipelineError> {
    let names = set.files_in_order();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let (mut tables, mut is_read, mut reads_none) = (Vec::new(), vec![false; names.len()], false);
    for (table, (classes, _)) in first.tables.iter().enumerate() {
        let (found, places) = merged_rows(set, table, false)?;
        reads_none |= places.is_empty();
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; names.len()];
        for (row, place) in places.into_iter().enumerate() {
            rows[place] = Some(found.row(row).to_vec());
            is_read[place] = true;
        }
        let values = with_mean_for_unreadable(rows, classes.len());
        tables.push(ScoreTable::new(names.clone(), classes.clone(), values)?);
    }
    let weights = first.weights.as_deref().map(numbers).transpose()?;
    let mut trained_on = 0;
    for manifest in &set.manifests {
        if let ShardOutput::Predict(part) = &manifest.output {
            trained_on += part.trained_on;
        }
    }
    Ok(Prediction {
        scores: blended(tables, first.mean, weights.as_deref())?,
        // Each shard has said its own.
        precision: Vec::new(),
        skipped: set.counts().skipped,
        unread: is_read.iter().filter(|is_read| reads_none || !**is_read).count(),
        unnamed: Vec::new(),
        remarks: said(set),
        trained_on,
        has_held_out: false,
        single_label: false,
    })
}

fn merged_segments(set: &ShardSet, first: &PredictShard) -> Result<SegmentPrediction, PipelineError> {
    let (found, _) = merged_rows(set, 0, true)?;
    let mut recordings: Vec<RecordingSegments> = Vec::new();
    for (row, file) in found.files.iter().enumerate() {
        if recordings.last().is_none_or(|last| last.file != *file) {
            let file = file.clone();
            recordings.push(RecordingSegments {
                file,
                ..RecordingSegments::default()
            });
        }
        if let Some(last) = recordings.last_mut() {
            last.starts
                .push(found.starts.as_ref().map_or(0.0, |starts| starts[row]));
            last.scores.extend_from_slice(found.row(row));
        }
    }
    let classes = first.tables.first().map(|(classes, _)| classes.clone());
    Ok(SegmentPrediction {
        classes: classes.unwrap_or_default(),
        precision: Vec::new(),
        recordings,
        skipped: set.counts().skipped,
        remarks: said(set),
        listing: None,
    })
}

/// What was said about recordings, each in words.
fn said(set: &ShardSet) -> Remarks {
    let counts = set.counts();
    let mut remarks = Remarks::default();
    for (file, text) in counts.damaged.into_iter().chain(counts.notes) {
        let notes = vec![text];
        remarks.say(&file, ClipRemarks { damage: None, notes });
    }
    remarks
}

fn numbers(texts: &[String]) -> Result<Vec<f64>, PipelineError> {
    let numbers = texts.iter().map(|text| text.parse().ok());
    let none = || PipelineError::Request("--weights: the shards hold no numbers; run them again".into());
    numbers.collect::<Option<Vec<f64>>>().ok_or_else(none)
}

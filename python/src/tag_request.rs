//! What is asked of tagging, as the Python code writes it, and its results as that code reads them.

use crate::errors::{Failure, FailureKind};
use earmark::data::DamagedFiles;
use earmark::inference::ThresholdConfig;
use earmark::inference::tag::resume_log::TagOutcome;
use earmark::inference::tag::{EventScore, TagConfig, TagResult, TaggedRecording, WindowHop};
use earmark::metrics::BlendMean;
use serde::{Deserialize, Serialize};

/// The keyword arguments of `Model.tag`, by the names of the command's flags.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRequest {
    threshold: Vec<String>,
    windows: bool,
    window: Option<f64>,
    hop: Option<f64>,
    overlap: Option<f64>,
    classes: Vec<String>,
    release: f32,
    merge: f64,
    min_duration: f64,
    score: EventScore,
    top_k: Option<usize>,
    damaged: DamagedFiles,
}

impl TagRequest {
    /// As settings of a tagger.
    pub fn config(self, mean: BlendMean) -> Result<TagConfig, Failure> {
        let hop = match (self.hop, self.overlap) {
            (Some(hop), None) => WindowHop::Hop(hop),
            (None, Some(overlap)) => WindowHop::Overlap(overlap),
            (None, None) => WindowHop::Default,
            (Some(hop), Some(overlap)) => {
                return Err(Failure::new(
                    FailureKind::Config,
                    format!(
                        "hop = {hop}, overlap = {overlap}: both say where the next window begins; give one"
                    ),
                ));
            }
        };
        Ok(TagConfig {
            mean,
            window_seconds: self.window,
            hop,
            classes: self.classes,
            thresholds: ThresholdConfig::parse(&self.threshold)?,
            release: self.release,
            merge_seconds: self.merge,
            min_seconds: self.min_duration,
            event_score: self.score,
            top: self.top_k,
            windows: self.windows,
            damaged: self.damaged.into(),
            ..TagConfig::default()
        })
    }
}

/// A recording in JSON: its results, or why it has none.
#[derive(Serialize)]
struct RecordingAnswer<'a> {
    file: &'a str,
    error: Option<&'a str>,
    result: Option<&'a TagResult>,
}

/// What the results are of.
#[derive(Serialize)]
struct ArchiveAnswer<'a> {
    /// The detected classes, in the order of the scores.
    classes: &'a [String],
    recordings: Vec<RecordingAnswer<'a>>,
}

/// Results of several recordings.
#[derive(Default)]
pub struct TagAnswer {
    /// The detected classes, and one entry per recording, as JSON.
    pub json: String,
    /// Windows of each recording.
    pub windows: Vec<usize>,
    /// Start of each window, in seconds; those of one recording after those of the other.
    pub starts: Vec<f64>,
    /// Their ends.
    pub ends: Vec<f64>,
    /// Their scores, `[windows, detected classes]`.
    pub scores: Vec<f32>,
}

impl TagAnswer {
    /// Of recordings by a tagger's classes, and of files that were left out before any was read.
    pub fn of(
        classes: &[String],
        recordings: &[TaggedRecording],
        left_out: &[(String, String)],
    ) -> Result<Self, Failure> {
        let mut answer = Self::default();
        let tagged = recordings.iter().map(|recording| match &recording.outcome {
            TagOutcome::Tagged(result) => RecordingAnswer {
                file: &result.file,
                error: None,
                result: Some(result),
            },
            TagOutcome::Failed { file, reason } => RecordingAnswer {
                file,
                error: Some(reason),
                result: None,
            },
        });
        let left_out = left_out.iter().map(|(file, reason)| RecordingAnswer {
            file,
            error: Some(reason),
            result: None,
        });
        answer.json = serde_json::to_string(&ArchiveAnswer {
            classes,
            recordings: tagged.chain(left_out).collect(),
        })?;
        for recording in recordings {
            answer.windows.push(recording.windows.len());
            for window in &recording.windows {
                answer.starts.push(window.start);
                answer.ends.push(window.end);
                answer.scores.extend_from_slice(&window.scores);
            }
        }
        Ok(answer)
    }
}

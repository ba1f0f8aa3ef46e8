//! Settings of tagging.

use super::TagError;
use super::events::{EventRule, EventScore};
use crate::thresholds::{ClassThresholds, ThresholdConfig};
use crate::window_rule::{LONGEST_SECONDS, WindowHop};
use earmark_audio::Damaged;
use earmark_metrics::BlendMean;
use earmark_models::Precision;

/// What to detect, and how.
#[derive(Clone, Debug)]
pub struct TagConfig {
    /// Models: files, RUN, RUN@STEP or cross-validation runs; several are blended.
    pub models: Vec<String>,
    /// How several are blended.
    pub mean: BlendMean,
    /// Device by name.
    pub device: String,
    /// What models score in; `None`: what their recipes say.
    pub precision: Option<Precision>,
    /// Length of a window; `None` follows the [rule](crate::WindowRule).
    pub window_seconds: Option<f64>,
    /// Distance from one window to the next.
    pub hop: WindowHop,
    /// Names of the classes to detect; empty for all.
    pub classes: Vec<String>,
    /// Minimum scores for classes to count as detected.
    pub thresholds: ThresholdConfig,
    /// An event lasts while its score is at least this share of the threshold.
    pub release: f32,
    /// Events of a class with at most this gap are merged.
    pub merge_seconds: f64,
    /// Shorter events are dropped.
    pub min_seconds: f64,
    /// How the score of an event is computed.
    pub event_score: EventScore,
    /// Number of best classes to keep per recording (per window); `None` keeps all.
    pub top: Option<usize>,
    /// Whether scores of windows are kept.
    pub windows: bool,
    /// What becomes of recordings of which a part is missing or damaged.
    pub damaged: Damaged,
}

impl Default for TagConfig {
    /// The model's own windows and thresholds, all classes; what is whole of a damaged recording.
    fn default() -> Self {
        Self {
            models: Vec::new(),
            mean: BlendMean::Geometric,
            device: "cpu".into(),
            precision: None,
            window_seconds: None,
            hop: WindowHop::Default,
            classes: Vec::new(),
            thresholds: ThresholdConfig::default(),
            release: 0.8,
            merge_seconds: 0.0,
            min_seconds: 0.0,
            event_score: EventScore::default(),
            top: None,
            windows: false,
            damaged: Damaged::Salvage,
        }
    }
}

impl TagConfig {
    /// The rule of events with these thresholds.
    pub(super) fn event_rule(&self, thresholds: &ClassThresholds) -> EventRule {
        EventRule {
            thresholds: thresholds.values().to_vec(),
            release: self.release,
            merge_seconds: self.merge_seconds,
            min_seconds: self.min_seconds,
            score: self.event_score,
        }
    }
}

/// Refuses numbers that can't work.
pub(super) fn check(tag: &TagConfig) -> Result<(), TagError> {
    tag.thresholds.check()?;
    check_range("--release", f64::from(tag.release), 1.0)?;
    check_range("--merge", tag.merge_seconds, LONGEST_SECONDS)?;
    check_range("--min-duration", tag.min_seconds, LONGEST_SECONDS)?;
    if tag.top == Some(0) {
        return Err(TagError::Request(
            "--top-k 0: leaves no class; give 1 or more".into(),
        ));
    }
    Ok(())
}

fn check_range(flag: &str, value: f64, most: f64) -> Result<(), TagError> {
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    let range = match most == 1.0 {
        true => "from 0 to 1",
        false => "of seconds, 0 or more, at most a day (86400)",
    };
    Err(TagError::Request(format!(
        "{flag} {value}: give a number {range}"
    )))
}

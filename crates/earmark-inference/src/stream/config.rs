//! Settings of stream tagging.

use crate::PipelineError;
use crate::thresholds::ThresholdConfig;
use earmark_metrics::BlendMean;

/// Shortest time between scores: below, windows are nearly the same.
const SHORTEST_HOP_SECONDS: f64 = 0.01;

/// Longer windows are refused: one is computed at every hop.
const LONGEST_WINDOW_SECONDS: f64 = 120.0;

/// How to tag a stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run; several are blended.
    pub models: Vec<String>,
    /// How several models are blended.
    pub mean: BlendMean,
    /// Length of the window that is scored; `None` follows the [rule](crate::WindowRule).
    pub window_seconds: Option<f64>,
    /// Time between scores, at most a window; `None` follows the rule.
    pub hop_seconds: Option<f64>,
    /// Time constant of exponential smoothing over past scores; 0 means no smoothing.
    pub smooth_seconds: f64,
    /// Minimum scores for classes to count as detected.
    pub thresholds: ThresholdConfig,
    /// Whether to ignore the calibration in model files.
    pub raw: bool,
    /// Device by name.
    pub device: String,
}

impl StreamConfig {
    /// One model on the CPU, with its own windows and thresholds, without smoothing.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            models: vec![model.into()],
            mean: BlendMean::Geometric,
            window_seconds: None,
            hop_seconds: None,
            smooth_seconds: 0.0,
            thresholds: ThresholdConfig::default(),
            raw: false,
            device: "cpu".into(),
        }
    }

    /// Refuses numbers that can't work, whatever the model.
    pub(super) fn check(&self) -> Result<(), PipelineError> {
        let refused = |problem: String| Err(PipelineError::Request(problem));
        if let Some(window) = self.window_seconds
            && !(window > 0.0 && window <= LONGEST_WINDOW_SECONDS)
        {
            return refused(format!(
                "--window {window}: choose seconds above 0, at most {LONGEST_WINDOW_SECONDS}"
            ));
        }
        if let Some(hop) = self.hop_seconds
            && !(SHORTEST_HOP_SECONDS..=LONGEST_WINDOW_SECONDS).contains(&hop)
        {
            return refused(format!(
                "--hop {hop}: choose {SHORTEST_HOP_SECONDS} seconds or more, at most the length of a window"
            ));
        }
        let smooth = self.smooth_seconds;
        if !(0.0..=1e6).contains(&smooth) {
            return refused(format!(
                "--smooth {smooth}: choose seconds from 0 (off), such as 1"
            ));
        }
        self.thresholds.check()
    }
}

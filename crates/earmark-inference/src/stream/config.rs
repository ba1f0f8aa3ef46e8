//! Settings of stream tagging.

use crate::PipelineError;
use earmark_metrics::BlendMean;

/// Longest time between scores: later ones would not be live.
const LONGEST_HOP_SECONDS: f64 = 1.0;

/// Shortest: below, windows are nearly the same.
const SHORTEST_HOP_SECONDS: f64 = 0.01;

/// How to tag a stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run; several are blended.
    pub models: Vec<String>,
    /// How several models are blended.
    pub mean: BlendMean,
    /// Length of the window that is scored; `None` is one segment of each model.
    pub window_seconds: Option<f64>,
    /// Time between scores, at most a second.
    pub hop_seconds: f64,
    /// Time constant of exponential smoothing over past scores; 0 means no smoothing.
    pub smooth_seconds: f64,
    /// Whether to ignore the calibration in model files.
    pub raw: bool,
    /// Device by name.
    pub device: String,
}

impl StreamConfig {
    /// One model on the CPU, with its own window, scored twice a second without smoothing.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            models: vec![model.into()],
            mean: BlendMean::Geometric,
            window_seconds: None,
            hop_seconds: 0.5,
            smooth_seconds: 0.0,
            raw: false,
            device: "cpu".into(),
        }
    }

    /// Refuses times that can't work.
    pub(super) fn check(&self) -> Result<(), PipelineError> {
        let (hop, smooth) = (self.hop_seconds, self.smooth_seconds);
        if !(SHORTEST_HOP_SECONDS..=LONGEST_HOP_SECONDS).contains(&hop) {
            return Err(PipelineError::Request(format!(
                "--hop {hop}: choose {SHORTEST_HOP_SECONDS} to {LONGEST_HOP_SECONDS} seconds"
            )));
        }
        if !(0.0..=1e6).contains(&smooth) {
            return Err(PipelineError::Request(format!(
                "--smooth {smooth}: choose seconds from 0 (off), such as 1"
            )));
        }
        Ok(())
    }

    /// Share of the old scores that remains after a hop.
    pub(super) fn kept_share(&self) -> f64 {
        match self.smooth_seconds {
            s if s > 0.0 => (-self.hop_seconds / s).exp(),
            _ => 0.0,
        }
    }
}

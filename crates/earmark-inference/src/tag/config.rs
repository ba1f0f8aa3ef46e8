//! Settings of tagging, and the windows that follow from them.

use super::TagError;
use super::events::EventScore;
use super::result::milliseconds;
use super::windows::WindowGrid;
use earmark_metrics::BlendMean;

/// Minimum score for a class to count as detected, where neither the settings nor the model have one.
pub const THRESHOLD: f32 = 0.3;

/// Distance from one window to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WindowHop {
    /// The model's own, or half a window if its length is given.
    #[default]
    Default,
    /// Seconds from one start to the next.
    Hop(f64),
    /// Seconds that two neighbours share.
    Overlap(f64),
}

/// What to detect, and how.
#[derive(Clone, Debug)]
pub struct TagConfig {
    /// Models: files, RUN, RUN@STEP or cross-validation runs; several are blended.
    pub models: Vec<String>,
    /// How several are blended.
    pub mean: BlendMean,
    /// Device by name.
    pub device: String,
    /// Length of a window; `None` is the model's own.
    pub window_seconds: Option<f64>,
    /// Distance from one window to the next.
    pub hop: WindowHop,
    /// Names of the classes to detect; empty for all.
    pub classes: Vec<String>,
    /// Minimum score for a class to count as detected; `None` is the model's own threshold for each class, else 0.3.
    pub threshold: Option<f32>,
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
}

impl Default for TagConfig {
    /// The model's own windows and thresholds, all classes.
    fn default() -> Self {
        Self {
            models: Vec::new(),
            mean: BlendMean::Geometric,
            device: "cpu".into(),
            window_seconds: None,
            hop: WindowHop::Default,
            classes: Vec::new(),
            threshold: None,
            release: 0.8,
            merge_seconds: 0.0,
            min_seconds: 0.0,
            event_score: EventScore::default(),
            top: None,
            windows: false,
        }
    }
}

/// Refuses numbers that can't work.
pub(super) fn check(tag: &TagConfig) -> Result<(), TagError> {
    check_range("--threshold", tag.threshold.map(f64::from), 1.0)?;
    check_range("--release", Some(f64::from(tag.release)), 1.0)?;
    check_range("--merge", Some(tag.merge_seconds), f64::MAX)?;
    check_range("--min-duration", Some(tag.min_seconds), f64::MAX)?;
    if tag.top == Some(0) {
        return Err(TagError::Request(
            "--top-k 0: leaves no class; give 1 or more".into(),
        ));
    }
    Ok(())
}

fn check_range(flag: &str, value: Option<f64>, most: f64) -> Result<(), TagError> {
    let Some(wrong) = value.filter(|value| !(0.0..=most).contains(value)) else {
        return Ok(());
    };
    let range = match most == 1.0 {
        true => "from 0 to 1",
        false => "of seconds, 0 or more",
    };
    Err(TagError::Request(format!(
        "{flag} {wrong}: give a number {range}"
    )))
}

/// Windows in samples; `model` is the model's own window and hop.
pub(super) fn window_grid(
    tag: &TagConfig,
    rate_hz: u32,
    model: (usize, usize),
) -> Result<WindowGrid, TagError> {
    // A day: longer times were meant in another unit.
    const LONGEST_SECONDS: f64 = 86_400.0;
    let rate = f64::from(rate_hz);
    let samples = |flag: &str, seconds: f64| {
        let samples = (seconds * rate).round();
        if samples >= 1.0 && seconds <= LONGEST_SECONDS {
            return Ok(samples as usize);
        }
        Err(TagError::Request(format!(
            "{flag} {seconds}: give seconds, from {} (one sample) to {LONGEST_SECONDS}",
            1.0 / rate
        )))
    };
    let window = match tag.window_seconds {
        Some(seconds) => samples("--window", seconds)?,
        None => model.0,
    };
    let hop = match tag.hop {
        WindowHop::Default if tag.window_seconds.is_some() => window.div_ceil(2),
        WindowHop::Default => model.1.min(window),
        WindowHop::Hop(seconds) => samples("--hop", seconds)?,
        WindowHop::Overlap(seconds) => {
            check_range("--overlap", Some(seconds), f64::MAX)?;
            window.saturating_sub((seconds * rate).round() as usize)
        }
    };
    let seconds = |samples: usize| milliseconds(samples as f64 / rate);
    match tag.hop {
        WindowHop::Hop(given) if hop > window => Err(TagError::Request(format!(
            "--hop {given}: is longer than a window of {} s, so sound between windows would be missed; give at most that",
            seconds(window)
        ))),
        WindowHop::Overlap(given) if hop == 0 => Err(TagError::Request(format!(
            "--overlap {given}: must be less than a window of {} s; give less",
            seconds(window)
        ))),
        _ => Ok(WindowGrid::new(window, hop, rate_hz)),
    }
}

//! How long a window of a recording or stream is, and how far it is to the next one: one rule for tagging both.
//!
//! A window is as long as what the model was trained on: a segment of its training (`front-end.segments`), or
//! [`WHOLE_CLIP_SECONDS`] where training took clips whole. The next one starts [`HOP_SHARE`] of that later. Both can be given instead.

use crate::PipelineError;
use crate::model::{Model, samples_for};
use crate::tag::result::milliseconds;
use earmark_core::human::human_duration;
use earmark_features::Extractor;
use serde::{Serialize, Serializer};

/// Length of a window of a model that was trained on whole clips, so that no length is its own.
pub const WHOLE_CLIP_SECONDS: f64 = 2.0;

/// From one window to the next, as a share of a window's length.
pub const HOP_SHARE: f64 = 0.5;

/// Shorter windows and distances were meant in another unit, whatever the model.
const SHORTEST_SECONDS: f64 = 0.01;

/// A day: longer times were meant in another unit.
pub(crate) const LONGEST_SECONDS: f64 = 86_400.0;

/// Distance from one window to the next, as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WindowHop {
    /// [`HOP_SHARE`] of a window.
    #[default]
    Default,
    /// Seconds from one start to the next.
    Hop(f64),
    /// Seconds that two neighbours share.
    Overlap(f64),
}

/// Where the length of windows comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowLength {
    /// It was given.
    Given,
    /// A segment of the model's training.
    Trained,
    /// [`WHOLE_CLIP_SECONDS`], as training took clips whole.
    Default,
    /// The windows of an index.
    Index,
}

/// Windows, and why they are as long as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRule {
    window: usize,
    hop: usize,
    rate_hz: u32,
    length: WindowLength,
    hop_given: bool,
}

impl WindowRule {
    /// The windows of a model, or of models that begin with it, at its sample rate.
    ///
    /// # Errors
    ///
    /// For a length or distance that can't be, a window shorter than a frame of the model's spectrogram, and a distance
    /// longer than a window.
    pub fn new(model: &Model, window_seconds: Option<f64>, hop: WindowHop) -> Result<Self, PipelineError> {
        let rate_hz = model.sample_rate_hz();
        let rate = f64::from(rate_hz);
        let half = |window: usize| (HOP_SHARE * window as f64).ceil() as usize;
        let (length, window, own_hop) = match (window_seconds, trained_segment(model)?) {
            (Some(seconds), _) => {
                let window = samples("--window", seconds, shortest_window(model)?, rate)?;
                (WindowLength::Given, window, half(window))
            }
            (None, Some((window, hop))) => (WindowLength::Trained, window, hop),
            (None, None) => {
                let window = samples("the default window", WHOLE_CLIP_SECONDS, SHORTEST_SECONDS, rate)?;
                (WindowLength::Default, window, half(window))
            }
        };
        let rule = Self {
            window,
            hop: own_hop,
            rate_hz,
            length,
            hop_given: hop != WindowHop::Default,
        };
        Ok(Self {
            hop: rule.given_hop(hop)?,
            ..rule
        })
    }

    /// The windows of an index, in samples at the model's rate: the limits of what is given in seconds were heeded when
    /// they were chosen, and a time that was rounded to samples may be just below them.
    pub(crate) fn of_index(model: &Model, window: usize, hop: usize) -> Self {
        Self {
            window,
            hop,
            rate_hz: model.sample_rate_hz(),
            length: WindowLength::Index,
            hop_given: true,
        }
    }

    /// The distance in samples that is asked for, else the rule's own.
    fn given_hop(&self, hop: WindowHop) -> Result<usize, PipelineError> {
        let (rate, window) = (f64::from(self.rate_hz), milliseconds(self.seconds()));
        let refused = |problem: String| Err(PipelineError::Request(problem));
        match hop {
            WindowHop::Default => Ok(self.hop),
            WindowHop::Hop(seconds) => match samples("--hop", seconds, SHORTEST_SECONDS, rate)? {
                hop if hop > self.window => refused(format!(
                    "--hop {seconds}: is longer than a window of {window} s, so sound between windows would be missed; give at most that"
                )),
                hop => Ok(hop),
            },
            WindowHop::Overlap(seconds) if !(0.0..=f64::MAX).contains(&seconds) => refused(format!(
                "--overlap {seconds}: give a number of seconds, 0 or more"
            )),
            WindowHop::Overlap(seconds) => {
                match self.window.saturating_sub((seconds * rate).round() as usize) {
                    hop if (hop as f64) < SHORTEST_SECONDS * rate => refused(format!(
                        "--overlap {seconds}: must be less than a window of {window} s, by {SHORTEST_SECONDS} s or \
                         more; give less"
                    )),
                    hop => Ok(hop),
                }
            }
        }
    }

    /// Length of a window and distance to the next, in samples at the model's rate; at least 1.
    pub fn samples(&self) -> (usize, usize) {
        (self.window, self.hop)
    }

    /// Length of a window in seconds.
    pub fn seconds(&self) -> f64 {
        self.window as f64 / f64::from(self.rate_hz)
    }

    /// From one window to the next, in seconds.
    pub fn hop_seconds(&self) -> f64 {
        self.hop as f64 / f64::from(self.rate_hz)
    }

    /// Where the length comes from.
    pub fn length(&self) -> WindowLength {
        self.length
    }

    /// In a few words: `windows of 1.01 s every 500 ms (the length used in training, overlapping by half)`.
    pub fn describe(&self) -> String {
        let [window, hop] = [self.seconds(), self.hop_seconds()].map(human_duration);
        let length = match self.length {
            WindowLength::Given => "as given",
            WindowLength::Trained => "the length used in training",
            WindowLength::Default => "the default length, as training took clips whole",
            WindowLength::Index => "those of the index",
        };
        let overlap = match (self.length, self.hop_given) {
            (_, false) => ", overlapping by half",
            (WindowLength::Given | WindowLength::Index, true) => "",
            (_, true) => ", distance as given",
        };
        format!("windows of {window} every {hop} ({length}{overlap})")
    }
}

/// What programs read.
#[derive(Serialize)]
struct WindowFacts {
    seconds: f64,
    hop_seconds: f64,
    length: WindowLength,
    hop: &'static str,
}

impl Serialize for WindowRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = WindowFacts {
            seconds: milliseconds(self.seconds()),
            hop_seconds: milliseconds(self.hop_seconds()),
            length: self.length,
            hop: if self.hop_given { "given" } else { "half" },
        };
        facts.serialize(serializer)
    }
}

/// The samples of a time that is given, which is `shortest` seconds or more.
fn samples(flag: &str, seconds: f64, shortest: f64, rate: f64) -> Result<usize, PipelineError> {
    if (shortest..=LONGEST_SECONDS).contains(&seconds) {
        return Ok(((seconds * rate).round() as usize).max(1));
    }
    let least = match shortest > SHORTEST_SECONDS {
        true => " (a frame of the model's spectrogram)",
        false => "",
    };
    Err(PipelineError::Request(format!(
        "{flag} {seconds}: give seconds, from {shortest}{least} to {LONGEST_SECONDS}"
    )))
}

/// Seconds of the shortest window of a model, a frame of its spectrogram; not less, in ten thousandths.
fn shortest_window(model: &Model) -> Result<f64, PipelineError> {
    let extractor = Extractor::new(&model.recipe().front_end)?;
    let frame = extractor.frame_samples() as f64 / f64::from(model.sample_rate_hz());
    // A little less first, so that 0.025 stays what it is.
    Ok(((frame * 1e4 - 1e-6).ceil() / 1e4).max(SHORTEST_SECONDS))
}

/// The samples that fill a segment of training, and those that [`HOP_SHARE`] of its frames cover; `None` where training took clips
/// whole. Handcrafted features are one frame, of however many samples.
fn trained_segment(model: &Model) -> Result<Option<(usize, usize)>, PipelineError> {
    let front_end = &model.recipe().front_end;
    let extractor = Extractor::new(front_end)?;
    let Some(frames) = extractor.segment_frames().filter(|_| !front_end.handcrafted) else {
        return Ok(None);
    };
    let window = samples_for(&extractor, frames);
    let hop = HOP_SHARE * frames as f64 / extractor.frames_per_second() * f64::from(model.sample_rate_hz());
    Ok(Some((window, (hop.round() as usize).clamp(1, window))))
}

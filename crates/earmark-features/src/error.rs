//! What can go wrong, said with place, value and remedy.

/// A front end that cannot work. Its message names the key as it stands in the recipe.
///
/// ```
/// # use earmark_features::FrontEnd;
/// let mut front_end = FrontEnd::default();
/// front_end.stft.fft_samples = Some(512);
/// assert_eq!(
///     front_end.check().unwrap_err().to_string(),
///     "front-end.stft.fft-samples = 512: is shorter than the window of 1102 samples; \
///      give at least 1102, or leave it out for the next power of two"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {problem}; {remedy}")]
pub struct ConfigError {
    /// The key as in the recipe, e.g. `front-end.stft.hop-samples`.
    pub key: String,
    /// The value that was found there.
    pub value: String,
    /// Why it cannot work.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl ConfigError {
    /// An error at `front-end.<key>`.
    pub(crate) fn new(
        key: &str,
        value: impl ToString,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            key: format!("front-end.{key}"),
            value: value.to_string(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// Audio or an array that a front end cannot work on.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// The clip's rate is not the front end's; guessing would shift every frequency.
    #[error("the clip has {clip_hz} Hz and the front end wants {front_end_hz} Hz; resample the clip first")]
    SampleRate {
        /// The clip's rate in hertz.
        clip_hz: u32,
        /// The front end's rate in hertz.
        front_end_hz: u32,
    },
    /// A sample that no sound has: not a number, infinite, or a million times full scale.
    #[error(
        "sample {index} is {value}, and samples lie around -1 to 1; the file is damaged or was scaled twice"
    )]
    Sample {
        /// Its place, counted from 0.
        index: usize,
        /// What stands there.
        value: f32,
    },
    /// A clip whose summary would not fit into memory.
    #[error(
        "the clip has {seconds} s, and summary features are made of at most {max_seconds} s; cut it into pieces"
    )]
    TooLong {
        /// Its length in whole seconds.
        seconds: usize,
        /// The most.
        max_seconds: usize,
    },
    /// Too few frames for a delta window.
    #[error(
        "deltas over {width} frames need at least {width}, and this has {frames}; pad it first, \
         or make front-end.finish.deltas.width-frames smaller"
    )]
    TooFewFrames {
        /// Frames there are.
        frames: usize,
        /// Frames the delta window spans.
        width: usize,
    },
    /// An example that the features do not have.
    #[error("example {index} was asked for, and there are {count}, counted from 0")]
    NoSuchExample {
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A buffer or array whose length does not fit its shape.
    #[error(
        "{what} holds {got} numbers, and [channels {channels}, bands {bands}, frames {frames}] needs {needed}"
    )]
    Length {
        /// Which array.
        what: &'static str,
        /// Its length.
        got: usize,
        /// Channels of the shape.
        channels: usize,
        /// Bands of the shape.
        bands: usize,
        /// Frames of the shape.
        frames: usize,
        /// The length the shape needs; `usize::MAX` when it overflows.
        needed: usize,
    },
    /// An `.npy` file that is not `[channels, bands, frames]` of float32 in C order.
    #[error(
        "this is no features file: {0}; it must be an .npy of float32, C order, [channels, bands, frames]"
    )]
    Npy(String),
    /// Reading or writing failed.
    #[error("reading or writing features failed: {0}")]
    Io(#[from] std::io::Error),
}

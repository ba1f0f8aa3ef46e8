//! Audio and arrays that a front end can't process.

/// Audio or an array that a front end can't process.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// The clip's sample rate differs from the front end's; guessing would shift every frequency.
    #[error("the clip has {clip_hz} Hz and the front end needs {front_end_hz} Hz; resample the clip first")]
    SampleRate {
        /// The clip's rate in hertz.
        clip_hz: u32,
        /// The front end's rate in hertz.
        front_end_hz: u32,
    },
    /// A sample that no sound has: not a number, infinite, or a million times full scale.
    #[error(
        "sample {index} is {value}, but samples are around -1 to 1; the file is damaged or was scaled twice"
    )]
    Sample {
        /// Its index, counted from 0.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A clip whose handcrafted features would need too much memory.
    #[error(
        "the clip has {seconds} s, and handcrafted features take at most {max_seconds} s; cut it into shorter clips"
    )]
    TooLong {
        /// Its length in whole seconds.
        seconds: usize,
        /// The longest allowed.
        max_seconds: usize,
    },
    /// Fewer frames than a delta window spans.
    #[error(
        "deltas over {width} frames need at least {width}, and there are {frames}; pad the features, \
         or lower front-end.postprocess.deltas.width-frames"
    )]
    TooFewFrames {
        /// Frames available.
        frames: usize,
        /// Frames the delta window spans.
        width: usize,
    },
    /// A segment index beyond the last one.
    #[error("segment {index} does not exist; there are {count}, counted from 0")]
    NoSuchSegment {
        /// The index asked for.
        index: usize,
        /// Number of segments.
        count: usize,
    },
    /// A buffer or array whose length does not match its shape.
    #[error(
        "{what} holds {got} numbers, and [channels {}, bands {}, frames {}] needs {needed}",
        shape[0], shape[1], shape[2]
    )]
    Length {
        /// Which array.
        what: &'static str,
        /// Its length.
        got: usize,
        /// Channels, bands and frames.
        shape: [usize; 3],
        /// The length the shape needs; `usize::MAX` when it overflows.
        needed: usize,
    },
    /// An `.npy` file that is not `[channels, bands, frames]` of float32 in C order.
    #[error("not a features file: {0}; it must be an .npy of float32, C order, [channels, bands, frames]")]
    Npy(String),
    /// Reading or writing failed.
    #[error("reading or writing features failed: {0}")]
    Io(#[from] std::io::Error),
}

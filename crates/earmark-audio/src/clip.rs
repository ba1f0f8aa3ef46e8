//! A decoded recording: samples, where they came from, and what was done to them.

use std::fmt;

use serde::Serialize;

use crate::error::{Fault, FilePosition, Remains};

/// A mono recording.
///
/// Samples are nominally in -1 to 1. Integer formats are divided by two to the power of (bits - 1): a 16-bit sample by
/// 32,768, as in the DCASE 2019 baseline, so -1 is reachable and +1 is not. Float formats and lossy decoders may exceed
/// the range; nothing is clipped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clip {
    /// The samples, in time order.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate_hz: u32,
}

impl Clip {
    /// A clip of these samples at this rate.
    pub fn new(samples: Vec<f32>, sample_rate_hz: u32) -> Self {
        Self {
            samples,
            sample_rate_hz,
        }
    }

    /// Length in seconds; 0 for a clip without samples or without a rate.
    pub fn duration_seconds(&self) -> f64 {
        match self.sample_rate_hz {
            0 => 0.0,
            rate => self.samples.len() as f64 / f64::from(rate),
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are no samples at all.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AudioInfo {
    /// How the samples are encoded, for example `PCM 16-bit` or `Vorbis`.
    pub codec: String,
    /// The file format, for example `WAV` or `Ogg`.
    pub container: String,
    /// Sample rate of the file, before any resampling.
    pub sample_rate_hz: u32,
    /// Channels in the file, before the down-mix.
    pub channels: u16,
    /// Length in frames (samples per channel); `None` where only decoding would show it.
    pub frames: Option<u64>,
}

impl AudioInfo {
    pub(crate) fn new(
        codec: &str,
        container: &str,
        sample_rate_hz: u32,
        channels: u16,
        frames: Option<u64>,
    ) -> Self {
        Self {
            codec: codec.into(),
            container: container.into(),
            sample_rate_hz,
            channels,
            frames,
        }
    }

    /// Length in seconds, where the file states it.
    pub fn duration_seconds(&self) -> Option<f64> {
        let rate = f64::from(self.sample_rate_hz.max(1));
        self.frames.map(|frames| frames as f64 / rate)
    }
}

/// A remark on how a file became a clip; never a failure.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClipNote {
    /// A valid header without a single sample: the clip is empty.
    EmptyFile,
    /// The file has a different rate from the requested one.
    Resampled {
        /// Rate of the file in hertz.
        from: u32,
        /// Rate of the clip in hertz.
        to: u32,
    },
    /// The file has several channels; the clip is their mean.
    DownMixed {
        /// Channels of the file.
        channels: u16,
    },
    /// A count, a size or side information of the file says something else than its sound, which was read whole.
    Contradiction(String),
    /// The channels are nearly opposite, so that little is left of them in their mean.
    Cancels,
}

impl fmt::Display for ClipNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClipNote::EmptyFile => write!(f, "the file contains no samples"),
            ClipNote::Resampled { from, to } => write!(f, "resampled from {from} Hz to {to} Hz"),
            ClipNote::DownMixed { channels } => write!(f, "mixed down from {channels} channels to one"),
            ClipNote::Contradiction(what) => f.write_str(what),
            ClipNote::Cancels => write!(
                f,
                "its channels cancel each other out in the mean; read one of them, or turn the sign of one"
            ),
        }
    }
}

/// A clip with its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The samples: mono, at the requested rate.
    pub clip: Clip,
    /// What the file says about itself.
    pub source: AudioInfo,
    /// What was done to it, and anything unusual about it.
    pub notes: Vec<ClipNote>,
    /// Sound of the file that is not in the clip; always empty with [`Damaged::Refuse`].
    pub losses: Vec<LostSound>,
}

/// What to do with a recording of which a part is missing or can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damaged {
    /// The recording is an error: for training, where a gap would become data.
    #[default]
    Refuse,
    /// What decodes cleanly is used, and what is missing is listed as [`LostSound`]es.
    Salvage,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Rate of the samples; `None`: the file's own.
    pub sample_rate_hz: Option<u32>,
    /// What becomes of damaged recordings.
    pub damaged: Damaged,
}

/// Sound of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LostSound {
    /// What is wrong there.
    pub reason: String,
    /// Whether the file ends too early, rather than being damaged inside.
    pub is_cut_off: bool,
    /// Where in the file.
    pub at: FilePosition,
    /// How much sound is missing, where that is known.
    pub seconds: Option<f64>,
    /// How many bytes of the file were not used, where that is known.
    pub bytes: Option<u64>,
    /// Whether silence replaces it, so that what follows keeps its time.
    pub is_silence: bool,
}

impl LostSound {
    /// Sound that is missing because the file ends too early.
    pub(crate) fn cut_off(reason: impl Into<String>, at: impl Into<FilePosition>) -> Self {
        Self {
            is_cut_off: true,
            ..Self::damaged(reason, at)
        }
    }

    /// Sound that is damaged.
    pub(crate) fn damaged(reason: impl Into<String>, at: impl Into<FilePosition>) -> Self {
        Self {
            reason: reason.into(),
            is_cut_off: false,
            at: at.into(),
            seconds: None,
            bytes: None,
            is_silence: false,
        }
    }

    /// The fault that this is where damaged recordings are refused.
    pub(crate) fn into_fault(self) -> Fault {
        match self.is_cut_off {
            true => Fault::Truncated(self.reason, self.at, Remains::Sound),
            false => Fault::Corrupt(self.reason, self.at, Remains::Sound),
        }
    }
}

impl fmt::Display for LostSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.seconds, self.bytes) {
            (Some(seconds), _) => write!(f, "{seconds:.3} s are missing {}", self.at)?,
            (None, Some(bytes)) => write!(f, "{bytes} bytes are not used {}", self.at)?,
            (None, None) => write!(f, "something is missing {}", self.at)?,
        }
        write!(f, ": {}", self.reason)?;
        if self.is_silence {
            write!(f, " (silence replaces it)")?;
        }
        Ok(())
    }
}

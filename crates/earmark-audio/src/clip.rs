//! A decoded recording: samples, where they came from, and what was done to them.

use std::fmt;

use serde::Serialize;

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
    /// Length in seconds, where the file states it.
    pub fn duration_seconds(&self) -> Option<f64> {
        let rate = f64::from(self.sample_rate_hz.max(1));
        self.frames.map(|frames| frames as f64 / rate)
    }
}

/// A remark on how a file became a clip; never a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
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
}

impl fmt::Display for ClipNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClipNote::EmptyFile => write!(f, "the file contains no samples"),
            ClipNote::Resampled { from, to } => write!(f, "resampled from {from} Hz to {to} Hz"),
            ClipNote::DownMixed { channels } => write!(f, "mixed down from {channels} channels to one"),
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
}

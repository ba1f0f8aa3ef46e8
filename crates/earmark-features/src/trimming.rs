//! Silence at both ends of a clip, cut before anything else.

use crate::{error::ConfigError, whole};
use earmark_audio::{Trim, TrimPadding};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Cuts what is far softer than the loudest frame off both ends, as `librosa.effects.trim` does; see [`Trim`].
///
/// ```
/// let trimming: earmark_features::Trimming = toml::from_str("top-db = 60\nmin-seconds = 0.5")?;
/// let mut samples = vec![0.0; 30_000];
/// samples[10_000..20_000].fill(0.5);
/// assert_eq!(trimming.apply(&samples, 16_000).len(), 12_288);
/// // 12,288 samples of 44,100 a second are less than half a second.
/// assert_eq!(trimming.apply(&samples, 44_100).len(), 22_050);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Trimming {
    /// Frames this many decibels below the loudest are silent.
    pub top_db: f64,
    /// Length of a frame in samples.
    #[serde(deserialize_with = "whole::whole")]
    pub frame_samples: u32,
    /// Step from frame to frame in samples.
    #[serde(deserialize_with = "whole::whole")]
    pub hop_samples: u32,
    /// What the frames at both ends see beyond the clip.
    pub padding: TrimPadding,
    /// What is shorter than this after trimming becomes so long, as argus-2019 does it; see [`Self::apply`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_seconds: Option<f64>,
}

impl Default for Trimming {
    /// librosa's: 60 dB, frames of 2,048 samples every 512.
    fn default() -> Self {
        Self {
            top_db: 60.0,
            frame_samples: 2048,
            hop_samples: 512,
            padding: TrimPadding::default(),
            min_seconds: None,
        }
    }
}

/// Nobody means clips of hours by a shortest length; its samples are made up of zeros.
const LONGEST_MIN_SECONDS: f64 = 3_600.0;

impl Trimming {
    /// Checks every key.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, value: &dyn ToString, problem: &str, remedy: &str| {
            Err(ConfigError::new(key, value.to_string(), problem, remedy))
        };
        if !(self.top_db > 0.0 && self.top_db.is_finite()) {
            let problem = "is no distance in decibels";
            return refuse(
                "trim.top-db",
                &self.top_db,
                problem,
                "give a positive number; 60 is librosa's",
            );
        }
        // A step beyond the frame would leave samples that no frame hears.
        if self.hop_samples > self.frame_samples {
            let problem = format!("is longer than a frame of {} samples", self.frame_samples);
            let remedy = "give at most trim.frame-samples; a quarter of it is usual";
            return refuse("trim.hop-samples", &self.hop_samples, &problem, remedy);
        }
        match self.min_seconds {
            Some(seconds) if !(seconds > 0.0 && seconds <= LONGEST_MIN_SECONDS) => {
                let problem = "is no shortest length of a clip";
                let remedy = "give seconds above 0, such as 0.5, or leave it out";
                refuse("trim.min-seconds", &seconds, problem, remedy)
            }
            _ => Ok(()),
        }
    }

    /// The samples without the silence at their ends. Without a sound at all, all of them stay.
    ///
    /// Where `min-seconds` is given, a shorter result is replaced by as many samples around a middle, or by zeros on both
    /// sides (the odd one behind) where there are not so many.
    pub fn apply<'a>(&self, samples: &'a [f32], sample_rate_hz: u32) -> Cow<'a, [f32]> {
        let trim = Trim {
            top_db: self.top_db,
            frame_samples: self.frame_samples as usize,
            hop_samples: self.hop_samples as usize,
            padding: self.padding,
        };
        let range = trim.range(samples);
        let wanted = (self.min_seconds.unwrap_or(0.0) * f64::from(sample_rate_hz)) as usize;
        if range.len() >= wanted {
            return Cow::Borrowed(&samples[range]);
        }
        // Quirk(argus): the middle is half the length of what was left, counted from the start of the clip BEFORE trimming: it
        // forgets where the sound began, so that a short sound late in a clip may be lost.
        let middle = range.len() / 2;
        let start = middle.saturating_sub(wanted / 2);
        let end = (middle + wanted / 2).min(samples.len());
        let cut = &samples[start.min(end)..end];
        if cut.len() >= wanted {
            return Cow::Borrowed(cut);
        }
        let before = (wanted - cut.len()) / 2;
        let mut padded = vec![0.0; wanted];
        padded[before..before + cut.len()].copy_from_slice(cut);
        Cow::Owned(padded)
    }
}

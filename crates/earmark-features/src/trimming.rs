//! Silence at both ends of a clip, cut off before anything else.
//!
//! After `librosa.effects.trim` (B. McFee et al., "librosa: Audio and music signal analysis in Python", SciPy 2015):
//! frames whose mean square is more than `top-db` below the loudest frame's are silent; everything from the first frame
//! that is not silent to the last one stays.

use crate::{front_end::MOST_OVERLAP, positive_integer, stft::mirror};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, ops::Range};

/// Lowest power that counts: librosa's `amin`. In a silent clip every frame is as loud as the loudest, so nothing is
/// trimmed.
const MIN_POWER: f64 = 1e-10;

/// How a signal continues before its start and after its end, where the first and last frames reach beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrimPadding {
    /// The signal mirrored, without repeating its end sample: librosa up to 0.9, and so the Freesound systems.
    #[default]
    Reflect,
    /// Zeros: librosa from 0.10.
    Zeros,
}

/// Cuts off both ends what is far softer than the loudest frame, as `librosa.effects.trim` does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Trimming {
    /// Frames this many decibels below the loudest one are silent. Default: 60.
    pub top_db: f64,
    /// Length of a frame in samples. Default: 2048.
    #[serde(deserialize_with = "positive_integer::required")]
    pub frame_samples: u32,
    /// Distance between frames in samples. Default: 512.
    #[serde(deserialize_with = "positive_integer::required")]
    pub hop_samples: u32,
    /// What frames at both ends see beyond the clip.
    pub padding: TrimPadding,
    /// Shortest clip in seconds; a clip that is shorter after trimming gets this length, as in argus-2019; left out,
    /// no limit.
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

/// What trimming leaves of a recording: some of its samples, with zeros around them where `min-seconds` asks for more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrimmedSpan {
    /// The samples that stay.
    pub samples: Range<usize>,
    /// Zeros before them.
    pub zeros_before: usize,
    /// Zeros after them.
    pub zeros_after: usize,
}

impl TrimmedSpan {
    /// Samples and zeros together.
    pub fn len(&self) -> usize {
        self.zeros_before + self.samples.len() + self.zeros_after
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Limit of `frame-samples`: every frame is summed from its start.
const LONGEST_FRAME: u32 = 1 << 20;

/// Limit of `min-seconds`, which pads clips with zeros.
const LONGEST_MIN_SECONDS: f64 = 3_600.0;

impl Check for Trimming {
    fn check(&self) -> Result<(), ConfigError> {
        let positive = self.top_db > 0.0 && self.top_db.is_finite();
        let remedy = "must be a positive number of decibels; librosa's is 60";
        ConfigError::unless(positive, "top-db", self.top_db, remedy)?;
        // A hop beyond the frame would skip samples.
        let (hop, frame) = (self.hop_samples, self.frame_samples);
        let remedy = format!("must be 1 to {LONGEST_FRAME}; librosa's is 2048");
        ConfigError::check_range("frame-samples", frame, 1..=LONGEST_FRAME, &remedy)?;
        let remedy = "give at most front-end.trim.frame-samples; a quarter of it is usual";
        ConfigError::unless(hop <= frame, "hop-samples", hop, remedy)
            .map_err(|error| error.because(format!("is longer than a frame of {frame} samples")))?;
        let least = (frame as usize).div_ceil(MOST_OVERLAP);
        let remedy = format!("give at least {least}; a quarter of front-end.trim.frame-samples is usual");
        ConfigError::unless(hop as usize >= least, "hop-samples", hop, remedy).map_err(|error| {
            let times = frame.checked_div(hop).unwrap_or(frame);
            error.because(format!(
                "would put each sample into {times} frames of {frame} samples"
            ))
        })?;
        let seconds = self.min_seconds.unwrap_or(LONGEST_MIN_SECONDS);
        let remedy = format!(
            "must be above 0 and at most {LONGEST_MIN_SECONDS}, for example 0.5; leave it out for no limit"
        );
        let in_range = seconds > 0.0 && seconds <= LONGEST_MIN_SECONDS;
        ConfigError::unless(in_range, "min-seconds", seconds, remedy)
    }
}

impl Trimming {
    /// The samples between the silence at both ends; an empty signal, or one without any frame that is loud enough,
    /// gives an empty range.
    ///
    /// ```
    /// let mut samples = vec![0.0; 30_000];
    /// samples[10_000..20_000].fill(0.5);
    /// // Whole hops of 512, with half a frame before and after.
    /// assert_eq!(earmark_features::Trimming::default().range(&samples), 9_216..21_504);
    /// ```
    pub fn range(&self, samples: &[f32]) -> Range<usize> {
        let len = samples.len();
        let power = |k| self.frame_power(k, samples, 0, len);
        let powers: Vec<f64> = (0..self.frames(len)).map(power).collect();
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        let audible = |&power: &f64| self.is_audible(power, loudest);
        let first_and_last = powers
            .iter()
            .position(audible)
            .zip(powers.iter().rposition(audible));
        self.range_of_frames(first_and_last, len)
    }

    /// Frames of a signal of `len` samples; frame k is centred on sample k x hop.
    pub(crate) fn frames(&self, len: usize) -> usize {
        let frame = self.frame_samples as usize;
        if len == 0 || frame == 0 {
            return 0;
        }
        let beyond = (len + 2 * (frame / 2)).checked_sub(frame);
        beyond.map_or(0, |beyond| beyond / self.hop() + 1)
    }

    /// Samples between frames.
    pub(crate) fn hop(&self) -> usize {
        self.hop_samples.max(1) as usize
    }

    /// The mean square of frame `k` of a signal of `len` samples, of which `part` are those from `first` on: all that
    /// the frame sees.
    pub(crate) fn frame_power(&self, k: usize, part: &[f32], first: usize, len: usize) -> f64 {
        let frame = self.frame_samples as usize;
        let half = frame / 2;
        let square = |x: f32| f64::from(x) * f64::from(x);
        // Indices count from the start of the padding; the signal begins at `half`.
        let (start, end) = (k * self.hop(), k * self.hop() + frame);
        let inside = start.clamp(half, half + len)..end.clamp(half, half + len);
        let core = &part[inside.start - half - first..inside.end - half - first];
        let core: f64 = core.iter().map(|&x| square(x)).sum();
        let edge: f64 = match self.padding {
            TrimPadding::Zeros => 0.0,
            TrimPadding::Reflect => (start..inside.start.min(end))
                .chain(inside.end.max(start)..end)
                .map(|at| square(part[mirror(at, half, len) - first]))
                .sum(),
        };
        (core + edge) / frame as f64
    }

    /// Whether a frame of this power is loud enough to stay, next to the loudest one.
    pub(crate) fn is_audible(&self, power: f64, loudest: f64) -> bool {
        let decibels = |power: f64| 10.0 * power.max(MIN_POWER).log10();
        decibels(power) - decibels(loudest) > -self.top_db
    }

    /// The samples from the first audible frame to the last one.
    pub(crate) fn range_of_frames(&self, first_and_last: Option<(usize, usize)>, len: usize) -> Range<usize> {
        let Some((first, last)) = first_and_last else {
            return 0..0;
        };
        let end = ((last + 1) * self.hop()).min(len);
        (first * self.hop()).min(end)..end
    }

    /// What [`apply`](Self::apply) makes of a signal of `len` samples with this [`range`](Self::range).
    pub(crate) fn span(&self, range: Range<usize>, len: usize, sample_rate_hz: u32) -> TrimmedSpan {
        let wanted = (self.min_seconds.unwrap_or(0.0) * f64::from(sample_rate_hz)) as usize;
        let samples = match range.len() >= wanted {
            true => range,
            false => {
                // Quirk(argus): the middle is half the trimmed length, counted from the start of the clip BEFORE
                // trimming: the start of the sound is ignored, so that a short sound late in a clip may be lost.
                let middle = range.len() / 2;
                let end = (middle + wanted / 2).min(len);
                middle.saturating_sub(wanted / 2).min(end)..end
            }
        };
        let missing = wanted.saturating_sub(samples.len());
        TrimmedSpan {
            samples,
            zeros_before: missing / 2,
            zeros_after: missing - missing / 2,
        }
    }

    /// The samples without the silence at both ends. A silent clip stays whole.
    ///
    /// With `min-seconds`, a shorter result is replaced by that many samples around a middle, padded with zeros on both
    /// sides (the odd one at the end) where the clip has fewer.
    ///
    /// ```
    /// let trimming: earmark_features::Trimming = toml::from_str("top-db = 60\nmin-seconds = 0.5")?;
    /// let mut samples = vec![0.0; 30_000];
    /// samples[10_000..20_000].fill(0.5);
    /// assert_eq!(trimming.apply(&samples, 16_000).len(), 12_288);
    /// // At 44.1 kHz, 12,288 samples are less than half a second.
    /// assert_eq!(trimming.apply(&samples, 44_100).len(), 22_050);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply<'a>(&self, samples: &'a [f32], sample_rate_hz: u32) -> Cow<'a, [f32]> {
        let span = self.span(self.range(samples), samples.len(), sample_rate_hz);
        let cut = &samples[span.samples.clone()];
        if span.len() == cut.len() {
            return Cow::Borrowed(cut);
        }
        let mut padded = vec![0.0; span.len()];
        padded[span.zeros_before..][..cut.len()].copy_from_slice(cut);
        Cow::Owned(padded)
    }
}

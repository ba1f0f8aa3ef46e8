//! Trims silence at both ends, as librosa does.
//!
//! After `librosa.effects.trim` (B. McFee et al., "librosa: Audio and music signal analysis in Python", SciPy 2015):
//! frames whose mean square is more than `top-db` below the loudest frame's are silent; everything from the first frame that
//! is not silent to the last one stays.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::clip::Clip;

/// Lowest power that counts: librosa's `amin`. In a silent clip every frame is as loud as the loudest, so nothing is trimmed.
const MIN_POWER: f64 = 1e-10;

/// How a signal continues before its start and after its end, where the first and last frames reach beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrimPadding {
    /// The signal mirrored, without repeating its end sample: librosa up to 0.9, and so the Freesound systems.
    #[default]
    Reflect,
    /// Zeros: librosa from 0.10.
    Zeros,
}

/// How to trim silence off both ends of a clip.
///
/// ```
/// use earmark_audio::{Clip, Trim};
/// let mut samples = vec![0.0; 30_000];
/// samples[10_000..20_000].fill(0.5);
/// let clip = Clip::new(samples, 44_100);
/// // Whole hops of 512, with half a frame before and after.
/// assert_eq!(Trim::default().range(&clip.samples), 9_216..21_504);
/// assert_eq!(Trim::default().apply(&clip).len(), 12_288);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Trim {
    /// Frames this many decibels below the loudest count as silent. Default 60.
    pub top_db: f64,
    /// Length of a frame in samples. Default 2048.
    pub frame_samples: usize,
    /// Step from frame to frame in samples; 0 counts as 1. Default 512.
    pub hop_samples: usize,
    /// How the signal continues beyond its ends: `reflect` (default) or `zeros`.
    pub padding: TrimPadding,
}

impl Default for Trim {
    fn default() -> Self {
        Self {
            top_db: 60.0,
            frame_samples: 2048,
            hop_samples: 512,
            padding: TrimPadding::Reflect,
        }
    }
}

impl Trim {
    /// The samples that stay; an empty signal, or one without any frame that is loud enough, gives an empty range.
    pub fn range(&self, samples: &[f32]) -> Range<usize> {
        let hop = self.hop_samples.max(1);
        let powers = self.frame_powers(samples, hop);
        let decibels = |power: f64| 10.0 * power.max(MIN_POWER).log10();
        let loudest = decibels(powers.iter().copied().fold(0.0, f64::max));
        let audible = |&power: &f64| decibels(power) - loudest > -self.top_db;
        match (powers.iter().position(audible), powers.iter().rposition(audible)) {
            (Some(first), Some(last)) => {
                let end = ((last + 1) * hop).min(samples.len());
                (first * hop).min(end)..end
            }
            _ => 0..0,
        }
    }

    /// The clip without the silence at its ends.
    pub fn apply(&self, clip: &Clip) -> Clip {
        clip.slice(self.range(&clip.samples))
    }

    /// The mean square of each frame; frame k is centred on sample k x hop.
    fn frame_powers(&self, samples: &[f32], hop: usize) -> Vec<f64> {
        if samples.is_empty() || self.frame_samples == 0 {
            return Vec::new();
        }
        let half = self.frame_samples / 2;
        let square = |x: f32| f64::from(x) * f64::from(x);
        // Indices count from the start of the padding; the signal begins at `half`.
        let padded_len = samples.len() + 2 * half;
        let frames = if padded_len < self.frame_samples {
            0
        } else {
            (padded_len - self.frame_samples) / hop + 1
        };
        (0..frames)
            .map(|k| {
                let (start, end) = (k * hop, k * hop + self.frame_samples);
                let inside = start.clamp(half, half + samples.len())..end.clamp(half, half + samples.len());
                let core: f64 = samples[inside.start - half..inside.end - half]
                    .iter()
                    .map(|&x| square(x))
                    .sum();
                let edge: f64 = match self.padding {
                    TrimPadding::Zeros => 0.0,
                    TrimPadding::Reflect => (start..inside.start.min(end))
                        .chain(inside.end.max(start)..end)
                        .map(|at| square(samples[mirror(at, half, samples.len())]))
                        .sum(),
                };
                (core + edge) / self.frame_samples as f64
            })
            .collect()
    }
}

/// The sample at an index of the padded signal: back and forth without repeating the ends, as often as needed.
fn mirror(at: usize, half: usize, len: usize) -> usize {
    if len == 1 {
        return 0;
    }
    let period = 2 * (len - 1);
    // `at - half`, made positive by whole periods.
    let index = (at + half.div_ceil(period) * period - half) % period;
    if index < len { index } else { period - index }
}

//! Clips shorter than an example, filled up to its length.

use earmark_features::Features;
use serde::{Deserialize, Serialize};

use super::{Shape, minimum};
use crate::setting::SettingError;
use earmark_core::random::{self, ChaCha8Rng};

/// Fills a clip up to the frames of an example. Longer clips stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pad {
    /// With what.
    pub fill: PadFill,
    /// Where the clip lies then.
    pub place: PadPlace,
}

/// What fills the frames that a clip does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadFill {
    /// The smallest value of the clip.
    #[default]
    Minimum,
    /// The clip again and again, as numpy's `pad` does in the mode `wrap`.
    Wrap,
    /// The clip mirrored at its ends, again and again, the outermost frames doubled, as numpy's `pad` does in the mode `symmetric`.
    Symmetric,
    /// A fixed value, in the unit of the features.
    Constant(f32),
}

/// Where a short clip lies in its example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadPlace {
    /// In the middle, the odd frame of filling at the end (argus-2019).
    #[default]
    Centre,
    /// Anywhere (mobilenetv2-pca-2018).
    Random,
    /// At the start.
    Start,
}

/// Filling as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Padding {
    /// Frames of filling in front of the clip.
    pub before: usize,
    /// Frames of clip and filling together; never fewer than the clip's.
    pub frames: usize,
    /// With what.
    pub fill: PadFill,
}

impl Pad {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        match self.fill {
            PadFill::Constant(value) if !value.is_finite() => Err(SettingError::new(
                section,
                "fill.constant",
                value,
                "must be a finite number",
            )),
            _ => Ok(()),
        }
    }

    /// Draws how a clip of this shape is filled up to `frames`.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape, frames: usize) -> Padding {
        let missing = frames.saturating_sub(shape.frames);
        let before = match self.place {
            PadPlace::Centre => missing / 2,
            PadPlace::Random => random::below(rng, missing + 1),
            PadPlace::Start => 0,
        };
        Padding {
            before,
            frames: frames.max(shape.frames),
            fill: self.fill,
        }
    }
}

impl Padding {
    /// The clip with its filling: `[channels, bands, frames]`. A clip without frames has nothing to repeat and becomes zeros.
    pub fn apply(&self, clip: &Features) -> Features {
        let (length, frames) = (clip.frames, self.frames.max(self.before + clip.frames));
        let value = match self.fill {
            PadFill::Constant(value) => value,
            PadFill::Minimum | PadFill::Wrap | PadFill::Symmetric => minimum(&clip.data),
        };
        let mut data = vec![value; clip.channels * clip.bands * frames];
        for (row, out) in clip.rows().zip(data.chunks_exact_mut(frames.max(1))) {
            out[self.before..][..length].copy_from_slice(row);
            let outside = (0..self.before).chain(self.before + length..frames);
            match self.fill {
                PadFill::Wrap if length > 0 => {
                    // Frame t shows (t - before) modulo the length; `shift` makes the difference positive.
                    let shift = length - self.before % length;
                    outside.for_each(|t| out[t] = row[(t + shift) % length]);
                }
                PadFill::Symmetric if length > 0 => {
                    // There and back again: a period of twice the length.
                    let period = 2 * length;
                    let shift = period - self.before % period;
                    outside.for_each(|t| {
                        let at = (t + shift) % period;
                        out[t] = row[at.min(period - 1 - at)];
                    });
                }
                _ => {}
            }
        }
        Features {
            frames,
            data,
            clip_features: Vec::new(),
            ..*clip
        }
    }
}

//! Fills clips shorter than a segment up to its length.

use std::borrow::Cow;

use derive_more::Display;
use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{Drawing, Effect, SpectrogramAugmentation, SpectrogramChange, minimum};
use crate::augment::bounds::check_finite;

/// Fills a clip up to the length of a segment. Longer clips stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pad {
    /// What fills the missing frames.
    pub fill: PadFill,
    /// Where in the segment the clip is placed.
    pub place: PadPlace,
}

/// What fills the missing frames.
#[derive(Clone, Copy, Debug, Default, Display, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadFill {
    /// The smallest value of the clip.
    #[default]
    #[display("filled with its minimum")]
    Minimum,
    /// The clip repeated, as in numpy's `pad` with mode `wrap`.
    #[display("repeated")]
    Wrap,
    /// The clip mirrored at its ends again and again, as in numpy's `pad` with mode `symmetric`.
    #[display("mirrored")]
    Symmetric,
    /// A fixed value, in the unit of the features.
    #[display("filled with {_0}")]
    Constant(f32),
}

/// Where in the segment a short clip is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PadPlace {
    /// In the middle; an odd frame of filling goes to the end (argus-2019).
    #[default]
    Centre,
    /// Anywhere (mobilenetv2-pca-2018).
    Random,
    /// At the start.
    Start,
}

impl Check for Pad {
    fn check(&self) -> Result<(), ConfigError> {
        match self.fill {
            PadFill::Constant(value) => check_finite("fill.constant", value),
            _ => Ok(()),
        }
    }
}

impl SpectrogramAugmentation for Pad {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let (frames, shape) = (drawing.context.segment_frames, drawing.shape);
        let missing = frames.saturating_sub(shape.frames);
        let before = match self.place {
            PadPlace::Centre => missing / 2,
            PadPlace::Random => random::below(drawing.rng, missing + 1),
            PadPlace::Start => 0,
        };
        drawing.push(Some(ClipPadding {
            before,
            frames: frames.max(shape.frames),
            fill: self.fill,
        }));
    }

    fn has(&self, effect: Effect) -> bool {
        effect == Effect::Pads
    }
}

/// Filling as drawn.
#[derive(Clone, Copy, Debug, Display, PartialEq)]
#[display("{fill} to {frames} frames")]
pub struct ClipPadding {
    /// Frames of filling before the clip.
    pub before: usize,
    /// Frames of clip and filling together; never fewer than the clip's.
    pub frames: usize,
    /// What fills them.
    pub fill: PadFill,
}

impl SpectrogramChange for ClipPadding {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        if self.frames > features.frames {
            *features = Cow::Owned(self.pad(features));
        }
    }

    fn frames_after(&self, _: usize) -> usize {
        self.frames
    }
}

impl ClipPadding {
    /// The clip with its filling: `[channels, bands, frames]`. A clip without frames has nothing to repeat and becomes zeros.
    pub fn pad(&self, clip: &Features) -> Features {
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

//! Cuts one segment from anywhere in a clip.

use std::borrow::Cow;
use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{
    AugmentContext, Effects, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape,
};
use super::pad::{ClipPadding, PadFill};

/// Cuts a segment out of a clip at a random place; shorter clips are first filled with their minimum. With this in its list,
/// a recipe trains on one segment per clip and epoch instead of the regular ones of `front-end.segments`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RandomCrop {}

impl Check for RandomCrop {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl SpectrogramAugmentation for RandomCrop {
    type Change = FrameCrop;

    /// Each start is equally likely.
    fn draw(
        &self,
        rng: &mut ChaCha8Rng,
        shape: SpectrogramShape,
        context: AugmentContext,
    ) -> Option<FrameCrop> {
        let frames = context.segment_frames;
        Some(FrameCrop {
            start: random::below(rng, shape.frames.saturating_sub(frames) + 1),
            frames,
        })
    }

    fn effects(&self) -> Effects {
        Effects {
            crops: true,
            ..Effects::default()
        }
    }
}

/// A range of frames as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameCrop {
    /// The first frame.
    pub start: usize,
    /// Number of frames.
    pub frames: usize,
}

impl SpectrogramChange for FrameCrop {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        *features = Cow::Owned(self.cut(features));
    }

    fn frames_after(&self, _: usize) -> usize {
        self.frames
    }
}

impl fmt::Display for FrameCrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frames {} to {}", self.start, self.start + self.frames)
    }
}

impl FrameCrop {
    /// These frames of a clip: `[channels, bands, frames]`.
    pub fn cut(&self, clip: &Features) -> Features {
        let mut clip = Cow::Borrowed(clip);
        let end = self.start + self.frames;
        if clip.frames < end {
            let padding = ClipPadding {
                before: (end - clip.frames) / 2,
                frames: end,
                fill: PadFill::Minimum,
            };
            clip = Cow::Owned(padding.pad(&clip));
        }
        Features {
            channels: clip.channels,
            bands: clip.bands,
            frames: self.frames,
            data: clip
                .rows()
                .flat_map(|row| &row[self.start..end])
                .copied()
                .collect(),
            clip_features: Vec::new(),
        }
    }
}

//! One example from anywhere in a clip.

use std::borrow::Cow;

use earmark_features::Features;
use serde::{Deserialize, Serialize};

use super::Shape;
use super::pad::Pad;
use earmark_core::random::{self, ChaCha8Rng};

/// Cuts an example's frames out of a clip, at a random place. What is shorter is filled first, as [`Pad::default`] does.
///
/// With this in its list, a recipe trains on one example a clip and epoch instead of the front end's regular ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RandomCrop {}

/// A stretch of frames as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first frame.
    pub start: usize,
    /// How many.
    pub frames: usize,
}

impl RandomCrop {
    /// Draws `frames` of a clip of this shape; each start is equally likely.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape, frames: usize) -> Window {
        Window {
            start: random::below(rng, shape.frames.saturating_sub(frames) + 1),
            frames,
        }
    }
}

impl Window {
    /// The stretch: `[channels, bands, frames]`.
    pub fn apply(&self, clip: &Features) -> Features {
        let mut clip = Cow::Borrowed(clip);
        if clip.frames < self.start + self.frames {
            let missing = self.start + self.frames - clip.frames;
            let padding = super::Padding {
                before: missing / 2,
                frames: self.start + self.frames,
                fill: Pad::default().fill,
            };
            clip = Cow::Owned(padding.apply(&clip));
        }
        let mut data = Vec::with_capacity(clip.channels * clip.bands * self.frames);
        for row in clip.rows() {
            data.extend_from_slice(&row[self.start..][..self.frames]);
        }
        Features {
            channels: clip.channels,
            bands: clip.bands,
            frames: self.frames,
            data,
            clip_features: Vec::new(),
        }
    }
}

//! Cuts one segment from anywhere in a clip.

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::interface::{Drawing, Effect, SpectrogramAugmentation, SpectrogramChange};
use super::pad::{ClipPadding, PadFill};
use crate::settings::settings;

settings! {
    /// Cuts a segment out of a clip at a random place; shorter clips are first filled with their minimum. With this in its list,
    /// a recipe trains on one segment per clip and epoch instead of the regular ones of `front-end.segments`.
    pub struct RandomCrop {}
}

impl Check for RandomCrop {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl SpectrogramAugmentation for RandomCrop {
    /// Each start is equally likely.
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let frames = drawing.context.segment_frames;
        let start = random::below(drawing.rng, drawing.shape.frames.saturating_sub(frames) + 1);
        drawing.push(Some(FrameCrop { start, frames }));
    }

    fn has(&self, effect: Effect) -> bool {
        effect == Effect::Crops
    }
}

/// A range of frames as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq)]
#[display("frames {start} to {}", self.start + self.frames)]
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
        let rows = clip.rows().flat_map(|row| &row[self.start..end]);
        Features {
            channels: clip.channels,
            bands: clip.bands,
            frames: self.frames,
            data: rows.copied().collect(),
            clip_features: Vec::new(),
        }
    }
}

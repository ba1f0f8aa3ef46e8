//! What every augmentation of spectrograms does: its settings are checked, a change is drawn, the change is applied.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use earmark_core::Check;
use earmark_core::random::ChaCha8Rng;
use earmark_features::Features;

use super::level_unit::LevelUnit;

/// The shape of a spectrogram, without its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpectrogramShape {
    /// Number of frequency bands.
    pub bands: usize,
    /// Number of frames.
    pub frames: usize,
}

impl SpectrogramShape {
    /// The shape of features; their channels are treated alike.
    pub fn of(features: &Features) -> Self {
        Self {
            bands: features.bands,
            frames: features.frames,
        }
    }
}

/// What a draw knows in addition to the shape of its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AugmentContext {
    /// Frames of a segment.
    pub segment_frames: usize,
    /// What the values of the features mean; without it, gains in decibels are left out.
    pub unit: Option<LevelUnit>,
}

/// What an augmentation does other than change values, which limits where it may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Cuts a segment out of a clip.
    pub crops: bool,
    /// Fills a clip up to the length of a segment.
    pub pads: bool,
    /// Changes levels by decibels, which needs logarithmic features.
    pub needs_decibels: bool,
}

/// One kind of augmentation: its settings, as a recipe has them.
pub trait SpectrogramAugmentation: Check {
    /// What is drawn.
    type Change: SpectrogramChange;

    /// Draws what happens to one segment of this shape; `None` where nothing does.
    fn draw(
        &self,
        rng: &mut ChaCha8Rng,
        shape: SpectrogramShape,
        context: AugmentContext,
    ) -> Option<Self::Change>;

    /// What it does other than change values; by default nothing.
    fn effects(&self) -> Effects {
        Effects::default()
    }
}

/// A change of a spectrogram, as drawn: a plain value that can be printed, tested and repeated. It displays as a few words for
/// the caption of a picture.
pub trait SpectrogramChange: Any + fmt::Debug + fmt::Display + Send + Sync {
    /// Changes the features. Borrowed features are copied only where there is something to change.
    fn apply(&self, features: &mut Cow<'_, Features>);

    /// The number of frames after the change; by default as before.
    fn frames_after(&self, frames: usize) -> usize {
        frames
    }
}

/// Changes in the order in which they are applied.
pub type SpectrogramChanges = Vec<Box<dyn SpectrogramChange>>;

/// The rows to change: one band of one channel each, all frames long.
pub(super) fn rows(features: &mut Features) -> impl Iterator<Item = &mut [f32]> {
    features.data.chunks_exact_mut(features.frames.max(1))
}

/// The channels to change: `[bands, frames]` each.
pub(super) fn planes(features: &mut Features) -> impl Iterator<Item = &mut [f32]> {
    features
        .data
        .chunks_exact_mut((features.bands * features.frames).max(1))
}

/// The smallest value; 0 where there are none.
pub(super) fn minimum(values: &[f32]) -> f32 {
    match values {
        [] => 0.0,
        values => values.iter().copied().fold(f32::INFINITY, f32::min),
    }
}

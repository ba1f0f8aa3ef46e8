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

/// What an augmentation may do other than change values, which limits where it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Cuts a segment out of a clip.
    Crops,
    /// Fills a clip up to the length of a segment.
    Pads,
    /// Changes levels by decibels, which needs logarithmic features.
    NeedsDecibels,
}

/// The changes of one segment while they are drawn.
pub(crate) struct Drawing<'a> {
    pub rng: &'a mut ChaCha8Rng,
    /// The shape after the changes so far.
    pub shape: SpectrogramShape,
    pub context: AugmentContext,
    pub changes: SpectrogramChanges,
}

impl Drawing<'_> {
    /// Adds what was drawn, if anything was.
    pub fn push(&mut self, change: Option<impl SpectrogramChange>) {
        if let Some(change) = change {
            self.shape.frames = change.frames_after(self.shape.frames);
            self.changes.push(Box::new(change));
        }
    }
}

/// One kind of augmentation: its settings, as a recipe has them.
pub(crate) trait SpectrogramAugmentation: Check {
    /// Draws what happens to one segment.
    fn draw(&self, drawing: &mut Drawing<'_>);

    /// Whether it has this effect, without the steps inside; by default it changes values only.
    fn has(&self, _: Effect) -> bool {
        false
    }

    /// The steps inside this one.
    fn inner(&self) -> Vec<&dyn SpectrogramAugmentation> {
        Vec::new()
    }
}

impl dyn SpectrogramAugmentation + '_ {
    /// How deep steps are nested: 0 without steps inside.
    pub fn depth(&self) -> usize {
        let inner = self.inner().into_iter();
        inner.map(|step| 1 + step.depth()).max().unwrap_or(0)
    }

    /// Whether this step, or any inside it, has this effect.
    pub fn contains(&self, effect: Effect) -> bool {
        self.has(effect) || self.inner().into_iter().any(|step| step.contains(effect))
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
    let size = features.bands * features.frames;
    features.data.chunks_exact_mut(size.max(1))
}

/// The smallest value; 0 where there is no value.
pub(super) fn minimum(values: &[f32]) -> f32 {
    values.iter().copied().reduce(f32::min).unwrap_or(0.0)
}

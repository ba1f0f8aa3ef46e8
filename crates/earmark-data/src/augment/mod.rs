//! Augmentation: each kind is a file, a config and a draw.
//!
//! Every kind is *drawn* first and *applied* then, so that what happens to an example is a plain value which can be
//! printed, tested and repeated:
//!
//! ```
//! use earmark_data::augment::{FreqMask, Spec};
//! use earmark_core::random::{self, Purpose};
//! let mut image = vec![1.0; 8 * 10];
//! let mut spec = Spec { channels: 1, bands: 8, frames: 10, data: &mut image };
//! let mut rng = random::stream(17, &[Purpose::Augment as u64, 0, 0]);
//! let masks = FreqMask::default().draw(&mut rng, spec.shape());
//! masks.apply(&mut spec);
//! ```
//!
//! [`Augment`] nests them for a recipe: an ordered list of [`Step`]s, and four that have a key of their own. They work on
//! base features (log levels); deltas and scaling come after them. [`waveform`] holds what changes the sound itself.

mod blend;
mod change;
mod config;
mod crop;
mod erase;
mod filter;
mod flip;
mod freq_mask;
mod freq_shift;
mod gain;
mod mask;
mod mix;
mod mixup;
mod noise;
mod pad;
mod preview;
mod resized_crop;
mod shift;
mod spec_augment;
mod step;
mod time_mask;
mod time_shift;
pub mod waveform;

use earmark_features::Features;

pub(crate) use blend::blend;
pub use change::Change;
pub use config::{Augment, Heard};
pub use crop::{RandomCrop, Window};
pub use erase::{Erase, EraseValue, Patch};
pub use filter::{BandGains, Filter, FilterShape};
pub use flip::{FlipFreq, FlipTime};
pub use freq_mask::FreqMask;
pub use freq_shift::{BandShift, FreqShift};
pub use gain::{Gain, GainDb, LevelUnit};
pub use mask::{MaskAxis, MaskValue, Masks};
pub use mix::{Add, Beta, Mix, MixLabels, Mixed, Mixer, Share, SigmoidConcat, WeightedMixer};
pub use mixup::{Mixup, Partner};
pub use noise::{Noise, NoiseField};
pub use pad::{Pad, PadFill, PadPlace, Padding};
pub use preview::{Preview, Variant, mix_preview, preview};
pub use resized_crop::{Resize, ResizedCrop};
pub use shift::ShiftFill;
pub use spec_augment::{BothMasks, SpecAugment};
pub(crate) use step::check_weights;
pub use step::{Choice, Context, OneOf, Sequence, Step, WithProb};
pub use time_mask::TimeMask;
pub use time_shift::{Shift, TimeShift};

/// The shape of a spectrogram, without its values: what a draw has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of channels; all are treated alike.
    pub channels: usize,
    /// Number of frequency bands.
    pub bands: usize,
    /// Number of frames.
    pub frames: usize,
}

/// A spectrogram to change in place: `[channels, bands, frames]`, row-major.
#[derive(Debug)]
pub struct Spec<'a> {
    /// Number of channels; all are treated alike.
    pub channels: usize,
    /// Number of frequency bands.
    pub bands: usize,
    /// Number of frames.
    pub frames: usize,
    /// The values; `channels * bands * frames` of them.
    pub data: &'a mut [f32],
}

impl<'a> Spec<'a> {
    /// A view of features.
    pub fn of(features: &'a mut Features) -> Self {
        Self {
            channels: features.channels,
            bands: features.bands,
            frames: features.frames,
            data: &mut features.data,
        }
    }
}

impl Spec<'_> {
    /// The shape without the values.
    pub fn shape(&self) -> Shape {
        Shape {
            channels: self.channels,
            bands: self.bands,
            frames: self.frames,
        }
    }

    /// The rows: one band of one channel each, `frames` long.
    fn rows(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.data.chunks_exact_mut(self.frames.max(1))
    }

    /// The channels: `[bands, frames]` each.
    fn planes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.data.chunks_exact_mut((self.bands * self.frames).max(1))
    }

    /// The smallest value; 0 where there are none, as [`earmark_features::SegmentPad::Minimum`] has it.
    fn minimum(&self) -> f32 {
        minimum(self.data)
    }
}

/// The smallest value; 0 where there are none.
fn minimum(values: &[f32]) -> f32 {
    match values {
        [] => 0.0,
        values => values.iter().copied().fold(f32::INFINITY, f32::min),
    }
}

impl From<&Features> for Shape {
    fn from(features: &Features) -> Self {
        Self {
            channels: features.channels,
            bands: features.bands,
            frames: features.frames,
        }
    }
}

//! Augmentations of spectrograms, applied to features before postprocessing.
//!
//! Each kind is a file with its settings and its change, and a line in [`AugmentStep`].

mod axis;
mod crop;
mod erase;
mod filter;
mod flip;
mod gain;
mod interface;
mod kinds_and_combinations;
mod level_unit;
mod masks;
mod noise;
mod pad;
mod resized_crop;
mod shift;
mod spec_augment;

pub use axis::Axis;
pub use crop::{FrameCrop, RandomCrop};
pub use erase::{Erase, EraseValue, ErasedPatch};
pub use filter::{BandGains, Filter, FilterShape};
pub use flip::{Flip, FlipFreq, FlipTime};
pub use gain::{Gain, GainDb};
pub use interface::{AugmentContext, SpectrogramChange, SpectrogramChanges, SpectrogramShape};
pub(crate) use interface::{Drawing, Effect, SpectrogramAugmentation};
pub use kinds_and_combinations::{AugmentStep, OneOf, Sequence, StepChoice, WithProb};
pub use level_unit::LevelUnit;
pub use masks::{MaskValue, Masks};
pub use noise::{Noise, NoiseField};
pub use pad::{ClipPadding, Pad, PadFill, PadPlace};
pub use resized_crop::{Resize, ResizedCrop};
pub use shift::{FreqShift, Shift, ShiftFill, TimeShift};
pub use spec_augment::{BothMasks, FreqMask, SpecAugment, TimeMask};

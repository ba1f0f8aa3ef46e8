//! Augmentations of waveforms, applied before the front end.
//!
//! With any of them a recipe's clips are cached as samples instead of features, and the workers compute features for each
//! segment: slower, but the same for any number of workers, as everything is drawn from the segment's own stream. Each kind is a
//! file with its settings and its change, and a line in [`WaveformStep`].

mod between_class;
mod crop;
mod equalise;
mod fourier;
mod gain;
mod interface;
pub(crate) mod kinds;
mod noise;
mod pitch_shift;
mod reverb;
mod time_stretch;

pub use between_class::{BetweenClass, mix_by_pressure, pressure_db};
pub use crop::{Cut, WaveformCrop};
pub use equalise::{Equalise, Equaliser, Peak};
pub use gain::{Amplify, WaveformGain};
pub use interface::WaveformChange;
pub use kinds::WaveformStep;
pub use noise::{AddedNoise, Colour, WaveformNoise};
pub use pitch_shift::{Pitch, PitchShift};
pub use reverb::{Reverb, Room};
pub use time_stretch::{Stretch, TimeStretch};

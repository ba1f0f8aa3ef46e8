//! Augmentation of spectrograms: each kind is a file, a config and a draw.
//!
//! Every kind is *drawn* first and *applied* then, so that what happens to an example is a plain value which can be
//! printed, tested and repeated:
//!
//! ```
//! use earmark_data::augment::{FreqMask, Spec};
//! use earmark_data::rng::{self, Purpose};
//! let mut image = vec![1.0; 8 * 10];
//! let mut spec = Spec { channels: 1, bands: 8, frames: 10, data: &mut image };
//! let mut rng = rng::stream(17, &[Purpose::Augment as u64, 0, 0]);
//! let masks = FreqMask::default().draw(&mut rng, &spec);
//! masks.apply(&mut spec);
//! ```
//!
//! [`Augment`] nests them for a recipe. It works on base features (log levels); deltas and scaling come after it.

mod freq_mask;
mod gain;
mod mask;
mod mixup;
mod time_mask;
mod time_shift;

use earmark_features::FrontEnd;
use serde::{Deserialize, Serialize};

pub use freq_mask::FreqMask;
pub use gain::{Gain, GainDb, LevelUnit};
pub use mask::{MaskValue, Masks};
pub(crate) use mixup::blend;
pub use mixup::{Mixup, Partner};
pub use time_mask::TimeMask;
pub use time_shift::{Shift, TimeShift};

use crate::rng::ChaCha8Rng;
use crate::setting::SettingError;

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

impl Spec<'_> {
    /// The rows: one band of one channel each, `frames` long.
    fn rows(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.data.chunks_exact_mut(self.frames.max(1))
    }
}

/// The augmentations of a recipe, in the order in which they are applied. Without a key, nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Louder or softer.
    pub gain_db: Option<GainDb>,
    /// Earlier or later, around the end.
    pub time_shift: Option<TimeShift>,
    /// Stretches of time hidden.
    pub time_mask: Option<TimeMask>,
    /// Bands of frequency hidden.
    pub freq_mask: Option<FreqMask>,
}

impl Augment {
    /// Whether nothing is ever changed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses settings that can't work; `section` is where this stands in the recipe (`augment`).
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        self.gain_db
            .iter()
            .try_for_each(|gain| gain.check(&format!("{section}.gain-db")))?;
        self.time_shift
            .iter()
            .try_for_each(|shift| shift.check(&format!("{section}.time-shift")))?;
        self.time_mask
            .iter()
            .try_for_each(|mask| mask.check(&format!("{section}.time-mask")))?;
        self.freq_mask
            .iter()
            .try_for_each(|mask| mask.check(&format!("{section}.freq-mask")))
    }

    /// As [`check`](Self::check), and refuses what does not go with the front end: a gain of values that are no levels.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check_with(&self, section: &str, front_end: &FrontEnd) -> Result<(), SettingError> {
        self.check(section)?;
        if self.gain_db.is_some() && LevelUnit::of(front_end).is_none() {
            let remedy = "needs logarithmic features: leave it out, or set front-end.level to log or db";
            return Err(SettingError::new(section, "gain-db", "(set)", remedy));
        }
        Ok(())
    }

    /// Draws and applies all of them to one example. `unit` says what the values of the features mean; without one,
    /// the gain is left out.
    pub fn apply(&self, spec: &mut Spec, unit: Option<LevelUnit>, rng: &mut ChaCha8Rng) {
        if let (Some(gain), Some(unit)) = (&self.gain_db, unit) {
            gain.draw(rng, unit).apply(spec);
        }
        if let Some(shift) = &self.time_shift {
            shift.draw(rng, spec).apply(spec);
        }
        if let Some(mask) = &self.time_mask {
            mask.draw(rng, spec).apply(spec);
        }
        if let Some(mask) = &self.freq_mask {
            mask.draw(rng, spec).apply(spec);
        }
    }
}

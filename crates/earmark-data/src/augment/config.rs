//! The `[augment]` section of a recipe.

use earmark_core::{Check, ConfigError, Within};
use earmark_features::FrontEnd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spectrogram::{AugmentStep, Effect, FreqMask, GainDb, LevelUnit, TimeMask, TimeShift};
use super::waveform::{BetweenClass, WaveformStep};

/// The augmentations of a recipe. They are applied in this order: the waveform, the list, then the four with a key of their
/// own. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Augmentations of the waveform, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waveform: Vec<WaveformStep>,
    /// Mixing of two waveforms at the loudness of their labels; after the augmentation of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between_class: Option<BetweenClass>,
    /// Augmentations of the spectrogram, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<AugmentStep>,
    /// Changes the level.
    pub gain_db: Option<GainDb>,
    /// Moves segments in time.
    pub time_shift: Option<TimeShift>,
    /// Masks ranges of frames.
    pub time_mask: Option<TimeMask>,
    /// Masks ranges of bands.
    pub freq_mask: Option<FreqMask>,
}

/// More nesting than this is a mistake.
const MAX_DEPTH: usize = 8;

impl Check for Augment {
    fn check(&self) -> Result<(), ConfigError> {
        for (at, step) in self.waveform.iter().enumerate() {
            step.check().within(&format!("waveform[{at}]"))?;
        }
        check_optional(&self.between_class, "between-class")?;
        self.check_list()?;
        check_optional(&self.gain_db, "gain-db")?;
        check_optional(&self.time_shift, "time-shift")?;
        check_optional(&self.time_mask, "time-mask")?;
        check_optional(&self.freq_mask, "freq-mask")
    }
}

/// Checks a section that may be missing.
pub(crate) fn check_optional(section: &Option<impl Check>, key: &str) -> Result<(), ConfigError> {
    section.as_ref().map_or(Ok(()), Check::check).within(key)
}

impl Augment {
    /// Whether nothing is ever changed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether segments are cut at random places, one per clip and epoch, instead of the front end's regular ones.
    pub fn one_segment_per_clip(&self) -> bool {
        self.crops_frames() || self.waveform.iter().any(|step| step.kind().crops())
    }

    /// Whether they are cut from the features.
    pub fn crops_frames(&self) -> bool {
        self.list.iter().any(|step| step.kind().has(Effect::Crops))
    }

    /// Whether the waveform is changed: then clips are cached as samples, and features are computed for each segment.
    pub fn needs_samples(&self) -> bool {
        !self.waveform.is_empty() || self.between_class.is_some()
    }

    /// Checks each step by itself, and that what changes the number of frames is where it can be.
    fn check_list(&self) -> Result<(), ConfigError> {
        let contains = |step: &AugmentStep, effect| step.kind().contains(effect);
        let last_crop = self.list.iter().rposition(|step| contains(step, Effect::Crops));
        let mut cropped = false;
        for (at, step) in self.list.iter().enumerate() {
            let section = format!("list[{at}]");
            step.check().within(&section)?;
            let refuse =
                |ok, kind: &str, remedy: &str| ConfigError::unless(ok, "kind", kind, remedy).within(&section);
            let remedy = format!("nests more than {MAX_DEPTH} steps; write it flatter");
            refuse(step.kind().depth() <= MAX_DEPTH, "(step)", &remedy)?;
            if contains(step, Effect::Crops) {
                let remedy = "must be in augment.list itself, not inside another step";
                refuse(step.kind().has(Effect::Crops), "random-crop", remedy)?;
                refuse(!cropped, "random-crop", "is in augment.list twice; keep one")?;
                cropped = true;
            }
            let remedy = "needs { kind = \"random-crop\" } after it in augment.list; regular segments are padded as front-end.segments.pad says";
            let cropped_later = last_crop.is_some_and(|crop| at <= crop);
            refuse(!contains(step, Effect::Pads) || cropped_later, "pad", remedy)?;
        }
        Ok(())
    }

    /// As [`check`](Check::check), and refuses what does not go with the front end: gains where values are not logarithmic,
    /// shifts that its sample rate does not allow.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check_with(&self, front_end: &FrontEnd) -> Result<(), ConfigError> {
        self.check()?;
        for (at, step) in self.waveform.iter().enumerate() {
            let checked = step.kind().check_rate(front_end.sample_rate_hz);
            checked.within(&format!("waveform[{at}]"))?;
        }
        let logarithmic = LevelUnit::of(front_end).is_some();
        let remedy = "needs logarithmic features: leave it out, or set front-end.amplitude to log or db";
        ConfigError::unless(logarithmic || self.gain_db.is_none(), "gain-db", "(set)", remedy)?;
        let mut list = self.list.iter();
        let at = list.position(|step| step.kind().contains(Effect::NeedsDecibels));
        let key = format!("list[{}].kind", at.unwrap_or_default());
        ConfigError::unless(logarithmic || at.is_none(), key, "gain-db or filter", remedy)
    }
}

//! What a recipe says under `[augment]`.

use std::borrow::Cow;

use earmark_features::{Extractor, FeatureError, Features, FrontEnd};
use serde::{Deserialize, Serialize};

use super::waveform::{self, BetweenClass, Sound, SoundChange};
use super::{Change, Context, FreqMask, GainDb, LevelUnit, Shape, Step, TimeMask, TimeShift};
use crate::setting::SettingError;
use earmark_core::random::ChaCha8Rng;

/// The augmentations of a recipe, in the order in which they are applied: those of the sound, the list, then the four that
/// have a key of their own. Without a key, nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augment {
    /// Changes of the sound itself, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waveform: Vec<Sound>,
    /// Mixing of sounds, as loud as their labels say; after the changes of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between_class: Option<BetweenClass>,
    /// Any steps in any order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<Step>,
    /// Louder or softer.
    pub gain_db: Option<GainDb>,
    /// Earlier or later, around the end.
    pub time_shift: Option<TimeShift>,
    /// Stretches of time hidden.
    pub time_mask: Option<TimeMask>,
    /// Bands of frequency hidden.
    pub freq_mask: Option<FreqMask>,
}

/// A sound after [`Augment::hear`].
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Its samples.
    pub samples: Vec<f32>,
    /// What was done to it, its partner left aside.
    pub changes: Vec<SoundChange>,
    /// Its share of the labels, where it was mixed with its partner.
    pub ratio: Option<f64>,
}

impl Augment {
    /// Whether nothing is ever changed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether examples are cut at random places, one a clip and epoch, instead of the front end's regular ones.
    pub fn one_example_a_clip(&self) -> bool {
        self.crops_frames() || self.waveform.iter().any(|sound| matches!(sound, Sound::Crop(_)))
    }

    /// Whether that is done on the features.
    pub fn crops_frames(&self) -> bool {
        self.list.iter().any(|step| matches!(step, Step::RandomCrop(_)))
    }

    /// Whether the sound itself is changed: then clips are kept as samples, and features are made anew for each example.
    pub fn hears_samples(&self) -> bool {
        !self.waveform.is_empty() || self.between_class.is_some()
    }

    /// Refuses settings that can't work; `section` is where this stands in the recipe (`augment`).
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        for (at, sound) in self.waveform.iter().enumerate() {
            sound.check(&format!("{section}.waveform[{at}]"))?;
        }
        self.between_class
            .iter()
            .try_for_each(|between| between.check(&format!("{section}.between-class")))?;
        self.check_list(&format!("{section}.list"))?;
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

    /// Each step by itself, and that what changes the number of frames stands where it can.
    fn check_list(&self, section: &str) -> Result<(), SettingError> {
        let mut cut = false;
        let crops = |step: &Step| step.any(&|step| matches!(step, Step::RandomCrop(_)));
        let last_crop = self.list.iter().rposition(crops);
        for (at, step) in self.list.iter().enumerate() {
            let section = format!("{section}[{at}]");
            step.check(&section, 0)?;
            let refuse = |kind, remedy| Err(SettingError::new(&section, "kind", kind, remedy));
            if crops(step) {
                if !matches!(step, Step::RandomCrop(_)) {
                    return refuse(
                        "random-crop",
                        "must stand in augment.list itself, not inside another step",
                    );
                }
                if cut {
                    return refuse("random-crop", "stands in augment.list twice; keep one");
                }
                cut = true;
            }
            let pads = step.any(&|step| matches!(step, Step::Pad(_)));
            if pads && last_crop.is_none_or(|crop| crop < at) {
                return refuse(
                    "pad",
                    "needs { kind = \"random-crop\" } after it in augment.list; regular examples are filled as front-end.segments.pad says",
                );
            }
        }
        Ok(())
    }

    /// As [`check`](Self::check), and refuses what does not go with the front end: a gain of values that are no levels.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check_with(&self, section: &str, front_end: &FrontEnd) -> Result<(), SettingError> {
        self.check(section)?;
        for (at, sound) in self.waveform.iter().enumerate() {
            if let Sound::PitchShift(shift) = sound {
                shift.check_rate(&format!("{section}.waveform[{at}]"), front_end.sample_rate_hz)?;
            }
        }
        if LevelUnit::of(front_end).is_some() {
            return Ok(());
        }
        let remedy = "needs logarithmic features: leave it out, or set front-end.amplitude to log or db";
        if self.gain_db.is_some() {
            return Err(SettingError::new(section, "gain-db", "(set)", remedy));
        }
        let in_decibels = |step: &Step| matches!(step, Step::GainDb(_) | Step::Filter(_));
        match self.list.iter().position(|step| step.any(&in_decibels)) {
            Some(at) => {
                let key = format!("list[{at}].kind");
                Err(SettingError::new(section, &key, "gain-db or filter", remedy))
            }
            None => Ok(()),
        }
    }

    /// Changes the sound of a clip, and that of its partner, and mixes them; all as drawn from `rng`.
    pub fn hear(
        &self,
        samples: &[f32],
        partner: Option<&[f32]>,
        sample_rate_hz: u32,
        rng: &mut ChaCha8Rng,
    ) -> Heard {
        let (mut sound, changes) = waveform::change(&self.waveform, samples, sample_rate_hz, rng);
        let ratio = self.between_class.as_ref().and_then(|between| between.draw(rng));
        let ratio = ratio.zip(partner).map(|(ratio, partner)| {
            let (other, _) = waveform::change(&self.waveform, partner, sample_rate_hz, rng);
            sound = waveform::mix_by_pressure(&sound, &other, ratio, sample_rate_hz);
            ratio
        });
        Heard {
            samples: sound,
            changes,
            ratio,
        }
    }

    /// Draws what happens to one example of this shape (with a random crop: to one clip).
    pub fn draw(&self, rng: &mut ChaCha8Rng, mut shape: Shape, context: Context) -> Vec<Change> {
        let mut changes = Vec::new();
        for step in &self.list {
            step.draw(rng, &mut shape, context, &mut changes);
        }
        if let (Some(gain), Some(unit)) = (&self.gain_db, context.unit) {
            changes.push(Change::Gain(gain.draw(rng, unit)));
        }
        if let Some(shift) = &self.time_shift {
            changes.push(Change::TimeShift(shift.draw(rng, shape)));
        }
        if let Some(mask) = &self.time_mask {
            changes.push(Change::Mask(mask.draw(rng, shape)));
        }
        if let Some(mask) = &self.freq_mask {
            changes.push(Change::Mask(mask.draw(rng, shape)));
        }
        changes
    }

    /// One augmented example of a clip's base features: regular example `index`, or, with a random crop, one from anywhere.
    /// `[channels, bands, example frames]`, not finished yet. Also what was drawn.
    ///
    /// # Errors
    ///
    /// When there is no such example.
    pub fn example(
        &self,
        extractor: &Extractor,
        clip: &Features,
        index: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Features, Vec<Change>), FeatureError> {
        let frames = extractor.segment_frames().unwrap_or(clip.frames);
        self.example_of(frames, extractor, clip, index, rng)
    }

    /// The same, where a random crop has so many frames.
    pub(crate) fn example_of(
        &self,
        example_frames: usize,
        extractor: &Extractor,
        clip: &Features,
        index: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Features, Vec<Change>), FeatureError> {
        let mut image = match self.crops_frames() {
            true => Cow::Borrowed(clip),
            false => Cow::Owned(extractor.segment(clip, index)?),
        };
        let shape = Shape::from(&*image);
        let context = Context {
            example_frames,
            unit: LevelUnit::of(extractor.front_end()),
        };
        let changes = self.draw(rng, shape, context);
        changes.iter().for_each(|change| change.apply(&mut image));
        Ok((image.into_owned(), changes))
    }
}

//! One entry of `augment.list`: every kind of augmentation, and ways of combining them.

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::crop::RandomCrop;
use super::erase::Erase;
use super::filter::Filter;
use super::flip::{FlipFreq, FlipTime};
use super::gain::GainDb;
use super::interface::{
    AugmentContext, Effects, SpectrogramAugmentation, SpectrogramChange, SpectrogramChanges, SpectrogramShape,
};
use super::masks::{FreqMask, TimeMask};
use super::noise::Noise;
use super::pad::Pad;
use super::resized_crop::ResizedCrop;
use super::shift::{FreqShift, TimeShift};
use super::spec_augment::SpecAugment;
use crate::augment::bounds::check_weights;
use crate::augment::kinds::kinds;

kinds! {
    /// One augmentation of spectrograms.
    pub enum AugmentStep: ListEntry {
        /// Fills short clips up to the length of a segment.
        Pad(Pad),
        /// Cuts a segment from anywhere in the clip.
        RandomCrop(RandomCrop),
        /// Enlarges a part to the whole.
        ResizedCrop(ResizedCrop),
        /// Masks ranges of both axes.
        SpecAugment(SpecAugment),
        /// Masks ranges of frames.
        TimeMask(TimeMask),
        /// Masks ranges of bands.
        FreqMask(FreqMask),
        /// Overwrites a rectangle.
        Erase(Erase),
        /// Changes the level.
        GainDb(GainDb),
        /// Changes the levels of ranges of bands.
        Filter(Filter),
        /// Adds noise.
        Noise(Noise),
        /// Moves the segment in time.
        TimeShift(TimeShift),
        /// Moves the segment in frequency.
        FreqShift(FreqShift),
        /// Reverses time.
        FlipTime(FlipTime),
        /// Reverses frequency.
        FlipFreq(FlipFreq),
        /// Applies one of several steps.
        OneOf(OneOf),
        /// Applies a step with a probability.
        WithProb(WithProb),
        /// Applies several steps in order.
        Sequence(Sequence),
    }
}

/// One of several steps, drawn for each segment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OneOf {
    /// The steps to choose from.
    pub choices: Vec<StepChoice>,
}

/// A step with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepChoice {
    /// How often the step is chosen, relative to the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// The step.
    pub step: AugmentStep,
}

fn one() -> f64 {
    1.0
}

/// A step that is applied with a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WithProb {
    /// Probability that the step is applied.
    pub prob: f64,
    /// The step.
    pub step: Box<AugmentStep>,
}

/// Steps that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sequence {
    /// The steps, in order.
    pub steps: Vec<AugmentStep>,
}

/// What an entry of the list does: an augmentation, or several combined.
pub(crate) trait ListEntry: Check {
    /// Draws what happens to a segment of this shape and appends it to `out`; the shape becomes that of the result.
    fn draw_into(
        &self,
        rng: &mut ChaCha8Rng,
        shape: &mut SpectrogramShape,
        context: AugmentContext,
        out: &mut SpectrogramChanges,
    );

    /// The steps inside this one.
    fn inner(&self) -> Vec<&AugmentStep> {
        Vec::new()
    }

    /// What it does other than change values, without the steps inside.
    fn own_effects(&self) -> Effects {
        Effects::default()
    }
}

impl<T: SpectrogramAugmentation> ListEntry for T {
    fn draw_into(
        &self,
        rng: &mut ChaCha8Rng,
        shape: &mut SpectrogramShape,
        context: AugmentContext,
        out: &mut SpectrogramChanges,
    ) {
        if let Some(change) = self.draw(rng, *shape, context) {
            shape.frames = change.frames_after(shape.frames);
            out.push(Box::new(change));
        }
    }

    fn own_effects(&self) -> Effects {
        self.effects()
    }
}

impl ListEntry for OneOf {
    fn draw_into(
        &self,
        rng: &mut ChaCha8Rng,
        shape: &mut SpectrogramShape,
        context: AugmentContext,
        out: &mut SpectrogramChanges,
    ) {
        let at = random::weighted(rng, self.choices.iter().map(|choice| choice.weight));
        if let Some(choice) = self.choices.get(at) {
            choice.step.kind().draw_into(rng, shape, context, out);
        }
    }

    fn inner(&self) -> Vec<&AugmentStep> {
        self.choices.iter().map(|choice| &choice.step).collect()
    }
}

impl Check for OneOf {
    fn check(&self) -> Result<(), ConfigError> {
        check_weights("choices", self.choices.iter().map(|choice| choice.weight))?;
        for (at, choice) in self.choices.iter().enumerate() {
            choice.step.check().within(&format!("choices[{at}].step"))?;
        }
        Ok(())
    }
}

impl ListEntry for WithProb {
    fn draw_into(
        &self,
        rng: &mut ChaCha8Rng,
        shape: &mut SpectrogramShape,
        context: AugmentContext,
        out: &mut SpectrogramChanges,
    ) {
        if random::chance(rng, self.prob) {
            self.step.kind().draw_into(rng, shape, context, out);
        }
    }

    fn inner(&self) -> Vec<&AugmentStep> {
        vec![&self.step]
    }
}

impl Check for WithProb {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        self.step.check().within("step")
    }
}

impl ListEntry for Sequence {
    fn draw_into(
        &self,
        rng: &mut ChaCha8Rng,
        shape: &mut SpectrogramShape,
        context: AugmentContext,
        out: &mut SpectrogramChanges,
    ) {
        for step in &self.steps {
            step.kind().draw_into(rng, shape, context, out);
        }
    }

    fn inner(&self) -> Vec<&AugmentStep> {
        self.steps.iter().collect()
    }
}

impl Check for Sequence {
    fn check(&self) -> Result<(), ConfigError> {
        for (at, step) in self.steps.iter().enumerate() {
            step.check().within(&format!("steps[{at}]"))?;
        }
        Ok(())
    }
}

impl Check for AugmentStep {
    fn check(&self) -> Result<(), ConfigError> {
        self.kind().check()
    }
}

impl AugmentStep {
    /// How deep steps are nested: 0 without steps inside.
    pub(crate) fn depth(&self) -> usize {
        let inner = self.kind().inner().into_iter();
        inner.map(|step| 1 + step.depth()).max().unwrap_or(0)
    }

    /// What this step does other than change values, with all steps inside.
    pub(crate) fn effects(&self) -> Effects {
        let own = self.kind().own_effects();
        let inner = self.kind().inner().into_iter();
        inner.map(Self::effects).fold(own, |all, one| Effects {
            crops: all.crops || one.crops,
            pads: all.pads || one.pads,
            needs_decibels: all.needs_decibels || one.needs_decibels,
        })
    }
}

//! One entry of `augment.list`: every kind of augmentation, and ways of combining them.

use earmark_core::random;
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::crop::RandomCrop;
use super::erase::Erase;
use super::filter::Filter;
use super::flip::{FlipFreq, FlipTime};
use super::gain::GainDb;
use super::interface::{Drawing, SpectrogramAugmentation};
use super::noise::Noise;
use super::pad::Pad;
use super::resized_crop::ResizedCrop;
use super::shift::{FreqShift, TimeShift};
use super::spec_augment::{FreqMask, SpecAugment, TimeMask};
use crate::augment::bounds::{check_weights, one_weight};
use crate::augment::kinds_macro::kinds;

kinds! {
    /// One augmentation of spectrograms.
    pub enum AugmentStep: SpectrogramAugmentation {
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
    #[serde(default = "one_weight")]
    pub weight: f64,
    /// The step.
    pub step: AugmentStep,
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

impl SpectrogramAugmentation for OneOf {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let at = random::weighted(drawing.rng, self.choices.iter().map(|choice| choice.weight));
        if let Some(choice) = self.choices.get(at) {
            choice.step.kind().draw(drawing);
        }
    }

    fn inner(&self) -> Vec<&dyn SpectrogramAugmentation> {
        self.choices.iter().map(|choice| choice.step.kind()).collect()
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

impl SpectrogramAugmentation for WithProb {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        if random::chance(drawing.rng, self.prob) {
            self.step.kind().draw(drawing);
        }
    }

    fn inner(&self) -> Vec<&dyn SpectrogramAugmentation> {
        vec![self.step.kind()]
    }
}

impl Check for WithProb {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        self.step.check().within("step")
    }
}

impl SpectrogramAugmentation for Sequence {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        self.steps.iter().for_each(|step| step.kind().draw(drawing));
    }

    fn inner(&self) -> Vec<&dyn SpectrogramAugmentation> {
        self.steps.iter().map(AugmentStep::kind).collect()
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

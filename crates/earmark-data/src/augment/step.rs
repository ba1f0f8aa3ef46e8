//! An ordered list of augmentations: every kind, and ways of combining them.

use serde::{Deserialize, Serialize};

use super::gain::LevelUnit;
use super::{
    Change, Erase, Filter, FlipFreq, FlipTime, FreqMask, FreqShift, GainDb, Noise, Pad, RandomCrop,
    ResizedCrop, Shape, SpecAugment, TimeMask, TimeShift,
};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// One entry of `augment.list`, by its `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Step {
    /// Short clips filled up.
    Pad(Pad),
    /// An example from anywhere in the clip.
    RandomCrop(RandomCrop),
    /// A part enlarged to the whole.
    ResizedCrop(ResizedCrop),
    /// Stretches of both axes hidden.
    SpecAugment(SpecAugment),
    /// Stretches of time hidden.
    TimeMask(TimeMask),
    /// Bands hidden.
    FreqMask(FreqMask),
    /// A rectangle hidden.
    Erase(Erase),
    /// Louder or softer.
    GainDb(GainDb),
    /// Bands louder or softer.
    Filter(Filter),
    /// Noise.
    Noise(Noise),
    /// Earlier or later.
    TimeShift(TimeShift),
    /// Higher or lower.
    FreqShift(FreqShift),
    /// Backwards.
    FlipTime(FlipTime),
    /// Upside down.
    FlipFreq(FlipFreq),
    /// One of several.
    OneOf(OneOf),
    /// One, or nothing.
    WithProb(WithProb),
    /// Several, one after the other.
    Sequence(Sequence),
}

/// One of several steps, drawn for each example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OneOf {
    /// The steps to choose from.
    pub choices: Vec<Choice>,
}

/// A step with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Choice {
    /// How often it is chosen, relative to the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// What is done then.
    pub step: Step,
}

fn one() -> f64 {
    1.0
}

/// A step that is taken with a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WithProb {
    /// The probability.
    pub prob: f64,
    /// What is done then.
    pub step: Box<Step>,
}

/// Steps that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sequence {
    /// They are taken in this order.
    pub steps: Vec<Step>,
}

/// What a draw knows besides the shape of its example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Frames of an example.
    pub example_frames: usize,
    /// What the values of the features mean; without it, gains in decibels are left out.
    pub unit: Option<LevelUnit>,
}

/// Deeper nesting is no recipe that anybody writes.
const MAX_DEPTH: usize = 8;

impl Step {
    pub(super) fn check(&self, section: &str, depth: usize) -> Result<(), SettingError> {
        if depth > MAX_DEPTH {
            let remedy = format!("nests more than {MAX_DEPTH} steps; write it flatter");
            return Err(SettingError::new(section, "kind", "(step)", remedy));
        }
        match self {
            Self::Pad(step) => step.check(section),
            Self::RandomCrop(RandomCrop {}) => Ok(()),
            Self::ResizedCrop(step) => step.check(section),
            Self::SpecAugment(step) => step.check(section),
            Self::TimeMask(step) => step.check(section),
            Self::FreqMask(step) => step.check(section),
            Self::Erase(step) => step.check(section),
            Self::GainDb(step) => step.check(section),
            Self::Filter(step) => step.check(section),
            Self::Noise(step) => step.check(section),
            Self::TimeShift(step) => step.check(section),
            Self::FreqShift(step) => step.check(section),
            Self::FlipTime(step) => step.check(section),
            Self::FlipFreq(step) => step.check(section),
            Self::OneOf(one_of) => {
                check_weights(
                    section,
                    "choices",
                    one_of.choices.iter().map(|choice| choice.weight),
                )?;
                one_of.choices.iter().enumerate().try_for_each(|(at, choice)| {
                    choice
                        .step
                        .check(&format!("{section}.choices[{at}].step"), depth + 1)
                })
            }
            Self::WithProb(with) => {
                check_share(section, "prob", with.prob)?;
                with.step.check(&format!("{section}.step"), depth + 1)
            }
            Self::Sequence(sequence) => sequence
                .steps
                .iter()
                .enumerate()
                .try_for_each(|(at, step)| step.check(&format!("{section}.steps[{at}]"), depth + 1)),
        }
    }

    /// Whether this step, or one inside of it, is such a one.
    pub(super) fn any(&self, is: &dyn Fn(&Step) -> bool) -> bool {
        is(self)
            || match self {
                Self::OneOf(one_of) => one_of.choices.iter().any(|choice| choice.step.any(is)),
                Self::WithProb(with) => with.step.any(is),
                Self::Sequence(sequence) => sequence.steps.iter().any(|step| step.any(is)),
                _ => false,
            }
    }

    /// Draws what happens to an example of this shape, and appends it to `out`; the shape becomes that of the result.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: &mut Shape, context: Context, out: &mut Vec<Change>) {
        let change = match self {
            Self::Pad(step) => Change::Pad(step.draw(rng, *shape, context.example_frames)),
            Self::RandomCrop(step) => Change::Crop(step.draw(rng, *shape, context.example_frames)),
            Self::ResizedCrop(step) => Change::Resize(step.draw(rng, *shape)),
            Self::SpecAugment(step) => Change::Masks(step.draw(rng, *shape)),
            Self::TimeMask(step) => Change::Mask(step.draw(rng, *shape)),
            Self::FreqMask(step) => Change::Mask(step.draw(rng, *shape)),
            Self::Erase(step) => Change::Erase(step.draw(rng, *shape)),
            Self::GainDb(step) => match context.unit {
                Some(unit) => Change::Gain(step.draw(rng, unit)),
                None => return,
            },
            Self::Filter(step) => match context.unit {
                Some(unit) => Change::Filter(step.draw(rng, *shape, unit)),
                None => return,
            },
            Self::Noise(step) => Change::Noise(step.draw(rng)),
            Self::TimeShift(step) => Change::TimeShift(step.draw(rng, *shape)),
            Self::FreqShift(step) => Change::FreqShift(step.draw(rng, *shape)),
            Self::FlipTime(step) => match step.draw(rng) {
                true => Change::FlipTime,
                false => return,
            },
            Self::FlipFreq(step) => match step.draw(rng) {
                true => Change::FlipFreq,
                false => return,
            },
            Self::OneOf(one_of) => {
                let at = random::weighted(rng, one_of.choices.iter().map(|choice| choice.weight));
                if let Some(choice) = one_of.choices.get(at) {
                    choice.step.draw(rng, shape, context, out);
                }
                return;
            }
            Self::WithProb(with) => {
                if random::chance(rng, with.prob) {
                    with.step.draw(rng, shape, context, out);
                }
                return;
            }
            Self::Sequence(sequence) => {
                sequence
                    .steps
                    .iter()
                    .for_each(|step| step.draw(rng, shape, context, out));
                return;
            }
        };
        *shape = change.shape_after(*shape);
        out.push(change);
    }
}

/// Refuses weights of which none can be drawn.
pub(crate) fn check_weights(
    section: &str,
    key: &str,
    weights: impl Iterator<Item = f64> + Clone,
) -> Result<(), SettingError> {
    if let Some((at, weight)) = weights
        .clone()
        .enumerate()
        .find(|(_, weight)| !(0.0..=1e6).contains(weight))
    {
        let key = format!("{key}[{at}].weight");
        return Err(SettingError::new(
            section,
            &key,
            weight,
            "must be between 0 and 1000000",
        ));
    }
    if weights.sum::<f64>() <= 0.0 {
        let remedy = "needs at least one entry with a weight above 0";
        return Err(SettingError::new(section, key, "(no weight)", remedy));
    }
    Ok(())
}

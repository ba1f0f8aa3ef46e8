//! Mixing of two finished examples and of their labels: several ways, and a choice among them.

mod add;
mod sigmoid_concat;

use serde::{Deserialize, Serialize};

pub use add::{Add, Share};
pub use sigmoid_concat::SigmoidConcat;

use super::blend;
use super::mixup::{Partner, check_alpha};
use super::step::check_weights;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Mixes examples with partners, each in one of several ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mix {
    /// Probability that an example is mixed.
    pub prob: f64,
    /// Where partners come from.
    pub partner: Partner,
    /// Whether a partner is of the same part of the data set (as argus-2019 has it: curated with curated, noisy with noisy).
    pub same_part: bool,
    /// The ways, one of which is drawn for each example.
    pub one_of: Vec<WeightedMixer>,
}

/// A way of mixing with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WeightedMixer {
    /// How often it is drawn, relative to the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// What is done then.
    pub mixer: Mixer,
}

fn one() -> f64 {
    1.0
}

/// A way of mixing two examples, by its `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Mixer {
    /// From one to the other, in time.
    SigmoidConcat(SigmoidConcat),
    /// Both at once, the partner with a drawn share.
    Add(Add),
    /// Both at once, with a weight from Beta(alpha, alpha) (Zhang et al. 2018).
    Mixup(Beta),
}

/// The weight of mixup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Beta {
    /// Shape of the Beta distribution: 1 is uniform, smaller keeps nearer to one of the two.
    pub alpha: f64,
    /// What becomes of the labels.
    pub labels: MixLabels,
}

/// What becomes of the labels of two examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MixLabels {
    /// Each counts as much as its example does.
    #[default]
    Blend,
    /// Both count in full: the sum, at most 1.
    Union,
}

impl Default for Beta {
    fn default() -> Self {
        Self {
            alpha: 0.5,
            labels: MixLabels::Blend,
        }
    }
}

impl Default for Mix {
    /// argus-2019's.
    fn default() -> Self {
        Self {
            prob: 0.8,
            partner: Partner::Epoch,
            same_part: true,
            one_of: vec![
                WeightedMixer {
                    weight: 0.6,
                    mixer: Mixer::SigmoidConcat(SigmoidConcat::default()),
                },
                WeightedMixer {
                    weight: 0.4,
                    mixer: Mixer::Add(Add::default()),
                },
            ],
        }
    }
}

/// How one example is mixed, as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mixed {
    /// It stays as it is.
    Alone,
    /// `weight a + (1 - weight) b`, everywhere.
    Blend {
        /// What the example keeps.
        weight: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
    /// From the partner to the example along time: frame `t` of `n` keeps `sigmoid(r (2 t / n - 1))` of itself.
    SigmoidConcat {
        /// Half the range of the sigmoid's argument, `r`: the larger, the shorter the passage.
        half_range: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
}

impl Mix {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_weights(section, "one-of", self.one_of.iter().map(|one| one.weight))?;
        for (at, one) in self.one_of.iter().enumerate() {
            let section = format!("{section}.one-of[{at}].mixer");
            match &one.mixer {
                Mixer::SigmoidConcat(mixer) => mixer.check(&section)?,
                Mixer::Add(mixer) => mixer.check(&section)?,
                Mixer::Mixup(Beta { alpha, .. }) => check_alpha(&section, *alpha)?,
            }
        }
        Ok(())
    }

    /// Draws how one example is mixed.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        if !random::chance(rng, self.prob) {
            return Mixed::Alone;
        }
        let at = random::weighted(rng, self.one_of.iter().map(|one| one.weight));
        match self.one_of.get(at).map(|one| &one.mixer) {
            None => Mixed::Alone,
            Some(Mixer::SigmoidConcat(mixer)) => mixer.draw(rng),
            Some(Mixer::Add(mixer)) => mixer.draw(rng),
            Some(Mixer::Mixup(Beta { alpha, labels })) => Mixed::Blend {
                weight: random::beta(rng, *alpha) as f32,
                labels: *labels,
            },
        }
    }
}

impl Mixed {
    /// Whether no partner is needed.
    pub fn is_alone(self) -> bool {
        match self {
            Self::Alone => true,
            Self::Blend { weight, .. } => weight == 1.0,
            Self::SigmoidConcat { .. } => false,
        }
    }

    /// Mixes a partner into an example: features of rows of `frames` values, and targets. Returns the share that the example keeps,
    /// of all frames in the mean.
    pub fn apply(
        self,
        frames: usize,
        (x, y): (&mut [f32], &mut [f32]),
        (other_x, other_y): (&[f32], &[f32]),
    ) -> f32 {
        let (weight, labels) = match self {
            Self::Alone => return 1.0,
            Self::Blend { weight, labels } => {
                blend(x, other_x, weight);
                (weight, labels)
            }
            Self::SigmoidConcat { half_range, labels } => {
                let ramp = sigmoid_concat::ramp(half_range, frames);
                let rows = x.chunks_exact_mut(frames.max(1));
                for (row, other) in rows.zip(other_x.chunks_exact(frames.max(1))) {
                    for ((value, other), weight) in row.iter_mut().zip(other).zip(&ramp) {
                        *value = weight * *value + (1.0 - weight) * other;
                    }
                }
                let mean = ramp.iter().sum::<f32>() / frames.max(1) as f32;
                (mean, labels)
            }
        };
        match labels {
            MixLabels::Blend => blend(y, other_y, weight),
            MixLabels::Union => y
                .iter_mut()
                .zip(other_y)
                .for_each(|(y, other)| *y = (*y + other).clamp(0.0, 1.0)),
        }
        weight
    }
}

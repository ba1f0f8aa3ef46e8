//! Which of several mixers mixes a segment.

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::add::AddMixer;
use super::interface::MixerKind;
use super::mixed::Mixed;
use super::mixup::{MixupMixer, Partner};
use super::sigmoid_concat::SigmoidConcat;
use crate::augment::bounds::{check_weights, one_weight};
use crate::augment::kinds_macro::kinds;
use crate::settings::settings;

settings! {
    /// Mixes segments with partners, each in one of several ways.
    // The defaults are argus-2019's.
    pub struct Mix {
        /// Probability that a segment is mixed.
        pub prob: f64 = 0.8,
        /// Where partners come from.
        pub partner: Partner = Partner::Epoch,
        /// Whether a partner comes from the same subset (as in argus-2019: curated with curated, noisy with noisy).
        pub same_subset: bool = true,
        /// The mixers, one of which is drawn for each segment. Default: `sigmoid-concat` with weight 0.6 and `add` with
        /// 0.4.
        pub one_of: Vec<WeightedMixer> = {
            let weighted = |weight, mixer| WeightedMixer { weight, mixer };
            let concat = Mixer::SigmoidConcat(SigmoidConcat::default());
            vec![weighted(0.6, concat), weighted(0.4, Mixer::Add(AddMixer::default()))]
        },
    }
}

/// A mixer with its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WeightedMixer {
    /// How often the mixer is drawn, relative to the others.
    #[serde(default = "one_weight")]
    pub weight: f64,
    /// The mixer.
    pub mixer: Mixer,
}

kinds! {
    /// A way of mixing two segments.
    pub enum Mixer: MixerKind {
        /// Goes from one to the other in time.
        SigmoidConcat(SigmoidConcat),
        /// Both at once, the partner with a random share.
        Add(AddMixer),
        /// Both at once, with a weight from Beta(alpha, alpha) (Zhang et al. 2018).
        Mixup(MixupMixer),
    }
}

impl Check for Mix {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        check_weights("one-of", self.one_of.iter().map(|one| one.weight))?;
        for (at, one) in self.one_of.iter().enumerate() {
            one.mixer.check().within(&format!("one-of[{at}].mixer"))?;
        }
        Ok(())
    }
}

impl Mix {
    /// Draws how one segment is mixed.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        if !random::chance(rng, self.prob) {
            return Mixed::Alone;
        }
        let at = random::weighted(rng, self.one_of.iter().map(|one| one.weight));
        let drawn = self.one_of.get(at);
        drawn.map_or(Mixed::Alone, |one| one.mixer.kind().draw(rng))
    }
}

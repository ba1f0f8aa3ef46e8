//! Two sounds at once (argus-2019).

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::MixerKind;
use super::mixed::{MixLabels, Mixed};
use super::mixup::check_alpha;

/// Gives the partner a random share of the segment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AddMixer {
    /// How the partner's share is drawn.
    pub share: PartnerShare,
    /// What becomes of the labels.
    pub labels: MixLabels,
}

/// How a share is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum PartnerShare {
    /// Uniform between two shares.
    Uniform {
        /// The smallest share.
        min: f64,
        /// The largest share.
        max: f64,
    },
    /// From Beta(alpha, alpha).
    Beta {
        /// The shape; argus-2019 offers 0.4.
        alpha: f64,
    },
}

impl Default for PartnerShare {
    fn default() -> Self {
        Self::Uniform { min: 0.0, max: 0.5 }
    }
}

impl Check for AddMixer {
    fn check(&self) -> Result<(), ConfigError> {
        match self.share {
            PartnerShare::Uniform { min, max } => {
                ConfigError::check_share("share.uniform.max", max)?;
                let remedy = format!("must be between 0 and max = {max}");
                ConfigError::check_range("share.uniform.min", min, 0.0..=max, &remedy)
            }
            PartnerShare::Beta { alpha } => check_alpha("share.beta.alpha", alpha),
        }
    }
}

impl MixerKind for AddMixer {
    fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        let share = match self.share {
            PartnerShare::Uniform { min, max } => random::uniform(rng, min, max),
            PartnerShare::Beta { alpha } => random::beta(rng, alpha),
        };
        Mixed::Blend {
            weight: (1.0 - share) as f32,
            labels: self.labels,
        }
    }
}

//! Two sounds at once (argus-2019).

use serde::{Deserialize, Serialize};

use super::{MixLabels, Mixed};
use crate::augment::mixup::check_alpha;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Gives the partner a drawn share of the example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Add {
    /// How the partner's share is drawn.
    pub share: Share,
    /// What becomes of the labels.
    pub labels: MixLabels,
}

/// How a share is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Share {
    /// Each between two equally likely.
    Uniform {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// From Beta(alpha, alpha).
    Beta {
        /// The shape; argus-2019 offers 0.4.
        alpha: f64,
    },
}

impl Default for Share {
    fn default() -> Self {
        Self::Uniform { min: 0.0, max: 0.5 }
    }
}

impl Add {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        match self.share {
            Share::Uniform { min, max } => {
                check_share(section, "share.uniform.max", max)?;
                if !(0.0..=max).contains(&min) {
                    let remedy = format!("must be between 0 and max = {max}");
                    return Err(SettingError::new(section, "share.uniform.min", min, remedy));
                }
                Ok(())
            }
            Share::Beta { alpha } => check_alpha(&format!("{section}.share.beta"), alpha),
        }
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        let share = match self.share {
            Share::Uniform { min, max } => random::uniform(rng, min, max),
            Share::Beta { alpha } => random::beta(rng, alpha),
        };
        Mixed::Blend {
            weight: (1.0 - share) as f32,
            labels: self.labels,
        }
    }
}

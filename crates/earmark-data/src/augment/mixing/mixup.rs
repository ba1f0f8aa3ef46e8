//! mixup: a segment becomes a blend of two, and so do its labels (Zhang et al. 2018, "mixup: Beyond Empirical Risk
//! Minimization").

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::MixerKind;
use super::mixed::{MixLabels, Mixed};
use crate::settings::settings;

/// Where partners come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partner {
    /// Another segment of the same batch: costs nothing.
    #[default]
    Batch,
    /// Any segment of the epoch, with new pairs in each epoch (mobilenetv2-pca-2018). The partner is computed
    /// a second time, which doubles the work of the loader.
    Epoch,
}

settings! {
    /// Blends segments: `x = w a + (1 - w) b`, and the labels in the same way, with a weight `w` from Beta(alpha, alpha) for each
    /// segment.
    pub struct Mixup {
        /// Shape of the Beta distribution: 1 is uniform, smaller values stay closer to one of the two.
        pub alpha: f64 = 0.5,
        /// Probability that a segment is blended.
        pub prob: f64 = 1.0,
        /// Where partners come from.
        pub partner: Partner = Partner::Batch,
    }
}

impl Check for Mixup {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        check_alpha("alpha", self.alpha)
    }
}

impl Mixup {
    /// Draws how one segment is mixed.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        // Both are always drawn: the next segment's numbers do not depend on this one's chance.
        let (blended, weight) = (random::chance(rng, self.prob), random::beta(rng, self.alpha));
        Mixed::Blend {
            weight: if blended { weight as f32 } else { 1.0 },
            labels: MixLabels::Blend,
        }
    }
}

settings! {
    /// mixup as one of several mixers.
    pub struct MixupMixer {
        /// Shape of the Beta distribution: 1 is uniform, smaller values stay closer to one of the two.
        pub alpha: f64 = 0.5,
        /// What becomes of the labels.
        pub labels: MixLabels = MixLabels::Blend,
    }
}

impl Check for MixupMixer {
    fn check(&self) -> Result<(), ConfigError> {
        check_alpha("alpha", self.alpha)
    }
}

impl MixerKind for MixupMixer {
    fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        Mixed::Blend {
            weight: random::beta(rng, self.alpha) as f32,
            labels: self.labels,
        }
    }
}

/// Refuses a shape of the Beta distribution that cannot be intended.
pub(super) fn check_alpha(key: &str, alpha: f64) -> Result<(), ConfigError> {
    // Below 0.001 the weights are 0 or 1 to the last bit; above 1,000 they are all one half.
    let remedy = "must be between 0.001 and 1000; leave mixup out for no blending";
    ConfigError::check_range(key, alpha, 1e-3..=1e3, remedy)
}

/// `a = weight a + (1 - weight) b`.
pub(crate) fn blend(a: &mut [f32], b: &[f32], weight: f32) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = weight * *a + (1.0 - weight) * b;
    }
}

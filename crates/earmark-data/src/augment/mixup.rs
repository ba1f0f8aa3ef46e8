//! mixup: an example becomes a blend of two, and its labels too (Zhang et al. 2018, "mixup: Beyond Empirical Risk
//! Minimization").

use serde::{Deserialize, Serialize};

use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Where the other example of a blend comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partner {
    /// Another place of the same batch: costs nothing.
    #[default]
    Batch,
    /// Another place of the whole epoch, by a pairing drawn at each epoch (mobilenetv2-pca-2018): the partner is made
    /// a second time, which doubles the work of the loader.
    Epoch,
}

/// Blends examples: `x = w a + (1 - w) b` and `y` alike, with a weight `w` from Beta(alpha, alpha) for each example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mixup {
    /// Shape of the Beta distribution: 1 is uniform, smaller keeps nearer to one of the two.
    pub alpha: f64,
    /// Probability that an example is blended.
    pub prob: f64,
    /// Where partners come from.
    pub partner: Partner,
}

impl Default for Mixup {
    fn default() -> Self {
        Self {
            alpha: 0.5,
            prob: 1.0,
            partner: Partner::Batch,
        }
    }
}

impl Mixup {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_alpha(section, self.alpha)
    }

    /// Draws the weight that one example keeps: 1 where it stays as it is.
    pub fn draw_weight(&self, rng: &mut ChaCha8Rng) -> f32 {
        // Both are always drawn: the next example's numbers don't depend on this one's chance.
        let (blended, weight) = (random::chance(rng, self.prob), random::beta(rng, self.alpha));
        if blended { weight as f32 } else { 1.0 }
    }
}

/// Refuses a shape of the Beta distribution that can't be meant.
pub(super) fn check_alpha(section: &str, alpha: f64) -> Result<(), SettingError> {
    // Below 0.001 the weights are 0 or 1 to the last bit; above 1,000 they are all one half.
    if (1e-3..=1e3).contains(&alpha) {
        return Ok(());
    }
    let remedy = "must be between 0.001 and 1000; leave mixup out for no blending";
    Err(SettingError::new(section, "alpha", alpha, remedy))
}

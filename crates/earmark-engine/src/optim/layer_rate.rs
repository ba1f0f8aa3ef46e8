//! `layer-rates` of a recipe: other learning rates for some variables.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

/// A learning rate for the variables whose names begin with a prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LayerRate {
    /// Prefix of the variables' names; of several that match, the longest counts.
    pub prefix: String,
    /// What the schedule's rate is multiplied by.
    pub factor: f64,
}

impl Check for LayerRate {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy =
            "choose a positive factor, such as 0.1; put variables that must not move at all into freeze";
        ConfigError::check_positive("factor", self.factor, remedy)
    }
}

/// The factor of a variable's learning rate.
pub(crate) fn rate_factor(rates: &[LayerRate], name: &str) -> f64 {
    let matching = rates.iter().filter(|r| name.starts_with(r.prefix.as_str()));
    matching.max_by_key(|r| r.prefix.len()).map_or(1.0, |r| r.factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_gives_the_factor() {
        let rate = |prefix: &str, factor| LayerRate {
            prefix: prefix.into(),
            factor,
        };
        let rates = [rate("block1.", 0.5), rate("block", 0.1)];
        assert_eq!(rate_factor(&rates, "block1.conv"), 0.5);
        assert_eq!(rate_factor(&rates, "block12.conv"), 0.1);
        assert_eq!(rate_factor(&rates, "logits.weight"), 1.0);
    }
}

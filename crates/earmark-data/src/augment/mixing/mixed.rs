//! How two segments and their labels are mixed, as drawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the labels of two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MixLabels {
    /// Each counts as much as its segment does.
    #[default]
    Blend,
    /// Both count in full: the sum, at most 1.
    Union,
}

/// How one segment is mixed with its partner, as drawn. It displays as a few words for the caption of a picture; empty
/// where nothing is mixed.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
pub enum Mixed {
    /// Not at all.
    #[display("")]
    Alone,
    /// `weight a + (1 - weight) b`, everywhere.
    #[display("blended, {:.0} % its own", 100.0 * weight)]
    Blend {
        /// The share of the segment.
        weight: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
    /// From the partner to the segment along time: frame `t` of `n` keeps `sigmoid(r (2 t / n - 1))` of itself.
    #[display("after another, half range {half_range:.0}")]
    SigmoidConcat {
        /// Half the range of the sigmoid's argument, `r`: the larger, the shorter the transition.
        half_range: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
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
}

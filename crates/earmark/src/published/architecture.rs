//! Networks that others have published, by name.

use super::efficientat;
use crate::recipe::{Recipe, RecipeError};
use earmark_models::VarSpec;

/// A published network and its front end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Architecture {
    /// EfficientAT's MobileNetV3 (`efficientat-mn10`): width in tenths, hop in milliseconds, mel bands.
    EfficientAt {
        /// Ten times the width.
        tenths: u32,
        /// Distance between frames; 10 unless the name ends in `-hop-N`.
        hop_ms: u32,
        /// Bands; 128 unless the name ends in `-mels-N`.
        bands: u32,
    },
}

impl Architecture {
    /// The one of that name. Case, `_` for `-`, a leading `efficientat-` and the `-as` of "trained on AudioSet" make no difference.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('_', "-");
        efficientat::parse(name.strip_prefix("efficientat-").unwrap_or(&name))
    }

    /// What `--as` may say, for messages.
    pub const KNOWN: &str =
        "efficientat-mn04 (or 01 to 40, the width in tenths; -hop-15, -mels-64 for those variants)";

    /// Its name in full.
    pub fn name(&self) -> String {
        match *self {
            Self::EfficientAt {
                tenths,
                hop_ms,
                bands,
            } => {
                let mut name = format!("efficientat-mn{tenths:02}");
                if hop_ms != 10 {
                    name.push_str(&format!("-hop-{hop_ms}"));
                }
                if bands != 128 {
                    name.push_str(&format!("-mels-{bands}"));
                }
                name
            }
        }
    }

    /// Front end and network, as a recipe.
    ///
    /// # Errors
    /// If the name asks for what no network can be (such as no mel bands).
    pub fn recipe(&self) -> Result<Recipe, RecipeError> {
        match self {
            Self::EfficientAt { .. } => efficientat::recipe(self),
        }
    }

    /// The name that the publication gives one of our variables.
    pub fn their_name(&self, ours: &VarSpec, all: &[VarSpec]) -> String {
        match self {
            Self::EfficientAt { .. } => {
                efficientat::their_name(&ours.name, |n| all.iter().any(|s| s.name.starts_with(n)))
            }
        }
    }

    /// What a checkpoint holds besides the network's variables and may: counters of batches.
    pub fn ignores(&self, theirs: &str) -> bool {
        theirs.ends_with(".num_batches_tracked")
    }

    /// A network of the same kind that these shapes would fit: `shape_of` gives a tensor's shape by the publication's name.
    pub fn fitting(&self, shape_of: impl Fn(&str) -> Option<Vec<usize>>) -> Option<String> {
        match self {
            Self::EfficientAt { .. } => efficientat::fitting(shape_of),
        }
    }

    /// Licence of the published weights.
    pub fn licence(&self) -> &'static str {
        match self {
            Self::EfficientAt { .. } => "MIT",
        }
    }

    /// Where they were published.
    pub fn home(&self) -> &'static str {
        match self {
            Self::EfficientAt { .. } => "https://github.com/fschmid56/EfficientAT",
        }
    }
}

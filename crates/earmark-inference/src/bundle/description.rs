//! What a bundle contains: `bundle.json`.

use earmark_features::Segments;
use earmark_metrics::BlendMean;
use serde::Serialize;

/// Version of `bundle.json`.
pub(super) const FORMAT: u32 = 1;

/// The program's name in a bundle.
pub(super) const PROGRAM: &str = "earmark";

/// The content of `bundle.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundleDescription {
    /// Version of this description.
    pub format: u32,
    /// Version of the program that packed it.
    pub version: String,
    /// How the models are blended.
    pub mean: BlendMean,
    /// Weight of each model, unless all are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Number of classes.
    pub classes: usize,
    /// The models, in the order of the weights.
    pub models: Vec<BundledModel>,
    /// The program.
    pub program: BundledProgram,
}

/// A model in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundledModel {
    /// Its file.
    pub file: String,
    /// Its recipe's name.
    pub recipe: String,
    /// Steps that it was trained for.
    pub step: u64,
    /// Licence of the weights, if the recipe names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Segments that clips are cut into.
    #[serde(rename = "tiles", skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// Of a stacked model, the folders of its base models, in order.
    #[serde(rename = "asks", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
}

/// The program in a bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BundledProgram {
    /// Its file.
    pub file: String,
    /// Whether it is static; otherwise it needs a C library at least as new as that of the system it was built on. `None` for
    /// programs that are not ELF files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
}

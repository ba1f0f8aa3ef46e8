//! What training would do, found without reading audio.

use super::data::open_data;
use super::{PipelineError, split};
use crate::recipe::Recipe;
use earmark_features::Extractor;
use earmark_models::{Network, Summary, VarKind, VarSpec};
use std::path::Path;

/// What training would do, found without reading audio.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Plan {
    /// Classes in order.
    pub classes: Vec<String>,
    /// Clips to train on.
    pub train: usize,
    /// Clips that validate.
    pub validation: usize,
    /// Clips kept for judging.
    pub judged: usize,
    /// Channels, bands and frames of an example.
    pub example: [usize; 3],
    /// The network's layers.
    pub network: Summary,
    /// Trainable scalars, BatchNorm and biases included.
    pub trainable: usize,
    /// All scalars.
    pub parameters: usize,
    /// Bytes of one checkpoint.
    pub checkpoint_bytes: u64,
}

/// Checks everything that can be checked without reading audio.
pub fn plan(
    recipe: &Recipe,
    data: &Path,
    fold: Option<u32>,
    folds: Option<&Path>,
) -> Result<Plan, PipelineError> {
    let data = open_data(recipe, data)?;
    let parts = split(recipe, &data, fold, folds)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let example = example_shape(&extractor);
    let (network, specs) = Network::build(&recipe.network, example[0], data.classes.len())?;
    let count = |trainable: bool| {
        specs
            .iter()
            .filter(|s| !trainable || s.kind == VarKind::Trainable)
            .map(VarSpec::len)
            .sum()
    };
    let parameters: usize = count(false);
    Ok(Plan {
        classes: data.classes.names().to_vec(),
        train: parts.train.len(),
        validation: parts.validation.len(),
        judged: parts.judged.len(),
        example,
        network: network.summary(example[0], example[1], example[2]),
        trainable: count(true),
        parameters,
        checkpoint_bytes: 4 * parameters as u64,
    })
}

/// Channels, bands and frames of an example.
pub(super) fn example_shape(e: &Extractor) -> [usize; 3] {
    [e.channels(), e.bands(), e.example_frames().unwrap_or(0)]
}

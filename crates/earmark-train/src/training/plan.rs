//! What training would do, found without reading audio.

use super::TrainJob;
use super::class_weights::{describe_class_weights, with_class_weights};
use super::initial_weights::{InitialWeights, classifier_variables};
use crate::{PipelineError, split};
use earmark_engine::check_prefixes;
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_models::{LayerTable, Network, VarSpec, Vars, count_parameters};

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
    pub network: LayerTable,
    /// Trainable scalars, BatchNorm and biases included.
    pub trainable: usize,
    /// All scalars.
    pub parameters: usize,
    /// Bytes of one checkpoint.
    pub checkpoint_bytes: u64,
    /// Where weights start, a line each; empty where all of them are drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<String>,
    /// For each phase what is frozen and how the rest moves; empty where there is one in which all learns alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// What an example of each class weighs in the loss; none where all count alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<String>,
}

/// Checks everything that can be checked without reading audio.
pub fn plan(job: &TrainJob, fold: Option<u32>) -> Result<Plan, PipelineError> {
    let recipe = &job.recipe;
    let data = open_data(recipe, &job.data)?;
    let split = split(recipe, &data, fold, job.fold_table.as_deref())?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let mut example = segment_shape(&extractor);
    if let Some(length) = recipe.batches.length {
        example[2] = length.max_frames;
    }
    let (network, specs) = Network::build(&recipe.network, example[0], data.classes.len())?;
    check_prefixes(&recipe.train, &specs)?;
    let of_fold = TrainJob { fold, ..job.clone() };
    let start = match InitialWeights::of(&of_fold, None) {
        None => Vec::new(),
        Some(start) => {
            let classifier = classifier_variables(&network, &specs);
            let mut vars = Vars::init(specs.clone(), recipe.train.seed, Device::cpu()?.burn());
            start.describe(&start.transfer(&network, &classifier, data.classes.names(), &mut vars)?)
        }
    };
    let weighed = with_class_weights(&recipe.train, data.classes.names(), &split.train)?;
    Ok(Plan {
        classes: data.classes.names().to_vec(),
        train: split.train.len(),
        validation: split.validation.len(),
        judged: split.judged.len(),
        example,
        network: network.layer_table(example[0], example[1], example[2]),
        trainable: count_parameters(&specs, true),
        parameters: count_parameters(&specs, false),
        checkpoint_bytes: 4 * specs.iter().map(VarSpec::len).sum::<usize>() as u64,
        start,
        phases: match recipe.train.is_partial() {
            true => recipe.train.describe_phases(),
            false => Vec::new(),
        },
        class_weights: describe_class_weights(&weighed.loss, data.classes.names()),
    })
}

/// Channels, bands and frames of an example.
pub(super) fn segment_shape(e: &Extractor) -> [usize; 3] {
    [e.channels(), e.bands(), e.segment_frames().unwrap_or(0)]
}

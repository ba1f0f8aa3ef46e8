//! What a training would do, found without reading audio.

use super::class_weights_from_counts::{describe_class_weights, with_class_weights};
use super::data_notes::data_notes;
use super::initial_weights::{InitialWeights, classifier_variables};
use super::teachers::Teachers;
use super::{Planned, TrainJob};
use crate::{PipelineError, split};
use earmark_engine::check_prefixes;
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_models::{LayerTable, Network, VarSpec, Vars, count_parameters};

/// What a training would do, found without reading audio.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TrainPlan {
    /// What the data folder is taken for, and notes about that, one line each.
    pub data: Vec<String>,
    /// Classes in order.
    pub classes: Vec<String>,
    /// Clips to train on.
    pub train: usize,
    /// Validation clips.
    pub validation: usize,
    /// Test clips.
    #[serde(rename = "judged")]
    pub test: usize,
    /// Which clips nothing is trained on, and which classes have none, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Channels, bands and frames of a segment.
    #[serde(rename = "example")]
    pub segment: [usize; 3],
    /// The network's layers.
    pub network: LayerTable,
    /// Trainable scalars, BatchNorm and biases included.
    pub trainable: usize,
    /// All scalars.
    pub parameters: usize,
    /// Bytes of one checkpoint.
    pub checkpoint_bytes: u64,
    /// Where weights start, one line each; empty if all of them are drawn at random.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<String>,
    /// Which teachers' scores are part of the targets, and what is to be said of them, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<String>,
    /// For each phase, what is frozen and how the rest is trained; empty with a single phase that trains everything alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// The weight of each class in the loss; none if all are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<String>,
}

/// Checks everything that can be checked without reading audio.
///
/// # Errors
/// What a training would refuse: data, folds or settings that do not fit together.
pub fn plan(job: &TrainJob, fold: Option<u32>) -> Result<TrainPlan, PipelineError> {
    let recipe = &job.recipe;
    let data = open_data(recipe, &job.data)?;
    data.refuse_one_class()?;
    let split = split(recipe, &data, fold, job.fold_table.as_deref())?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let cut = extractor.segment_frames().unwrap_or(0);
    let frames = recipe.batches.length.map_or(cut, |length| length.max_frames);
    let segment = [extractor.channels(), extractor.bands(), frames];
    let (network, specs) = Network::build_to_train(&recipe.network, segment[0], data.classes.len())?;
    check_prefixes(&recipe.train, &specs)?;
    let of_fold = TrainJob { fold, ..job.clone() };
    let classes = data.classes.names();
    let mut start = Vec::new();
    if let Some(weights) = InitialWeights::of(&of_fold, None) {
        let classifier = classifier_variables(&network, &specs);
        let mut vars = Vars::init(specs.clone(), recipe.train.seed, Device::cpu()?.burn());
        start = weights.describe(&weights.transfer(&network, &classifier, classes, &mut vars)?);
    }
    let train = with_class_weights(&recipe.train, classes, &split.train)?;
    let planned = Planned {
        data,
        split,
        noisy: Vec::new(),
    };
    let teachers = Teachers::of(&of_fold, &planned, None)?.map_or(Vec::new(), |teachers| teachers.notes);
    let Planned { data, split, .. } = planned;
    let classes = data.classes.names();
    Ok(TrainPlan {
        data: data.lines(),
        classes: classes.to_vec(),
        train: split.train.len(),
        validation: split.validation.len(),
        test: split.test.len(),
        left_out: data_notes(recipe, &data, &split),
        segment,
        network: network.layer_table(segment[0], segment[1], segment[2]),
        trainable: count_parameters(&specs, true),
        parameters: count_parameters(&specs, false),
        checkpoint_bytes: 4 * specs.iter().map(VarSpec::len).sum::<usize>() as u64,
        start,
        teachers,
        phases: match recipe.train.is_partial() {
            true => recipe.train.describe_phases(),
            false => Vec::new(),
        },
        class_weights: describe_class_weights(&train.loss, classes),
    })
}

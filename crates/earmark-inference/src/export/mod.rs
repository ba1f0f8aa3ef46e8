//! Models for other programs: an ONNX file from samples to scores.
//!
//! The graph is everything between decoded, resampled samples and the scores of [`predict`](crate::predict()): the front end, the
//! segments of a clip, the network, the mean over segments, the calibration. Decoding and resampling are left to the user of the file.

mod calibration;
mod check;
mod graph;
mod labels;
mod metadata;

pub use calibration::calibrate;
pub use check::ExportCheck;
pub use earmark_onnx::WeightPrecision;
pub use labels::ExportLabels;

use crate::devices_by_name::Device;
use crate::{ClassThresholds, PipelineError, ThresholdConfig, WindowHop, WindowRule};
use earmark_engine::{ModelMeta, Scorer};
use earmark_models::Precision;
use earmark_onnx::OnnxModel;
use graph::build_graph;
use metadata::{doc, metadata};
use std::path::Path;

/// Name of the input: samples at the model's rate, `[batch, samples]`.
pub const WAVEFORM: &str = "waveform";
/// Name of the first output: scores in 0 to 1, `[batch, classes]`.
pub const SCORES: &str = "scores";
/// Name of the second: the mean of the segments' logits, `[batch, classes]`.
pub const LOGITS: &str = "logits";
/// Name of the third: the mean of the segments' features before the classifier, `[batch, features]`.
pub const EMBEDDING: &str = "embedding";

/// How a model is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// How weights are stored.
    pub weights: WeightPrecision,
    /// Whether to leave out the calibration in the model file.
    pub raw: bool,
}

/// A model as ONNX, and what it was made from.
#[derive(Debug)]
pub struct OnnxExport {
    /// The file.
    pub model: OnnxModel,
    /// The description in the model file; without its calibration if that is left out.
    pub meta: ModelMeta,
    /// Rate of the samples that it takes.
    pub sample_rate_hz: u32,
    /// Whether predictions score random crops (`predict.random-crops`); a graph scores whole clips.
    pub leaves_random_crops: bool,
    scorer: Scorer,
    /// Name of the recipe.
    name: String,
    window_rule: WindowRule,
    thresholds: ClassThresholds,
}

impl OnnxExport {
    /// The model file at `path` as ONNX.
    ///
    /// # Errors
    ///
    /// For a file that is not a model, and for a front end that can't be exported (PCEN, handcrafted features, trimming).
    pub fn of_model(path: &Path, options: ExportOptions) -> Result<Self, PipelineError> {
        // The graph computes in single precision, and so does what it is compared with.
        let device = Device::cpu()?.with_precision(Some(Precision::F32));
        let opened = crate::Model::open_file(path, &device)?;
        let mut meta = opened.meta().clone();
        meta.calibration = meta.calibration.filter(|_| !options.raw);
        let (recipe, scorer) = (opened.recipe(), opened.scorer());
        let all: Vec<usize> = (0..meta.classes.len()).collect();
        let own = meta.calibration.as_ref().map(|c| c.thresholds.as_slice());
        let thresholds = ThresholdConfig::default().resolve(&meta.classes, &all, own)?;
        let model = OnnxModel {
            producer: "earmark".into(),
            producer_version: earmark_core::VERSION.into(),
            doc: doc(recipe, &meta),
            metadata: metadata(recipe, &meta, scorer, options.weights),
            graph: build_graph(recipe, &meta, scorer, options.weights)?,
        };
        model.graph.check().map_err(|e| {
            PipelineError::Request(format!(
                "{}: its graph can't be written: {e}; this is a bug in earmark: please report it",
                path.display()
            ))
        })?;
        Ok(Self {
            model,
            window_rule: WindowRule::new(&opened, None, WindowHop::Default)?,
            thresholds,
            name: recipe.name.clone(),
            meta,
            sample_rate_hz: recipe.front_end.sample_rate_hz,
            leaves_random_crops: recipe.predict.random_crops.is_some(),
            scorer: scorer.clone(),
        })
    }
}

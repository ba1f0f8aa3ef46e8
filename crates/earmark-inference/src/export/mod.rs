//! Models for other programs: an ONNX file that takes samples and gives scores.
//!
//! The graph is everything between decoded, resampled samples and the scores that [`predict`](crate::predict) gives: the front end,
//! the examples of a clip, the network, the mean over examples, the calibration. Decoding, resampling and, where the
//! recipe has it, trimming (`front-end.trim`) are left to who uses it.

mod calibration;
mod check;

pub use check::ExportCheck;
pub use earmark_onnx::WeightPrecision;

use crate::PipelineError;
use crate::device::Device;
use earmark_engine::{ModelMeta, Scorer};
use earmark_models::onnx::OnnxPlanes;
use earmark_onnx::{Builder, Dim, OnnxModel, Value};
use earmark_recipe::Recipe;
use std::path::Path;

/// Name of the input: samples at the model's rate, `[batch, samples]`.
pub const WAVEFORM: &str = "waveform";
/// Name of the first output: scores in 0 to 1, `[batch, classes]`.
pub const SCORES: &str = "scores";
/// Name of the second: the mean of the examples' logits, `[batch, classes]`.
pub const LOGITS: &str = "logits";
/// Name of the third: the mean of the examples' features before the classifier, `[batch, features]`.
pub const EMBEDDING: &str = "embedding";

/// How a model is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// How weights are stored.
    pub weights: WeightPrecision,
    /// Leave out the calibration that a model file may hold.
    pub raw: bool,
}

/// A model as ONNX, and what it was made from.
#[derive(Debug)]
pub struct OnnxExport {
    /// The file.
    pub model: OnnxModel,
    /// What the model file says of itself; without its calibration where that is left out.
    pub meta: ModelMeta,
    /// Rate of the samples that it takes.
    pub sample_rate_hz: u32,
    /// Whether `front-end.trim` cuts silence before anything else, which is left to who uses the file: a graph takes clips of one
    /// length.
    pub leaves_trimming: bool,
    /// Whether predictions hear random stretches (`predict.random-crops`), which no graph draws: it hears clips whole.
    pub leaves_random_crops: bool,
    scorer: Scorer,
}

impl OnnxExport {
    /// The model file at `path` as ONNX.
    ///
    /// # Errors
    /// A file that is no model, or a front end that has no graph (`amplitude.pcen`).
    pub fn of_model(path: &Path, options: ExportOptions) -> Result<Self, PipelineError> {
        let opened = crate::Model::open_file(path, &Device::cpu()?)?;
        let mut meta = opened.meta().clone();
        meta.calibration = meta.calibration.filter(|_| !options.raw);
        let (recipe, scorer) = (opened.recipe(), opened.scorer());
        let model = OnnxModel {
            producer: "earmark".into(),
            producer_version: earmark_core::VERSION.into(),
            doc: doc(recipe, &meta),
            metadata: metadata(recipe, &meta, scorer, options.weights),
            graph: graph(recipe, &meta, scorer, options.weights)?,
        };
        model.graph.check().map_err(|e| {
            PipelineError::Request(format!(
                "{}: its graph can't be written: {e}; this is a fault of earmark's own",
                path.display()
            ))
        })?;
        Ok(Self {
            model,
            meta,
            sample_rate_hz: recipe.front_end.sample_rate_hz,
            leaves_trimming: recipe.front_end.trim.is_some(),
            leaves_random_crops: recipe.predict.random_crops.is_some(),
            scorer: scorer.clone(),
        })
    }
}

fn graph(
    recipe: &Recipe,
    meta: &ModelMeta,
    scorer: &Scorer,
    weights: WeightPrecision,
) -> Result<earmark_onnx::Graph, PipelineError> {
    let mut g = Builder::with_weights(weights);
    let batch = Dim::Named("batch");
    let waveform = g.input(WAVEFORM, &[batch, Dim::Named("samples")]);
    let examples = recipe
        .predict_front_end()
        .add_to_onnx(&mut g, &waveform, scorer.longest_whole())?;
    g.scope("network");
    let planes = OnnxPlanes {
        value: examples.features,
        channels: examples.channels,
        size: [Some(examples.bands), examples.frames],
    };
    let out = scorer.network.add_to_onnx(&mut g, &scorer.vars, planes)?;
    g.scope("clip");
    let scores = if scorer.loss.is_single_label() {
        g.op("Softmax", &[&out.logits], &[("axis", 1.into())])
    } else {
        g.op("Sigmoid", &[&out.logits], &[])
    };
    let classes = meta.classes.len();
    let mut mean = |value: &Value, n| mean(&mut g, value, &examples.count, n);
    let (mut scores, logits) = (mean(&scores, classes), mean(&out.logits, classes));
    let embedding = mean(&out.embedding, out.features);
    if let Some(calibration) = &meta.calibration {
        calibration.check(classes)?;
        scores = calibration::calibrate(&mut g, &scores, calibration);
    }
    for (name, value, n) in [
        (SCORES, &scores, classes),
        (LOGITS, &logits, classes),
        (EMBEDDING, &embedding, out.features),
    ] {
        g.output(name, value, &[batch, Dim::Fixed(n)]);
    }
    Ok(g.finish())
}

/// `[batch x examples, n]` to the mean over the examples of each clip, `[batch, n]`.
fn mean(g: &mut Builder, x: &Value, examples: &Value, n: usize) -> Value {
    let (rest, n) = (g.ints(&[-1]), g.length(n));
    let shape = g.concat(&[&rest, examples, &n], 0);
    let each = g.op("Reshape", &[x, &shape], &[]);
    let axes = ("axes", [1_usize][..].into());
    g.op("ReduceMean", &[&each], &[axes, ("keepdims", 0.into())])
}

/// For people: what it takes and gives.
fn doc(recipe: &Recipe, meta: &ModelMeta) -> String {
    format!(
        "{}: {WAVEFORM} [batch, samples] at {} Hz (mono, -1 to 1) to {SCORES} [batch, {}]. Exported by earmark {}.",
        recipe.name,
        recipe.front_end.sample_rate_hz,
        meta.classes.len(),
        earmark_core::VERSION
    )
}

/// For programs: everything that is needed to use the scores.
fn metadata(
    recipe: &Recipe,
    meta: &ModelMeta,
    scorer: &Scorer,
    weights: WeightPrecision,
) -> Vec<(String, String)> {
    let scores = if scorer.loss.is_single_label() {
        "softmax"
    } else {
        "sigmoid"
    };
    let weights = match weights {
        WeightPrecision::Float32 => "float32",
        WeightPrecision::Int8 => "int8",
    };
    let classes = serde_json::to_string(&meta.classes).expect("strings");
    let mut all = vec![
        ("classes", classes),
        ("sample_rate_hz", recipe.front_end.sample_rate_hz.to_string()),
        ("scores", scores.to_owned()),
        ("weights", weights.to_owned()),
        ("name", recipe.name.clone()),
        ("step", meta.step.to_string()),
        ("trained_by", format!("earmark {}", meta.version)),
    ];
    all.extend(meta.licence.clone().map(|licence| ("licence", licence)));
    let json = |value: serde_json::Result<String>| value.expect("numbers, words and lists");
    if let Some(calibration) = &meta.calibration {
        all.push(("calibration", json(serde_json::to_string(calibration))));
    }
    if let Some(trim) = &recipe.front_end.trim {
        all.push(("trim", json(serde_json::to_string(trim))));
    }
    all.push(("recipe", meta.recipe.clone()));
    all.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

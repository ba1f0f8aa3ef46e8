//! Models for other programs: an ONNX file that takes samples and gives scores.
//!
//! The graph is everything between decoded, resampled samples and the scores that [`predict`](crate::pipeline::predict) gives: the front end,
//! the examples of a clip, the network, the mean over examples. Only decoding and resampling are left to who uses it.

mod check;

pub use check::Check;
pub use earmark_onnx::Weights;

use crate::pipeline::{PipelineError, scorer_of};
use crate::recipe::Recipe;
use earmark_engine::{ModelFile, ModelMeta, Scorer};
use earmark_models::onnx::Planes;
use earmark_onnx::{Builder, Dim, Model, Value};
use std::path::Path;

/// Name of the input: samples at the model's rate, `[batch, samples]`.
pub const WAVEFORM: &str = "waveform";
/// Name of the first output: scores in 0 to 1, `[batch, classes]`.
pub const SCORES: &str = "scores";
/// Name of the second: the mean of the examples' logits, `[batch, classes]`.
pub const LOGITS: &str = "logits";
/// Name of the third: the mean of the examples' features before the classifier, `[batch, features]`.
pub const EMBEDDING: &str = "embedding";

/// A model as ONNX, and what it was made from.
#[derive(Debug)]
pub struct Onnx {
    /// The file.
    pub model: Model,
    /// What the model file says of itself.
    pub meta: ModelMeta,
    /// Rate of the samples that it takes.
    pub sample_rate_hz: u32,
    scorer: Scorer,
}

impl Onnx {
    /// The model file at `path` as ONNX.
    ///
    /// # Errors
    /// A file that is no model, or a front end that has no graph (`level.pcen`).
    pub fn of_model(path: &Path, weights: Weights) -> Result<Self, PipelineError> {
        let (scorer, _) = scorer_of(path, "cpu")?;
        let meta = ModelFile::read(path)?.meta;
        let recipe = Recipe::parse(&meta.recipe, path)?;
        let model = Model {
            producer: "earmark".into(),
            producer_version: crate::VERSION.into(),
            doc: doc(&recipe, &meta),
            metadata: metadata(&recipe, &meta, &scorer, weights),
            graph: graph(&recipe, &meta, &scorer, weights)?,
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
            scorer,
        })
    }
}

fn graph(
    recipe: &Recipe,
    meta: &ModelMeta,
    scorer: &Scorer,
    weights: Weights,
) -> Result<earmark_onnx::Graph, PipelineError> {
    let mut g = Builder::with_weights(weights);
    let batch = Dim::Named("batch");
    let waveform = g.input(WAVEFORM, &[batch, Dim::Named("samples")]);
    let examples = recipe.predict_front_end().add_to_onnx(&mut g, &waveform)?;
    g.scope("network");
    let planes = Planes {
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
    for (name, value, n) in [
        (SCORES, &scores, meta.classes.len()),
        (LOGITS, &out.logits, meta.classes.len()),
        (EMBEDDING, &out.embedding, out.features),
    ] {
        let value = mean(&mut g, value, examples.count.as_ref(), n);
        g.output(name, &value, &[batch, Dim::Fixed(n)]);
    }
    Ok(g.finish())
}

/// `[batch x examples, n]` to the mean over the examples of each clip, `[batch, n]`.
fn mean(g: &mut Builder, x: &Value, examples: Option<&Value>, n: usize) -> Value {
    let Some(examples) = examples else {
        return x.clone();
    };
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
        crate::VERSION
    )
}

/// For programs: everything that is needed to use the scores.
fn metadata(recipe: &Recipe, meta: &ModelMeta, scorer: &Scorer, weights: Weights) -> Vec<(String, String)> {
    let scores = if scorer.loss.is_single_label() {
        "softmax"
    } else {
        "sigmoid"
    };
    let weights = match weights {
        Weights::Float32 => "float32",
        Weights::Int8 => "int8",
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
    all.push(("recipe", meta.recipe.clone()));
    all.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

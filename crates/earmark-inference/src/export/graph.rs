//! The graph of an export, from samples to scores.

use super::{EMBEDDING, LOGITS, SCORES, WAVEFORM, calibration};
use crate::PipelineError;
use earmark_engine::{ModelMeta, Scorer};
use earmark_models::onnx::OnnxPlanes;
use earmark_onnx::{Builder, Dim, Graph, Value, WeightPrecision};
use earmark_recipe::Recipe;

pub(super) fn build_graph(
    recipe: &Recipe,
    meta: &ModelMeta,
    scorer: &Scorer,
    weights: WeightPrecision,
) -> Result<Graph, PipelineError> {
    let mut g = Builder::with_weights(weights);
    let batch = Dim::Named("batch");
    let waveform = g.input(WAVEFORM, &[batch, Dim::Named("samples")]);
    let segments = recipe
        .predict_front_end()
        .add_to_onnx(&mut g, &waveform, scorer.longest_whole())?;
    g.set_prefix("network");
    let planes = OnnxPlanes {
        value: segments.features,
        channels: segments.channels,
        size: [Some(segments.bands), segments.frames],
    };
    let out = scorer.network.add_to_onnx(&mut g, &scorer.vars, planes)?;
    g.set_prefix("clip");
    let scores = if scorer.loss.is_single_label() {
        g.op("Softmax", &[&out.logits], &[("axis", 1.into())])
    } else {
        g.op("Sigmoid", &[&out.logits], &[])
    };
    let (classes, features) = (meta.classes.len(), scorer.network.embedding_len());
    let mut mean = |value: &Value, n| mean(&mut g, value, &segments.count, n);
    let (mut scores, logits) = (mean(&scores, classes), mean(&out.logits, classes));
    let embedding = mean(&out.embedding, features);
    if let Some(calibration) = &meta.calibration {
        calibration.check(classes)?;
        scores = calibration::calibrate(&mut g, &scores, calibration);
    }
    for (name, value, n) in [
        (SCORES, &scores, classes),
        (LOGITS, &logits, classes),
        (EMBEDDING, &embedding, features),
    ] {
        g.output(name, value, &[batch, Dim::Fixed(n)]);
    }
    Ok(g.finish())
}

/// `[batch x segments, n]` to the mean over the segments of each clip, `[batch, n]`.
fn mean(g: &mut Builder, x: &Value, segments: &Value, n: usize) -> Value {
    let (rest, n) = (g.ints(&[-1]), g.length(n));
    let shape = g.concat(&[&rest, segments, &n], 0);
    let each = g.op("Reshape", &[x, &shape], &[]);
    let axes = ("axes", [1_usize][..].into());
    g.op("ReduceMean", &[&each], &[axes, ("keepdims", 0.into())])
}

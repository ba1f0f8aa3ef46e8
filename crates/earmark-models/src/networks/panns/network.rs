//! The layers of PANNs' networks, their passes, table and graph.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::{Dense, without_plane};
use crate::bypass::HiddenBypass;
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::panns::backbone::Backbone;
use crate::networks::panns::band_norm::BandNorm;
use crate::networks::panns::config::{PannsBackbone, PannsConfig, SHRINKS};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars};
use burn::tensor::{Tensor, activation};
use earmark_core::ConfigError;
use earmark_onnx::{Builder, Value};
use std::sync::Arc;

/// The network; see the module.
#[derive(Clone, Debug)]
struct Panns {
    config: PannsConfig,
    input: BandNorm,
    backbone: Backbone,
    hidden: Dense,
    logits: Dense,
}

impl ArchitectureConfig for PannsConfig {
    /// Declares all variables: `input.bn.*`; `block1.conv1.*`, `block1.conv2.*`, ... of Cnn14 and Cnn10; `conv0.*`, `dw1.*`, `pw1.*`, ...
    /// of MobileNet v1; `conv0.*`, `block1.depthwise.*`, ... `last.*` of MobileNet v2; `hidden.*`, `logits.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let norm = BandNorm::declare(b, self);
        let backbone = Backbone::declare(b, self, input);
        let hidden = match self.backbone {
            PannsBackbone::MobileNetV2 => self.channels(1024),
            _ => backbone.channels,
        };
        Arc::new(Panns {
            hidden: Dense::declare(b, "hidden", backbone.channels, hidden, self.init),
            logits: Dense::declare(b, "logits", hidden, classes, self.init),
            config: *self,
            input: norm,
            backbone,
        })
    }

    fn bands(&self) -> Option<usize> {
        Some(self.bands)
    }
}

impl Panns {
    /// Any number of frames to the input of the hidden layer, `[B, C]`.
    fn pooled(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = lengthened(self.input.forward(x, ctx)); // [B, channels, frames, bands]
        let x = self.backbone.forward(x, ctx).mean_dim(3); // [B, C, T', 1]
        let x = without_plane(x.clone().max_dim(2) + x.mean_dim(2)); // [B, C]
        // The original's MobileNet v2 leaves this dropout out.
        match self.config.backbone {
            PannsBackbone::MobileNetV2 => x,
            _ => ctx.dropout(x, self.config.drop_prob),
        }
    }

    /// From the input of the hidden layer to its output.
    fn embedded(&self, pooled: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        activation::relu(self.hidden.forward(pooled, ctx)) // [B, E]
    }
}

impl Architecture for Panns {
    /// Any number of frames to the hidden layer, as published.
    ///
    /// # Panics
    /// If the number of bands differs from the configuration's.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let pooled = self.pooled(x, ctx);
        self.embedded(pooled, ctx)
    }

    /// The original's dropout before this layer affects the embedding that it returns and does not reach the logits.
    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.logits.forward(embedding, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.hidden.output
    }

    /// The pooled features are means and maxima of what rectifiers give, so that the hidden layer's own rectifier gives them back.
    fn bypass(&self) -> Option<HiddenBypass> {
        HiddenBypass::new("hidden.", self.hidden.input, self.hidden.output, 0.0)
    }

    fn embed_with_hidden_input(&self, x: Tensor<4>, ctx: &mut Forward) -> (Tensor<2>, Tensor<2>) {
        let pooled = self.pooled(x, ctx);
        (pooled.clone(), self.embedded(pooled, ctx))
    }

    /// Planes are frames high; weights without BatchNorm and biases.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([frames, bands], channels);
        self.backbone.add_rows(&mut table);
        table.global_pool("ReduceMax + ReduceMean", self.hidden.input);
        table.dense("hidden", &self.hidden);
        table.dense("logits", &self.logits);
        let (backbone, width) = (self.config.backbone, self.config.width);
        table.finish(format!("PANNs {backbone:?}, width {width}"))
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let normed = self.input.add_to_onnx(g, vars, x); // [B, channels, frames, bands]
        let x = lengthened_in_graph(g, normed);
        let x = self.backbone.add_to_onnx(g, vars, x); // [B, C, T', F']
        let mut over = |op: &'static str, x: &Value, axis: usize| {
            g.op(op, &[x], &[("axes", [axis][..].into()), ("keepdims", 0.into())])
        };
        let rows = over("ReduceMean", &x.value, 3); // [B, C, T']
        let (most, mean) = (over("ReduceMax", &rows, 2), over("ReduceMean", &rows, 2));
        let seen = g.op("Add", &[&most, &mean], &[]); // [B, C]
        let hidden = self.hidden.add_to_onnx(g, vars, &seen);
        let embedding = g.op("Relu", &[&hidden], &[]); // [B, E]
        let logits = self.logits.add_to_onnx(g, vars, &embedding);
        Ok(OnnxOutputs { logits, embedding })
    }
}

/// Repeats the last frame until there are as many as a backbone shrinks to one.
fn lengthened(x: Tensor<4>) -> Tensor<4> {
    let [_, _, frames, _] = x.dims();
    if frames == 0 || frames >= SHRINKS {
        return x;
    }
    let last = x.clone().narrow(2, frames - 1, 1);
    let missing = last.repeat_dim(2, SHRINKS - frames);
    Tensor::cat(vec![x, missing], 2)
}

/// As [`lengthened`], in a graph.
fn lengthened_in_graph(g: &mut Builder, x: OnnxPlanes) -> OnnxPlanes {
    if x.size[0].is_some_and(|frames| frames >= SHRINKS) {
        return x;
    }
    let frames = g.length_of(&x.value, 2);
    let least = g.length(SHRINKS);
    let wanted = g.op("Max", &[&frames, &least], &[]);
    let missing = g.op("Sub", &[&wanted, &frames], &[]);
    let (before, after) = (g.ints(&[0; 6]), g.length(0));
    let pads = g.concat(&[&before, &missing, &after], 0);
    OnnxPlanes {
        value: g.op("Pad", &[&x.value, &pads], &[("mode", "edge".into())]),
        size: [x.size[0].map(|frames| frames.max(SHRINKS)), x.size[1]],
        ..x
    }
}

//! MobileNet v1 (Howard et al. 2017, arXiv:1704.04861) as the DCASE 2019 Task 2 baseline uses it: first stride 1 instead of 2,
//! BatchNorm and ReLU after every convolution, TensorFlow's SAME padding.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::{
    BatchNormConfig, Conv, ConvSpec, Dense, Pool, PoolSpec, conv_chain_pooled, without_plane,
};
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init, check_width};
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::Tensor;
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Depth of the thirteen separable convolutions at width 1, and whether each shrinks the plane.
pub(crate) const SEPARABLE: [(usize, bool); 13] = [
    (64, false),
    (128, true),
    (128, false),
    (256, true),
    (256, false),
    (512, true),
    (512, false),
    (512, false),
    (512, false),
    (512, false),
    (512, false),
    (1024, true),
    (1024, false),
];

/// How the last activation is reduced over time and frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GlobalPool {
    /// Average.
    #[default]
    Mean,
    /// Largest value.
    Max,
}

impl GlobalPool {
    /// The pool of the blocks.
    fn pool(self) -> Pool {
        match self {
            Self::Mean => Pool::Mean,
            Self::Max => Pool::Max,
        }
    }
}

/// Settings of MobileNet v1; the defaults are the network of the DCASE 2019 baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV1Config {
    /// Factor on every layer's channels; at least 8 channels remain.
    pub width: f64,
    /// How the last activation is reduced before the classifier: `mean` or `max`.
    pub global_pool: GlobalPool,
    /// Probability that a feature before the classifier is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Whether BatchNorm follows every convolution; with `false` the convolutions have biases instead.
    pub batch_norm: bool,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for MobileNetV1Config {
    fn default() -> Self {
        Self {
            width: 1.0,
            global_pool: GlobalPool::Mean,
            drop_prob: 0.0,
            batch_norm: true,
            batch_norm_decay: 0.9997,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV1Config {
    fn channels(&self, at_width_1: usize) -> usize {
        ((at_width_1 as f64 * self.width) as usize).max(8)
    }
}

impl Check for MobileNetV1Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 16; 1 is the published network";
        check_width(self.width, 16.0, remedy)?;
        let hint = "; the original's `dropout` is the KEEP probability, 1 minus this";
        check_drop_prob(self.drop_prob, hint)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

/// The network: a convolution, thirteen depthwise-pointwise pairs, global pooling, a dense layer.
#[derive(Clone, Debug)]
struct MobileNetV1 {
    config: MobileNetV1Config,
    first: Conv,
    /// Depthwise and pointwise convolution of each pair.
    pairs: Vec<[Conv; 2]>,
    logits: Dense,
}

impl ArchitectureConfig for MobileNetV1Config {
    /// Declares all variables: `conv0.*`, `dw1.*`, `pw1.*`, ... `pw13.*`, `logits.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let norm = BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon);
        let norm = self.batch_norm.then_some(norm);
        let mut conv = |name: String, spec: ConvSpec| Conv::declare(b, &name, spec, norm, self.init);
        let mut depth = self.channels(16);
        let first = conv("conv0".into(), ConvSpec::same3(input, depth, 1));
        let mut pairs = Vec::with_capacity(SEPARABLE.len());
        for (i, (out, shrinks)) in (1..).zip(SEPARABLE) {
            let depthwise = ConvSpec::depthwise3(depth, if shrinks { 2 } else { 1 });
            let pointwise = ConvSpec::pointwise(depth, self.channels(out));
            depth = pointwise.output;
            let depthwise = conv(format!("dw{i}"), depthwise);
            pairs.push([depthwise, conv(format!("pw{i}"), pointwise)]);
        }
        Arc::new(MobileNetV1 {
            config: *self,
            first,
            pairs,
            logits: Dense::declare(b, "logits", depth, classes, self.init),
        })
    }
}

impl MobileNetV1 {
    fn convs(&self) -> impl Iterator<Item = &Conv> {
        [&self.first].into_iter().chain(self.pairs.iter().flatten())
    }
}

impl Architecture for MobileNetV1 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        // The original's images are frames high and bands wide.
        let x = x.swap_dims(2, 3); // [B, C, frames, bands]
        let convs: Vec<&Conv> = self.convs().collect();
        let pool = PoolSpec::global(self.config.global_pool.pool());
        without_plane(conv_chain_pooled(&convs, Some(pool), x, ctx)) // [B, 1024]
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(embedding, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// The table of the DCASE 2019 baseline: weights without BatchNorm, a separable convolution per row.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([frames, bands], channels);
        table.conv("", &self.first);
        for [depthwise, pointwise] in &self.pairs {
            let (d, p) = (&depthwise.spec, &pointwise.spec);
            let before = d.multiplies(table.size);
            table.size = d.output_size(table.size);
            let name = format!("SC(3x3, {}, {})", p.output, d.stride[0]);
            let multiplies = before + p.multiplies(table.size);
            table.plane(name, p.output, d.weights() + p.weights(), multiplies);
        }
        let pool = self.config.global_pool;
        table.global_pool(&format!("Reduce{pool:?}"), self.logits.input);
        table.dense("", &self.logits);
        table.finish(format!("MobileNet v1, width {}", self.config.width))
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let [bands, frames] = x.size;
        // The original's images are frames high and bands wide.
        let x = OnnxPlanes {
            value: g.transpose(&x.value, &[0, 1, 3, 2]),
            size: [frames, bands],
            ..x
        };
        let x = self.convs().fold(x, |x, conv| conv.add_to_onnx(g, vars, &x)); // [B, C, frames / s, bands / s]
        let embedding = x.global_pool(g, self.config.global_pool.pool()); // [B, 1024]
        let logits = self.logits.add_to_onnx(g, vars, &embedding);
        Ok(OnnxOutputs { logits, embedding })
    }
}

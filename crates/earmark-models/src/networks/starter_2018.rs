//! The network of starter-2018, a public kernel for FSDKaggle2018: three times dropout, a convolution that is wide in frequency and
//! a max pool; then the mean over the plane and a linear classifier.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::{BatchNormConfig, Conv, ConvSpec, Dense, Pool, PoolSpec, conv_chain_pooled, global_mean};
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init};
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

/// The pool after each convolution.
const POOL: PoolSpec = PoolSpec::new(Pool::Max, 2);

/// Settings of the starter-2018 network; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Starter2018Config {
    /// Channels of the first convolution; the second and third have 2 and 4 times as many.
    pub base: usize,
    /// Height of each convolution's kernel, in bands (or bins).
    pub kernel_bands: usize,
    /// Width of each convolution's kernel, in frames.
    pub kernel_frames: usize,
    /// Probability that an input of a convolution is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Probability that a feature before the classifier is dropped in training. The original's `keep_prob` is 1 minus this.
    pub head_drop_prob: f64,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for Starter2018Config {
    fn default() -> Self {
        Self {
            base: 16,
            kernel_bands: 11,
            kernel_frames: 3,
            drop_prob: 0.1,
            head_drop_prob: 0.2,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl Check for Starter2018Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 1 to 1024 channels; 16 is the published network";
        ConfigError::check_range("base", self.base, 1..=1024, remedy)?;
        let remedy = "choose 1 to 31; the published kernel spans 11 bands and 3 frames";
        ConfigError::check_range("kernel-bands", self.kernel_bands, 1..=31, remedy)?;
        ConfigError::check_range("kernel-frames", self.kernel_frames, 1..=31, remedy)?;
        check_drop_prob(self.drop_prob, "; the original has 0.1")?;
        let remedy =
            "choose a probability from 0 (no dropout) to below 1; the original keeps 0.8, which is 0.2 here";
        ConfigError::check_range("head-drop-prob", self.head_drop_prob, 0.0..1.0, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

/// The network: three convolutions with max pools, the mean over the plane, a dense layer.
#[derive(Clone, Debug)]
struct Starter2018 {
    config: Starter2018Config,
    convs: [Conv; 3],
    logits: Dense,
}

impl ArchitectureConfig for Starter2018Config {
    /// Declares all variables: `conv1.*`, `conv2.*`, `conv3.*`, `logits.*`. BatchNorm shifts and does not scale.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let norm = BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon);
        let mut depth = input;
        let convs = [1, 2, 3].map(|n| {
            let spec = ConvSpec {
                kernel: [self.kernel_bands, self.kernel_frames],
                ..ConvSpec::same3(depth, self.base << (n - 1), 1)
            };
            depth = spec.output;
            Conv::declare(b, &format!("conv{n}"), spec, Some(norm), self.init).unscaled(b)
        });
        Arc::new(Starter2018 {
            config: *self,
            convs,
            // The original's 1x1 convolution of a single position is a dense layer.
            logits: Dense::declare(b, "logits", depth, classes, self.init),
        })
    }
}

impl Architecture for Starter2018 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.convs.iter().fold(x, |x, conv| {
            let x = ctx.dropout(x, self.config.drop_prob);
            conv_chain_pooled(&[conv], Some(POOL), x, ctx) // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
        });
        global_mean(x, ctx) // [B, 4 base]
    }

    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.head_drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// Weights without BatchNorm and biases.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        for conv in &self.convs {
            table.conv("", conv);
            table.pool("MaxPool(2)", conv.spec.output, POOL.window);
        }
        table.global_pool("ReduceMean", self.logits.input);
        table.dense("", &self.logits);
        table.finish(format!("starter-2018, base {}", self.config.base))
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let x = self.convs.iter().fold(x, |x, conv| {
            conv.add_to_onnx(g, vars, &x).pool(g, POOL) // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
        });
        let embedding = x.mean(g); // [B, 4 base]
        let logits = self.logits.add_to_onnx(g, vars, &embedding);
        Ok(OnnxOutputs { logits, embedding })
    }
}

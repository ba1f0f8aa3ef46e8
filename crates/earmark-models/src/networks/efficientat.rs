//! The MobileNetV3 of EfficientAT (Schmid, Koutini and Widmer 2023, arXiv:2211.04772): Howard et al. 2019 (arXiv:1905.02244),
//! "large", on one channel, with its width as the only size, and squeeze-and-excitation gated by a plain sigmoid.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::onnx::add_activation;
use crate::blocks::{
    Activation, BatchNormConfig, Conv, ConvPadding, ConvSpec, Dense, InvertedResidual, InvertedResidualSpec,
    Pool, PoolSpec, activate, conv_chain, conv_chain_pooled, divisible, without_plane,
};
use crate::bypass::HiddenBypass;
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

/// A block at width 1: kernel, channels of the depthwise convolution, channels out, squeeze-and-excitation, activation, and which of
/// the configured strides it has (`None`: 1).
type Block = (usize, usize, usize, bool, Activation, Option<usize>);

const RE: Activation = Activation::Relu;
const HS: Activation = Activation::HardSwish;

const BLOCKS: [Block; 15] = [
    (3, 16, 16, false, RE, None),
    (3, 64, 24, false, RE, Some(0)),
    (3, 72, 24, false, RE, None),
    (5, 72, 40, true, RE, Some(1)),
    (5, 120, 40, true, RE, None),
    (5, 120, 40, true, RE, None),
    (3, 240, 80, false, HS, Some(2)),
    (3, 200, 80, false, HS, None),
    (3, 184, 80, false, HS, None),
    (3, 184, 80, false, HS, None),
    (3, 480, 112, true, HS, None),
    (3, 672, 112, true, HS, None),
    (5, 672, 160, true, HS, Some(3)),
    (5, 960, 160, true, HS, None),
    (5, 960, 160, true, HS, None),
];

/// Channels of the stem at width 1.
const STEM: usize = 16;
/// Channels of the last convolution per channel of the last block.
const LAST: usize = 6;

/// Added to inputs of the hidden layer, means of hard swishes of which none is below -0.375, so that its own hard swish, which is linear
/// from 3 on, gives them back.
const LINEAR_SHIFT: f32 = 4.0;

/// How the dense layers are initialised: the original draws them from a normal distribution of this deviation.
const DENSE: WeightInit = WeightInit::TruncatedNormal {
    standard_deviation: 0.01,
};

/// Settings of EfficientAT's network; the defaults are the published mn10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct EfficientAtConfig {
    /// Factor on every layer's channels, which are then rounded to a multiple of 8 (but not below 90 % of the value).
    pub width: f64,
    /// Strides of the four blocks that shrink the plane (the stem's is 2).
    pub strides: [usize; 4],
    /// Number of channels per inner channel of squeeze-and-excitation.
    pub squeeze_ratio: usize,
    /// Features of the hidden layer before the logits, at width 1.
    pub head: usize,
    /// Probability that a feature before the logits is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the convolutions are initialised.
    pub init: WeightInit,
}

impl Default for EfficientAtConfig {
    fn default() -> Self {
        Self {
            width: 1.0,
            strides: [2; 4],
            squeeze_ratio: 4,
            head: 1280,
            drop_prob: 0.2,
            batch_norm_decay: 0.99,
            batch_norm_epsilon: 0.001,
            init: WeightInit::KaimingNormal,
        }
    }
}

impl EfficientAtConfig {
    fn channels(&self, at_width_1: usize) -> usize {
        divisible(at_width_1 as f64 * self.width)
    }

    /// The blocks, in channels of this width.
    fn blocks(&self) -> [InvertedResidualSpec; 15] {
        let mut depth = self.channels(STEM);
        BLOCKS.map(|(kernel, expanded, output, squeeze, activation, stride)| {
            let (input, expanded) = (depth, self.channels(expanded));
            depth = self.channels(output);
            InvertedResidualSpec {
                input,
                expanded,
                output: depth,
                kernel,
                padding: ConvPadding::Symmetric([kernel / 2; 2]),
                stride: stride.map_or(1, |k| self.strides[k]),
                mean_2x2: false,
                activation,
                squeezed: squeeze.then(|| divisible((expanded / self.squeeze_ratio) as f64)),
            }
        })
    }
}

impl Check for EfficientAtConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 16; 0.4 is mn04, 1 is mn10";
        check_width(self.width, 16.0, remedy)?;
        let remedy = "choose four strides from 1 to 4; [2, 2, 2, 2] is the published network";
        let ok = self.strides.iter().all(|s| (1..=4).contains(s));
        ConfigError::unless(ok, "strides", format!("{:?}", self.strides), remedy)?;
        let remedy = "choose 1 to 64; 4 is the published network";
        ConfigError::check_range("squeeze-ratio", self.squeeze_ratio, 1..=64, remedy)?;
        let remedy = "choose 1 to 16384 features; 1280 is the published network";
        ConfigError::check_range("head", self.head, 1..=16_384, remedy)?;
        check_drop_prob(self.drop_prob, "; 0.2 is the published value")?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

/// The network: a convolution, fifteen inverted residuals, a convolution, the mean over each plane (the embedding), two dense
/// layers.
#[derive(Clone, Debug)]
struct EfficientAt {
    config: EfficientAtConfig,
    stem: Conv,
    blocks: Vec<InvertedResidual>,
    last: Conv,
    hidden: Dense,
    logits: Dense,
}

impl ArchitectureConfig for EfficientAtConfig {
    /// Declares all variables: `stem.*`, `block1.depthwise.*`, `block1.project.*`, `block2.expand.*`, ... `block15.*`, `last.*`,
    /// `hidden.*`, `logits.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let norm = BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon);
        let stem = ConvSpec {
            padding: ConvPadding::Symmetric([1, 1]),
            activation: HS,
            ..ConvSpec::same3(input, self.channels(STEM), 2)
        };
        let stem = Conv::declare(b, "stem", stem, Some(norm), self.init);
        let specs = self.blocks();
        let inits = [self.init, DENSE];
        let blocks = (1..)
            .zip(specs)
            .map(|(n, spec)| InvertedResidual::declare(b, &format!("block{n}"), spec, norm, inits))
            .collect();
        let (depth, width) = (specs[14].output, self.channels(self.head));
        let last = ConvSpec::pointwise(depth, LAST * depth).with_activation(HS);
        Arc::new(EfficientAt {
            config: *self,
            stem,
            blocks,
            last: Conv::declare(b, "last", last, Some(norm), self.init),
            hidden: Dense::declare(b, "hidden", LAST * depth, width, DENSE),
            logits: Dense::declare(b, "logits", width, classes, DENSE),
        })
    }
}

impl Architecture for EfficientAt {
    /// Any number of bands and frames to what the published network returns in addition to the logits.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = conv_chain(&[&self.stem], x, ctx); // [B, 16 w, F/2, T/2]
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 160 w, F/32, T/32]
        let pool = PoolSpec::global(Pool::Mean);
        without_plane(conv_chain_pooled(&[&self.last], Some(pool), x, ctx)) // [B, 960 w]
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = activate(HS, self.hidden.forward(embedding, ctx)); // [B, 1280 w]
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.hidden.input
    }

    fn bypass(&self) -> Option<HiddenBypass> {
        HiddenBypass::new("hidden.", self.hidden.input, self.hidden.output, LINEAR_SHIFT)
    }

    /// Weights without BatchNorm and biases.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        table.conv("stem", &self.stem);
        for (n, block) in (1..).zip(&self.blocks) {
            block.add_row(&format!("block{n}"), &mut table);
        }
        table.conv("last", &self.last);
        table.global_pool("ReduceMean", self.hidden.input);
        table.dense("hidden", &self.hidden);
        table.dense("logits", &self.logits);
        table.finish(format!("EfficientAT MobileNetV3, width {}", self.config.width))
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let x = self.stem.add_to_onnx(g, vars, &x); // [B, 16 w, F/2, T/2]
        let blocks = self.blocks.iter();
        let x = blocks.fold(x, |x, block| block.add_to_onnx(g, vars, x)); // [B, 160 w, F/32, T/32]
        let embedding = self.last.add_to_onnx(g, vars, &x).mean(g); // [B, 960 w]
        let hidden = self.hidden.add_to_onnx(g, vars, &embedding);
        let hidden = add_activation(g, HS, hidden); // [B, 1280 w]
        let logits = self.logits.add_to_onnx(g, vars, &hidden);
        Ok(OnnxOutputs { logits, embedding })
    }

    fn head_prefixes(&self) -> &'static [&'static str] {
        &["hidden.", "logits."]
    }
}

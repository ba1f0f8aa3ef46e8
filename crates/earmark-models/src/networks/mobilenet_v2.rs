//! MobileNet v2 (Sandler et al. 2018, arXiv:1801.04381) as mobilenetv2-pca-2018 uses it: a normalised one-channel image is widened by
//! two 1x1 convolutions, goes through the backbone of Keras-Applications 1.0.4, and is joined by a vector of clip-level features
//! before two dense layers.

use crate::architecture::{Architecture, ArchitectureConfig, ClipFeatureInput};
use crate::blocks::{
    Activation, BatchNorm, BatchNormConfig, Conv, ConvPadding, ConvSpec, Dense, InputScaler, InputScalerSpec,
    InvertedResidual, InvertedResidualSpec, conv_chain, divisible, global_mean,
};
use crate::config_checks::{check_batch_norm, check_init, check_width};
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::{Tensor, activation};
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Expansion, channels at width 1, blocks and first stride of each stage.
const STAGES: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];

/// Channels of the two 1x1 convolutions that widen the input.
const WIDENED: [usize; 2] = [10, 3];

/// BatchNorm outside the backbone: Keras's own defaults.
const OUTER: BatchNormConfig = BatchNormConfig::new(0.99, 0.001);

/// Settings of MobileNet v2; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV2Config {
    /// Factor on the backbone's channels, which are rounded to multiples of 8.
    pub width: f64,
    /// Principal components of the clip-level features that the head takes; 0 for none, as in the first stage. Those beyond the number of
    /// training clips are zero.
    pub clip_features: usize,
    /// Number of clip-level features per clip; the handcrafted clip features are 1133.
    pub clip_feature_inputs: usize,
    /// Standardised clip-level features are clipped to this number of standard deviations; 0 clips nothing.
    pub clip_feature_limit: f64,
    /// Features of the two dense layers before the classifier.
    pub hidden: [usize; 2],
    /// Probability that a feature before the first dense layer is dropped in training. The original has no dropout.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps, in the backbone.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root, in the backbone.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for MobileNetV2Config {
    fn default() -> Self {
        Self {
            width: 1.0,
            clip_features: 0,
            clip_feature_inputs: 1133,
            clip_feature_limit: 0.0,
            hidden: [1536, 384],
            drop_prob: 0.0,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV2Config {
    fn channels(&self, at_width_1: usize) -> usize {
        divisible(at_width_1 as f64 * self.width)
    }

    fn norm(&self) -> BatchNormConfig {
        BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon)
    }
}

impl Check for MobileNetV2Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 4; 1 is the published network";
        check_width(self.width, 4.0, remedy)?;
        let remedy = "choose 0 (spectrograms only) to 65536; 350 is the published network's second stage";
        ConfigError::check_range("clip-features", self.clip_features, 0..=65_536, remedy)?;
        let inputs = self.clip_feature_inputs;
        let remedy = "choose 1 to 65536; there are 1133 handcrafted clip features";
        ConfigError::check_range("clip-feature-inputs", inputs, 1..=65_536, remedy)?;
        let remedy = "choose at most clip-feature-inputs, whose components these are";
        ConfigError::check_range("clip-features", self.clip_features, 0..=inputs, remedy)?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 clips nothing";
        ConfigError::check_range("clip-feature-limit", self.clip_feature_limit, 0.0..=1e6, remedy)?;
        let remedy = "choose two numbers from 1 to 16384; [1536, 384] is the published network";
        for hidden in self.hidden {
            ConfigError::check_range("hidden", hidden, 1..=16_384, remedy)?;
        }
        let remedy = "choose a probability from 0 (no dropout, as published) to below 1";
        ConfigError::check_range("drop-prob", self.drop_prob, 0.0..1.0, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

/// The network; see the module.
#[derive(Clone, Debug)]
struct MobileNetV2 {
    config: MobileNetV2Config,
    input_norm: BatchNorm,
    widen: [Conv; 2],
    first: Conv,
    blocks: Vec<InvertedResidual>,
    last: Conv,
    clip_features: Option<(InputScaler, BatchNorm)>,
    dense: [(Dense, BatchNorm); 2],
    logits: Dense,
}

/// The blocks of all stages behind `depth` channels, and the channels after them.
fn declare_blocks(b: &mut VarBuilder, c: &MobileNetV2Config, depth: usize) -> (Vec<InvertedResidual>, usize) {
    let (mut blocks, mut depth) = (Vec::new(), depth);
    for (expansion, channels, repeats, stride) in STAGES {
        for repeat in 0..repeats {
            let spec = InvertedResidualSpec {
                input: depth,
                expanded: depth * expansion,
                output: c.channels(channels),
                kernel: 3,
                padding: ConvPadding::Same,
                stride: if repeat == 0 { stride } else { 1 },
                mean_2x2: false,
                activation: Activation::Relu6,
                squeezed: None,
            };
            depth = spec.output;
            let prefix = format!("block{}", blocks.len());
            blocks.push(InvertedResidual::declare(b, &prefix, spec, c.norm(), [c.init; 2]));
        }
    }
    (blocks, depth)
}

fn declare_clip_features(b: &mut VarBuilder, c: &MobileNetV2Config) -> (InputScaler, BatchNorm) {
    let spec = InputScalerSpec {
        prefix: "side.",
        compress: 0.0,
        limit: c.clip_feature_limit,
        components: c.clip_features,
        key: "network.clip-features",
        scales_clip_features: true,
    };
    let scaler = InputScaler::declare(b, spec, c.clip_feature_inputs);
    (scaler, BatchNorm::declare(b, "side.bn", c.clip_features, OUTER))
}

impl ArchitectureConfig for MobileNetV2Config {
    /// Declares all variables: `input.bn.*`, `widen1.*`, `widen2.*`, `conv0.*`, `block0.*` to `block16.*` (`expand`, `depthwise`,
    /// `project`), `last.*`, `side.standardise.*`, `side.pca.*` and `side.bn.*`, `dense1.*`, `dense2.*` (each with its `bn`), `logits.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let c = self;
        let input_norm = BatchNorm::declare(b, "input.bn", input, OUTER);
        let mut depth = input;
        let widen = [1, 2].map(|n| {
            let spec = ConvSpec::pointwise(depth, WIDENED[n - 1]);
            depth = spec.output;
            Conv::declare(b, &format!("widen{n}"), spec, None, c.init)
        });
        let spec = ConvSpec::same3(depth, c.channels(32), 2).with_activation(Activation::Relu6);
        let first = Conv::declare(b, "conv0", spec, Some(c.norm()), c.init);
        let (blocks, depth) = declare_blocks(b, c, spec.output);
        // Narrow networks keep the published last layer, as Keras's do.
        let features = if c.width > 1.0 { c.channels(1280) } else { 1280 };
        let spec = ConvSpec::pointwise(depth, features).with_activation(Activation::Relu6);
        let last = Conv::declare(b, "last", spec, Some(c.norm()), c.init);
        let clip_features = (c.clip_features > 0).then(|| declare_clip_features(b, c));
        let mut width = features + c.clip_features;
        let dense = [1, 2].map(|n| {
            let out = c.hidden[n - 1];
            let dense = Dense::declare(b, &format!("dense{n}"), width, out, c.init);
            width = out;
            (dense, BatchNorm::declare(b, &format!("dense{n}.bn"), out, OUTER))
        });
        Arc::new(MobileNetV2 {
            config: *self,
            input_norm,
            widen,
            first,
            blocks,
            last,
            clip_features,
            dense,
            logits: Dense::declare(b, "logits", width, classes, c.init),
        })
    }

    fn clip_features(&self) -> Option<ClipFeatureInput> {
        (self.clip_features > 0).then_some(ClipFeatureInput {
            components: self.clip_features,
            inputs: self.clip_feature_inputs,
        })
    }
}

impl Architecture for MobileNetV2 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.input_norm.forward(x, ctx);
        let [first, second] = &self.widen;
        let x = conv_chain(&[first, second], x, ctx); // [B, 3, F, T]
        let x = conv_chain(&[&self.first], x, ctx); // [B, 32, F/2, T/2]
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 320, F/32, T/32]
        global_mean(conv_chain(&[&self.last], x, ctx), ctx) // [B, 1280]
    }

    /// The scaler is linear (except for its limit), so that mixed inputs give mixed components.
    fn classify(&self, mut x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        if let Some((scaler, norm)) = &self.clip_features {
            let features = ctx.clip_features();
            let features = features.expect("a network with clip-level features is given them");
            let features = norm.forward(scaler.forward(features, ctx), ctx);
            x = Tensor::cat(vec![x, features], 1); // [B, 1280 + clip features]
        }
        x = ctx.dropout(x, self.config.drop_prob);
        for (dense, norm) in &self.dense {
            // Keras's order: the activation belongs to the dense layer, BatchNorm follows it.
            x = norm.forward(activation::relu(dense.forward(x, ctx)), ctx); // [B, hidden]
        }
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.last.spec.output
    }

    /// Weights without BatchNorm and biases.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        for conv in self.widen.iter().chain([&self.first]) {
            table.conv("", conv);
        }
        for (i, block) in self.blocks.iter().enumerate() {
            for conv in block.convs() {
                table.conv(&format!("block{i}"), conv);
            }
        }
        let features = self.last.spec.output;
        table.conv("", &self.last);
        table.global_pool("ReduceMean", features);
        let (components, inputs) = (self.config.clip_features, self.config.clip_feature_inputs);
        if components > 0 {
            // Fitted, not trained: no weights, but multiplies all the same.
            let name = format!("Concat(PCA {components} of {inputs})");
            table.vector(name, features + components, 0, inputs * components);
        }
        for dense in self.dense.iter().map(|(d, _)| d).chain([&self.logits]) {
            table.dense("", dense);
        }
        let width = self.config.width;
        table.finish(format!(
            "MobileNet v2, width {width}, {components} clip-level features"
        ))
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let components = self.config.clip_features;
        if components > 0 {
            let remedy = "export a model that was trained with 0";
            return Err(ConfigError::new("network.clip-features", components, remedy)
                .because("a graph takes samples alone and can't compute clip-level features"));
        }
        let mut x = self.input_norm.add_to_onnx(g, vars, x);
        for conv in self.widen.iter().chain([&self.first]) {
            x = conv.add_to_onnx(g, vars, &x);
        } // [B, 32, F/2, T/2]
        let blocks = self.blocks.iter();
        let x = blocks.fold(x, |x, block| block.add_to_onnx(g, vars, x)); // [B, 320, F/32, T/32]
        let embedding = self.last.add_to_onnx(g, vars, &x).mean(g); // [B, 1280]
        let mut x = embedding.clone();
        // Keras's order: BatchNorm follows the activation, and so belongs to the next layer.
        let mut before = None;
        for (dense, norm) in &self.dense {
            x = dense.add_after_norm(g, vars, &x, before);
            x = g.op("Relu", &[&x], &[]);
            before = Some(norm);
        }
        let logits = self.logits.add_after_norm(g, vars, &x, before);
        Ok(OnnxOutputs { logits, embedding })
    }

    fn head_prefixes(&self) -> &'static [&'static str] {
        &["dense1.", "dense2.", "logits."]
    }

    fn clip_feature_inputs(&self) -> usize {
        self.clip_features.as_ref().map_or(0, |(scaler, _)| scaler.inputs)
    }

    fn input_scaler(&self) -> Option<&InputScalerSpec> {
        self.clip_features.as_ref().map(|(scaler, _)| scaler.spec())
    }
}

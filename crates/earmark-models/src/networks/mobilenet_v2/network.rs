//! The layers of MobileNet v2 and its passes.

use crate::architecture::{Architecture, ArchitectureConfig, ClipFeatures};
use crate::blocks::activation::Activation;
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::conv_chain;
use crate::blocks::conv_spec::{ConvPadding, ConvSpec};
use crate::blocks::dense::Dense;
use crate::blocks::input_scaler::{InputScaler, InputScalerSpec};
use crate::blocks::inverted_residual::{InvertedResidual, InvertedResidualSpec};
use crate::blocks::norm::{BatchNorm, BatchNormConfig};
use crate::blocks::pool::global_mean;
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::mobilenet_v2::config::MobileNetV2Config;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::{Tensor, activation};
use earmark_core::ConfigError;
use earmark_onnx::Builder;
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
const OUTER: BatchNormConfig = BatchNormConfig {
    decay: 0.99,
    epsilon: 0.001,
};

/// The network; see the module.
#[derive(Clone, Debug)]
pub(super) struct MobileNetV2 {
    pub(super) config: MobileNetV2Config,
    pub(super) input_norm: BatchNorm,
    pub(super) widen: [Conv; 2],
    pub(super) first: Conv,
    pub(super) blocks: Vec<InvertedResidual>,
    pub(super) last: Conv,
    pub(super) clip_features: Option<(InputScaler, BatchNorm)>,
    pub(super) dense: [(Dense, BatchNorm); 2],
    pub(super) logits: Dense,
}

impl MobileNetV2 {
    /// Declares all variables: `input.bn.*`, `widen1.*`, `widen2.*`, `conv0.*`, `block0.*` to `block16.*` (`expand`, `depthwise`,
    /// `project`), `last.*`, `side.standardise.*`, `side.pca.*` and `side.bn.*`, `dense1.*`, `dense2.*` (each with its `bn`), `logits.*`.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: MobileNetV2Config,
        input: usize,
        classes: usize,
    ) -> Self {
        let c = &config;
        let input_norm = BatchNorm::declare(b, "input.bn", input, OUTER);
        let mut depth = input;
        let widen = [1, 2].map(|n| {
            let spec = ConvSpec::pointwise(depth, WIDENED[n - 1]);
            depth = spec.output;
            Conv::declare(b, &format!("widen{n}"), spec, None, c.init)
        });
        let bounded = |spec: ConvSpec| ConvSpec {
            activation: Activation::Relu6,
            ..spec
        };
        let spec = bounded(ConvSpec::same3(depth, c.channels(32), 2));
        let first = Conv::declare(b, "conv0", spec, Some(c.norm()), c.init);
        let (blocks, depth) = declare_blocks(b, c, spec.output);
        // Narrow networks keep the published last layer, as Keras's do.
        let features = if c.width > 1.0 { c.channels(1280) } else { 1280 };
        let spec = bounded(ConvSpec::pointwise(depth, features));
        let last = Conv::declare(b, "last", spec, Some(c.norm()), c.init);
        let clip_features = (c.clip_features > 0).then(|| declare_clip_features(b, c));
        let mut width = features + c.clip_features;
        let dense = [1, 2].map(|n| {
            let out = c.hidden[n - 1];
            let dense = Dense::declare(b, &format!("dense{n}"), width, out, c.init);
            width = out;
            (dense, BatchNorm::declare(b, &format!("dense{n}.bn"), out, OUTER))
        });
        let logits = Dense::declare(b, "logits", width, classes, c.init);
        Self {
            config,
            input_norm,
            widen,
            first,
            blocks,
            last,
            clip_features,
            dense,
            logits,
        }
    }
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
                halved: false,
                activation: Activation::Relu6,
                squeezed: None,
            };
            depth = spec.output;
            let scope = format!("block{}", blocks.len());
            blocks.push(InvertedResidual::declare(b, &scope, spec, c.norm(), [c.init; 2]));
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
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(MobileNetV2::declare(b, *self, channels, classes))
    }

    fn clip_features(&self) -> Option<ClipFeatures> {
        (self.clip_features > 0).then_some(ClipFeatures {
            components: self.clip_features,
            inputs: self.clip_feature_inputs,
        })
    }
}

impl Architecture for MobileNetV2 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.input_norm.forward(x, ctx);
        let widen: Vec<&Conv> = self.widen.iter().collect();
        let x = conv_chain(&widen, x, ctx); // [B, 3, F, T]
        let x = conv_chain(&[&self.first], x, ctx); // [B, 32, F/2, T/2]
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 320, F/32, T/32]
        global_mean(conv_chain(&[&self.last], x, ctx), ctx) // [B, 1280]
    }

    /// The scaler is linear (except for its limit), so that mixed inputs give mixed components.
    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let mut x = match &self.clip_features {
            Some((scaler, norm)) => {
                let features = ctx
                    .clip_features()
                    .expect("a network with clip-level features is given them");
                let features = norm.forward(scaler.forward(features, ctx), ctx);
                Tensor::cat(vec![x, features], 1) // [B, 1280 + clip features]
            }
            None => x,
        };
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

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [bands, frames])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        self.graph(g, vars, x)
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

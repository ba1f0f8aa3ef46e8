//! MobileNet v2 (Sandler et al. 2018, arXiv:1801.04381) as mobilenetv2-pca-2018 uses it: a normalised one-channel image is widened by
//! two 1x1 convolutions, goes through the body as Keras-Applications 1.0.4 has it, and meets a vector about the whole clip
//! before two dense layers.

mod onnx;

use crate::blocks::conv_chain;
use crate::blocks::{
    Activation, BatchNorm, BatchNormConfig, Conv, ConvSpec, Dense, FittedInput, InputFit, global_mean,
};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_batch_norm, check_drop_prob, check_init, check_range};
use crate::summary::{LayerRow, Summary, human_count};
use crate::vars::VarBuilder;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

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

/// BatchNorm of what stands around the body: Keras's own defaults.
const OUTER: BatchNormConfig = BatchNormConfig {
    decay: 0.99,
    epsilon: 0.001,
};

/// Recipe keys of [`MobileNetV2`]; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV2Config {
    /// Factor on the body's channels, which are rounded to multiples of 8.
    pub width: f64,
    /// Principal components of what is known of the whole clip that the head takes besides; 0 for the first stage, which hears the image
    /// alone.
    pub side_features: usize,
    /// How many numbers are known of the clip; 1133 summary features.
    pub side_inputs: usize,
    /// These numbers, standardised, are cut off beyond so many standard deviations; 0 cuts nothing.
    pub side_limit: f64,
    /// Features of the two dense layers before the classifier.
    pub hidden: [usize; 2],
    /// Probability that a feature before the first dense layer is dropped in training. The original has no dropout.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps, in the body.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root, in the body.
    pub batch_norm_epsilon: f64,
    /// Start of the weights.
    pub init: WeightInit,
}

impl Default for MobileNetV2Config {
    fn default() -> Self {
        Self {
            width: 1.0,
            side_features: 0,
            side_inputs: 1133,
            side_limit: 0.0,
            hidden: [1536, 384],
            drop_prob: 0.0,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV2Config {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        let remedy = "choose a factor above 0, at most 4; 1 is the published network";
        ModelError::unless(self.width > 0.0 && self.width <= 4.0, "width", self.width, remedy)?;
        let remedy = "choose 0 (the image alone) to 65536; 350 is the published network's second stage";
        check_range("side-features", self.side_features, 0..=65_536, remedy)?;
        let remedy = "choose 1 to 65536; there are 1133 summary features";
        check_range("side-inputs", self.side_inputs, 1..=65_536, remedy)?;
        let remedy = "leave it at most as great as side-inputs, whose components these are";
        ModelError::unless(
            self.side_features <= self.side_inputs,
            "side-features",
            self.side_features,
            remedy,
        )?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 cuts nothing";
        let fine = (0.0..=1e6).contains(&self.side_limit);
        ModelError::unless(fine, "side-limit", self.side_limit, remedy)?;
        let remedy = "choose two numbers from 1 to 16384; [1536, 384] is the published network";
        for hidden in self.hidden {
            check_range("hidden", hidden, 1..=16_384, remedy)?;
        }
        check_drop_prob(
            self.drop_prob,
            "choose a probability from 0 (no dropout, as published) to below 1",
        )?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }

    /// Channels at this width: a multiple of 8, at least 8, and not below 90 % of the exact number.
    fn channels(&self, at_width_1: usize) -> usize {
        let exact = at_width_1 as f64 * self.width;
        let rounded = (((exact + 4.0) / 8.0).floor() * 8.0).max(8.0);
        (if rounded < 0.9 * exact {
            rounded + 8.0
        } else {
            rounded
        }) as usize
    }
}

/// Widens by a 1x1 convolution (but for the first), filters each channel, narrows without an activation; added to its input where
/// the two are of one shape.
#[derive(Clone, Debug)]
struct InvertedResidual {
    convs: Vec<Conv>,
    adds: bool,
}

impl InvertedResidual {
    fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let convs: Vec<&Conv> = self.convs.iter().collect();
        if !self.adds {
            return conv_chain(&convs, x, ctx);
        }
        let y = conv_chain(&convs, x.clone(), ctx);
        x + y
    }
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct MobileNetV2 {
    config: MobileNetV2Config,
    input_norm: BatchNorm,
    widen: [Conv; 2],
    first: Conv,
    blocks: Vec<InvertedResidual>,
    last: Conv,
    side: Option<(FittedInput, BatchNorm)>,
    dense: [(Dense, BatchNorm); 2],
    logits: Dense,
}

impl MobileNetV2 {
    /// Declares all variables: `input.bn.*`, `widen1.*`, `widen2.*`, `conv0.*`, `block0.*` to `block16.*` (`expand`, `depthwise`,
    /// `project`), `last.*`, `side.standardise.*`, `side.pca.*` and `side.bn.*`, `dense1.*`, `dense2.*` (each with its `bn`), `logits.*`.
    pub fn declare(
        b: &mut VarBuilder,
        config: MobileNetV2Config,
        input_channels: usize,
        classes: usize,
    ) -> Self {
        let c = &config;
        let body = Some(BatchNormConfig {
            decay: c.batch_norm_decay,
            epsilon: c.batch_norm_epsilon,
        });
        let input_norm = BatchNorm::declare(b, "input.bn", input_channels, OUTER);
        let mut depth = input_channels;
        let widen = [1, 2].map(|n| {
            let spec = ConvSpec::pointwise(depth, WIDENED[n - 1]);
            depth = spec.output;
            Conv::declare(b, &format!("widen{n}"), spec, None, c.init)
        });
        let with = |spec: ConvSpec, activation| ConvSpec { activation, ..spec };
        let (bounded, linear) = (Activation::Relu6, Activation::Identity);
        let spec = with(ConvSpec::same3(depth, c.channels(32), 2), bounded);
        let first = Conv::declare(b, "conv0", spec, body, c.init);
        depth = spec.output;
        let mut blocks = Vec::new();
        for (expansion, channels, repeats, stride) in STAGES {
            for repeat in 0..repeats {
                let scope = format!("block{}", blocks.len());
                let (out, stride) = (c.channels(channels), if repeat == 0 { stride } else { 1 });
                let wide = depth * expansion;
                let mut specs = vec![
                    ("depthwise", with(ConvSpec::depthwise3(wide, stride), bounded)),
                    ("project", with(ConvSpec::pointwise(wide, out), linear)),
                ];
                if expansion > 1 {
                    specs.insert(0, ("expand", with(ConvSpec::pointwise(depth, wide), bounded)));
                }
                let convs = specs
                    .into_iter()
                    .map(|(name, spec)| Conv::declare(b, &format!("{scope}.{name}"), spec, body, c.init))
                    .collect();
                blocks.push(InvertedResidual {
                    convs,
                    adds: stride == 1 && depth == out,
                });
                depth = out;
            }
        }
        // Narrow networks keep the published last layer, as Keras's do.
        let features = if c.width > 1.0 { c.channels(1280) } else { 1280 };
        let spec = with(ConvSpec::pointwise(depth, features), bounded);
        let last = Conv::declare(b, "last", spec, body, c.init);
        let side = (c.side_features > 0).then(|| {
            let fit = InputFit {
                scope: "side.",
                compress: 0.0,
                limit: c.side_limit,
                components: c.side_features,
                key: "network.side-features",
                beside: true,
            };
            let input = FittedInput::declare(b, fit, c.side_inputs);
            (input, BatchNorm::declare(b, "side.bn", c.side_features, OUTER))
        });
        let mut width = features + c.side_features;
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
            side,
            dense,
            logits,
        }
    }

    /// Length of the vector about the clip that a pass needs ([`Forward::with_side`]); 0 for none.
    pub fn side_inputs(&self) -> usize {
        self.side.as_ref().map_or(0, |(input, _)| input.inputs)
    }

    /// How that vector becomes principal components.
    pub fn side_fit(&self) -> Option<&InputFit> {
        self.side.as_ref().map(|(input, _)| input.fit())
    }

    /// `[B, channels, bands, frames]` to the means over all places, `[B, 1280]`.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.input_norm.forward(x, ctx);
        let widen: Vec<&Conv> = self.widen.iter().collect();
        let x = conv_chain(&widen, x, ctx); // [B, 3, F, T]
        let x = conv_chain(&[&self.first], x, ctx); // [B, 32, F/2, T/2]
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 320, F/32, T/32]
        global_mean(conv_chain(&[&self.last], x, ctx), ctx)
    }

    /// What [`MobileNetV2::embed`] gives, and `[B, side inputs]` from the context, to logits `[B, classes]`. Standardisation and
    /// components are linear (but for `side-limit`), so that mixed inputs give mixed components.
    ///
    /// # Panics
    /// If the network has side features and the context brings none.
    pub fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let mut x = match &self.side {
            Some((input, norm)) => {
                let side = ctx.side().expect("a network with side features is given some");
                let side = norm.forward(input.forward(side, ctx), ctx);
                Tensor::cat(vec![x, side], 1) // [B, 1280 + side features]
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

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.last.spec.output
    }

    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each layer.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut size = [bands, frames];
        let mut rows = vec![LayerRow::new("Input", [bands, frames, input_channels], 0, 0)];
        let mut add = |name: String, conv: &Conv| {
            let s = &conv.spec;
            let multiplies = s.multiplies(size);
            size = s.output_size(size);
            rows.push(LayerRow::new(
                name,
                [size[0], size[1], s.output],
                s.weights(),
                multiplies,
            ));
        };
        for conv in &self.widen {
            add(format!("C(1x1, {}, 1)", conv.spec.output), conv);
        }
        add(format!("C(3x3, {}, 2)", self.first.spec.output), &self.first);
        for (i, block) in self.blocks.iter().enumerate() {
            for conv in &block.convs {
                let s = &conv.spec;
                let kind = if s.groups > 1 { "DW" } else { "C" };
                let [kh, kw] = s.kernel;
                add(
                    format!("block{i} {kind}({kh}x{kw}, {}, {})", s.output, s.stride[0]),
                    conv,
                );
            }
        }
        add(format!("C(1x1, {}, 1)", self.last.spec.output), &self.last);
        rows.push(LayerRow::new("ReduceMean", [1, 1, self.last.spec.output], 0, 0));
        let (side, of) = (self.config.side_features, self.config.side_inputs);
        if side > 0 {
            // Fitted and not trained: no weights, but multiplied with all the same.
            rows.push(LayerRow {
                name: format!("Concat(PCA {side} of {of})"),
                activation: vec![self.last.spec.output + side],
                weights: 0,
                multiplies: of * side,
            });
        }
        for dense in self
            .dense
            .iter()
            .map(|(d, _)| d)
            .chain(std::iter::once(&self.logits))
        {
            let weights = dense.input * dense.output;
            rows.push(LayerRow {
                name: format!("Dense({})", dense.output),
                activation: vec![dense.output],
                weights,
                multiplies: weights,
            });
        }
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!(
                "MobileNet v2, width {}, {} side features, {macs} multiplies an example",
                self.config.width, self.config.side_features
            ),
            rows,
        }
    }
}

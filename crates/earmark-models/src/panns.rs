//! PANNs: networks that were trained on AudioSet (Kong et al. 2020, arXiv:1912.10211): four bodies between a normalisation of each
//! mel band and one head.

mod onnx;
mod summary;

use crate::blocks::{
    Activation, BatchNorm, BatchNormConfig, Conv, ConvSpec, Dense, InvertedResidual, InvertedResidualSpec,
    Padding, Tail, conv_chain, conv_chain_pooled,
};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_batch_norm, check_drop_prob, check_init, check_range};
use crate::vars::VarBuilder;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// What lies between the bands and the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PannsBody {
    /// Six blocks of two 3x3 convolutions.
    #[default]
    Cnn14,
    /// Four of them.
    Cnn10,
    /// MobileNet v1 with means over 2x2 in the place of steps.
    #[serde(rename = "mobilenet-v1")]
    MobileNetV1,
    /// MobileNet v2, likewise.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2,
}

/// Channels of the blocks of Cnn14; Cnn10 has the first four.
const CNN: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// Channels, and whether the plane is halved, of MobileNet v1's pairs.
const V1: [(usize, bool); 13] = [
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

/// Expansion, channels, repetitions, and whether the plane is halved, of MobileNet v2's stages. The last two differ from the paper's
/// (Sandler et al. 2018), which halves at 160 channels and not at 96.
const V2: [(usize, usize, usize, bool); 7] = [
    (1, 16, 1, false),
    (6, 24, 2, true),
    (6, 32, 3, true),
    (6, 64, 4, true),
    (6, 96, 3, true),
    (6, 160, 3, false),
    (6, 320, 1, false),
];

/// Channels of the MobileNets' first convolution, and of MobileNet v2's last.
const STEM: usize = 32;
const LAST: usize = 1280;

/// How many times all bodies but Cnn10's shrink the plane; shorter ones have nothing left in the end.
const SHRINKS: usize = 32;

/// Recipe keys of [`Panns`]; the defaults are the published Cnn14.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PannsConfig {
    /// Which of the four networks.
    pub body: PannsBody,
    /// Mel bands of the front end, each of which is normalised by itself.
    pub bands: usize,
    /// Factor on all channels, of which at least one remains.
    pub width: f64,
    /// Probability that a value after a block of Cnn14 or Cnn10 is dropped in training.
    pub block_drop_prob: f64,
    /// Probability that a feature before a dense layer is dropped in training.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// Start of the weights.
    pub init: WeightInit,
}

impl Default for PannsConfig {
    fn default() -> Self {
        Self {
            body: PannsBody::Cnn14,
            bands: 64,
            width: 1.0,
            block_drop_prob: 0.2,
            drop_prob: 0.5,
            batch_norm_decay: 0.9,
            batch_norm_epsilon: 1e-5,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl PannsConfig {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        let remedy = "choose 32 to 4096, as many as front-end.mel.bands; 64 is the published network";
        check_range("bands", self.bands, SHRINKS..=4096, remedy)?;
        let remedy = "choose a factor above 0, at most 4; 1 is the published network";
        ModelError::unless(self.width > 0.0 && self.width <= 4.0, "width", self.width, remedy)?;
        let fine = (0.0..1.0).contains(&self.block_drop_prob);
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.2 is the published one";
        ModelError::unless(fine, "block-drop-prob", self.block_drop_prob, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.5 is the published one";
        check_drop_prob(self.drop_prob, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }

    fn channels(&self, at_width_1: usize) -> usize {
        ((at_width_1 as f64 * self.width) as usize).max(1)
    }

    fn batch_norm(&self) -> BatchNormConfig {
        BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        }
    }
}

/// A 3x3 convolution with a row and a column of zeros around the plane.
fn three(input: usize, output: usize, activation: Activation, halved: bool) -> ConvSpec {
    ConvSpec {
        padding: Padding::Symmetric([1, 1]),
        activation,
        halved,
        ..ConvSpec::same3(input, output, 1)
    }
}

/// The layers of a body.
#[derive(Clone, Debug)]
enum Layers {
    /// Pairs of convolutions, each followed by means over 2x2 where told, and by dropout.
    Blocks(Vec<([Conv; 2], bool)>),
    /// One convolution after the other.
    Row(Vec<Conv>),
    /// A convolution, inverted residuals, a convolution.
    Residual(Box<Conv>, Vec<InvertedResidual>, Box<Conv>),
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct Panns {
    config: PannsConfig,
    input: BatchNorm,
    layers: Layers,
    hidden: Dense,
    logits: Dense,
}

impl Panns {
    /// Declares all variables: `input.bn.*`; `block1.conv1.*`, `block1.conv2.*`, ... of Cnn14 and Cnn10; `conv0.*`, `dw1.*`, `pw1.*`, ...
    /// of MobileNet v1; `conv0.*`, `block1.depthwise.*`, ... `last.*` of MobileNet v2; `hidden.*`, `logits.*`.
    pub fn declare(b: &mut VarBuilder, config: PannsConfig, input_channels: usize, classes: usize) -> Self {
        let norm = config.batch_norm();
        let input = BatchNorm::declare(b, "input.bn", config.bands, norm);
        let (layers, depth, features) = match config.body {
            PannsBody::Cnn14 => Self::blocks(b, config, input_channels, &CNN),
            PannsBody::Cnn10 => Self::blocks(b, config, input_channels, &CNN[..4]),
            PannsBody::MobileNetV1 => Self::row(b, config, input_channels),
            PannsBody::MobileNetV2 => Self::residual(b, config, input_channels),
        };
        Self {
            hidden: Dense::declare(b, "hidden", depth, features, config.init),
            logits: Dense::declare(b, "logits", features, classes, config.init),
            config,
            input,
            layers,
        }
    }

    /// Layers, channels that leave them, features of the hidden layer.
    fn blocks(
        b: &mut VarBuilder,
        c: PannsConfig,
        input: usize,
        channels: &[usize],
    ) -> (Layers, usize, usize) {
        let mut depth = input;
        let blocks = (1..).zip(channels).map(|(n, channels)| {
            let (from, out) = (depth, c.channels(*channels));
            depth = out;
            let convs = [("conv1", from), ("conv2", out)].map(|(name, from)| {
                let spec = three(from, out, Activation::Relu, false);
                Conv::declare(b, &format!("block{n}.{name}"), spec, Some(c.batch_norm()), c.init)
            });
            // Cnn14's last block keeps its plane.
            (convs, n < CNN.len())
        });
        (Layers::Blocks(blocks.collect()), depth, depth)
    }

    fn row(b: &mut VarBuilder, c: PannsConfig, input: usize) -> (Layers, usize, usize) {
        let (norm, mut depth) = (Some(c.batch_norm()), c.channels(STEM));
        let stem = three(input, depth, Activation::Relu, true);
        let mut convs = vec![Conv::declare(b, "conv0", stem, norm, c.init)];
        for (i, (channels, halved)) in (1..).zip(V1) {
            let depthwise = ConvSpec {
                groups: depth,
                ..three(depth, depth, Activation::Relu, halved)
            };
            let pointwise = ConvSpec::pointwise(depth, c.channels(channels));
            depth = pointwise.output;
            convs.push(Conv::declare(b, &format!("dw{i}"), depthwise, norm, c.init));
            convs.push(Conv::declare(b, &format!("pw{i}"), pointwise, norm, c.init));
        }
        (Layers::Row(convs), depth, depth)
    }

    fn residual(b: &mut VarBuilder, c: PannsConfig, input: usize) -> (Layers, usize, usize) {
        let (norm, mut depth) = (c.batch_norm(), c.channels(STEM));
        let stem = three(input, depth, Activation::Relu6, true);
        let stem = Conv::declare(b, "conv0", stem, Some(norm), c.init);
        let mut blocks = Vec::new();
        for (expansion, channels, repeats, halved) in V2 {
            for k in 0..repeats {
                let spec = InvertedResidualSpec {
                    input: depth,
                    expanded: depth * expansion,
                    output: c.channels(channels),
                    kernel: 3,
                    stride: 1,
                    halved: halved && k == 0,
                    activation: Activation::Relu6,
                    squeezed: None,
                };
                depth = spec.output;
                let scope = format!("block{}", blocks.len() + 1);
                blocks.push(InvertedResidual::declare(b, &scope, spec, norm, [c.init; 2]));
            }
        }
        let last = ConvSpec {
            activation: Activation::Relu6,
            ..ConvSpec::pointwise(depth, c.channels(LAST))
        };
        let features = last.output;
        let last = Conv::declare(b, "last", last, Some(norm), c.init);
        (
            Layers::Residual(Box::new(stem), blocks, Box::new(last)),
            features,
            c.channels(1024),
        )
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.hidden.output
    }

    /// `[B, channels, bands, frames]`, any number of frames, to the embedding `[B, E]`: the hidden layer, as published.
    ///
    /// # Panics
    /// If there are other bands than the configuration says.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.input.forward(x.swap_dims(1, 2), ctx); // [B, bands, channels, frames]
        // The original's images are frames high and bands wide.
        let x = lengthened(x.permute([0, 2, 3, 1])); // [B, channels, frames, bands]
        let x = match &self.layers {
            Layers::Blocks(blocks) => blocks.iter().fold(x, |x, ([first, second], halved)| {
                let tail = halved.then_some(Tail::mean(2));
                let x = conv_chain_pooled(&[first, second], tail, x, ctx); // [B, 64 2^i, T/2^(i+1), F/2^(i+1)]
                ctx.dropout(x, self.config.block_drop_prob)
            }),
            Layers::Row(convs) => conv_chain(&convs.iter().collect::<Vec<_>>(), x, ctx), // [B, 1024, T/32, F/32]
            Layers::Residual(stem, blocks, last) => {
                let x = conv_chain(&[stem], x, ctx); // [B, 32, T/2, F/2]
                let x = blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 320, T/32, F/32]
                conv_chain(&[last], x, ctx) // [B, 1280, T/32, F/32]
            }
        };
        let x = x.mean_dim(3); // [B, C, T', 1]
        let x = x.clone().max_dim(2) + x.mean_dim(2); // [B, C, 1, 1]
        let x: Tensor<2> = x.flatten::<3>(2, 3).squeeze_dim(2); // [B, C]
        // The original's MobileNet v2 leaves this dropout out.
        let x = match self.config.body {
            PannsBody::MobileNetV2 => x,
            _ => ctx.dropout(x, self.config.drop_prob),
        };
        activation::relu(self.hidden.forward(x, ctx)) // [B, E]
    }

    /// Embeddings `[B, E]` to logits `[B, classes]`.
    ///
    /// The original's dropout before this layer is of the embedding that it returns and does not reach the logits.
    pub fn classify(&self, embedding: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        self.logits.forward(embedding, ctx)
    }
}

/// At least so many frames as a body leaves one of: the last one again and again.
fn lengthened(x: Tensor<4>) -> Tensor<4> {
    let [_, _, frames, _] = x.dims();
    if frames == 0 || frames >= SHRINKS {
        return x;
    }
    let last = x.clone().narrow(2, frames - 1, 1);
    let lacks = last.repeat_dim(2, SHRINKS - frames);
    Tensor::cat(vec![x, lacks], 2)
}

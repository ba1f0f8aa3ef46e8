//! The MobileNetV3 of EfficientAT (Schmid, Koutini and Widmer 2023, arXiv:2211.04772): Howard et al. 2019 (arXiv:1905.02244),
//! "large", on one channel, with its width as the one size, and squeeze-and-excitation gated by a plain sigmoid.

mod onnx;
mod summary;

use crate::blocks::{
    Activation, BatchNormConfig, Conv, ConvSpec, Dense, InvertedResidual, InvertedResidualSpec, Padding,
    Pool, Tail, conv_chain, conv_chain_pooled,
};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_batch_norm, check_drop_prob, check_init, check_range};
use crate::vars::VarBuilder;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// A block at width 1: kernel, channels of the depthwise convolution, channels out, squeeze-and-excitation, activation, and which of
/// the configured strides it has (1 where none).
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
/// The last convolution has so many times the channels of the last block.
const LAST: usize = 6;

/// Start of the dense layers, which the original draws from a normal of this deviation.
const DENSE: WeightInit = WeightInit::TruncatedNormal {
    standard_deviation: 0.01,
};

/// Recipe keys of [`EfficientAt`]; the defaults are the published mn10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct EfficientAtConfig {
    /// Factor on every layer's channels, which are then rounded to a multiple of 8 (and not below 90 % of the value).
    pub width: f64,
    /// Steps of the four blocks that shrink the plane (the stem's is 2).
    pub strides: [usize; 4],
    /// How many times fewer channels squeeze-and-excitation has inside.
    pub squeeze_ratio: usize,
    /// Features of the hidden layer before the logits, at width 1.
    pub head: usize,
    /// Probability that a feature before the logits is dropped in training.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// Start of the convolutions.
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

/// The multiple of 8 next to `channels`, at least 8; the one above where the nearest is below 90 % of it (MobileNet's rule).
pub(crate) fn divisible(channels: f64) -> usize {
    let nearest = (((channels + 4.0) as usize) / 8 * 8).max(8);
    if (nearest as f64) < 0.9 * channels {
        nearest + 8
    } else {
        nearest
    }
}

impl EfficientAtConfig {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        let remedy = "choose a factor above 0, at most 16; 0.4 is mn04, 1 is mn10";
        ModelError::unless(
            self.width > 0.0 && self.width <= 16.0,
            "width",
            self.width,
            remedy,
        )?;
        let remedy = "choose four steps from 1 to 4; [2, 2, 2, 2] is the published network";
        let fine = self.strides.iter().all(|s| (1..=4).contains(s));
        ModelError::unless(fine, "strides", format!("{:?}", self.strides), remedy)?;
        let remedy = "choose 1 to 64; 4 is the published network";
        check_range("squeeze-ratio", self.squeeze_ratio, 1..=64, remedy)?;
        let remedy = "choose 1 to 16384 features; 1280 is the published network";
        check_range("head", self.head, 1..=16384, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.2 is the published one";
        check_drop_prob(self.drop_prob, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }

    fn channels(&self, at_width_1: usize) -> usize {
        divisible(at_width_1 as f64 * self.width)
    }

    fn batch_norm(&self) -> BatchNormConfig {
        BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        }
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
                stride: stride.map_or(1, |k| self.strides[k]),
                halved: false,
                activation,
                squeezed: squeeze.then(|| divisible((expanded / self.squeeze_ratio) as f64)),
            }
        })
    }
}

/// The network: a convolution, fifteen inverted residuals, a convolution, the mean over each plane (the embedding), two dense
/// layers.
#[derive(Clone, Debug)]
pub struct EfficientAt {
    config: EfficientAtConfig,
    stem: Conv,
    blocks: Vec<InvertedResidual>,
    last: Conv,
    hidden: Dense,
    logits: Dense,
}

impl EfficientAt {
    /// Declares all variables: `stem.*`, `block1.depthwise.*`, `block1.project.*`, `block2.expand.*`, ... `block15.*`, `last.*`,
    /// `hidden.*`, `logits.*`.
    pub fn declare(
        b: &mut VarBuilder,
        config: EfficientAtConfig,
        input_channels: usize,
        classes: usize,
    ) -> Self {
        let norm = config.batch_norm();
        let stem = ConvSpec {
            padding: Padding::Symmetric([1, 1]),
            activation: HS,
            ..ConvSpec::same3(input_channels, config.channels(STEM), 2)
        };
        let stem = Conv::declare(b, "stem", stem, Some(norm), config.init);
        let specs = config.blocks();
        let inits = [config.init, DENSE];
        let blocks = (1..)
            .zip(specs)
            .map(|(n, spec)| InvertedResidual::declare(b, &format!("block{n}"), spec, norm, inits))
            .collect();
        let depth = specs[14].output;
        let last = ConvSpec {
            activation: HS,
            ..ConvSpec::pointwise(depth, LAST * depth)
        };
        let last = Conv::declare(b, "last", last, Some(norm), config.init);
        let width = config.channels(config.head);
        Self {
            hidden: Dense::declare(b, "hidden", LAST * depth, width, DENSE),
            logits: Dense::declare(b, "logits", width, classes, DENSE),
            config,
            stem,
            blocks,
            last,
        }
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.hidden.input
    }

    /// `[B, channels, bands, frames]`, of any number of bands and frames, to the embedding `[B, E]`: what the published network
    /// returns beside the logits.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let mut x = conv_chain(&[&self.stem], x, ctx); // [B, 16 w, F/2, T/2]
        for block in &self.blocks {
            x = block.forward(x, ctx);
        } // [B, 160 w, F/32, T/32]
        let x = conv_chain_pooled(&[&self.last], Some(Tail::global(Pool::Mean)), x, ctx); // [B, 960 w, 1, 1]
        x.flatten::<3>(2, 3).squeeze_dim(2) // [B, 960 w]
    }

    /// Embeddings `[B, E]` to logits `[B, classes]`.
    pub fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = HS.forward(self.hidden.forward(embedding, ctx)); // [B, 1280 w]
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }
}

#[cfg(test)]
mod tests {
    use super::divisible;

    #[test]
    fn channels_are_multiples_of_eight_not_far_below() {
        // By hand: value, nearest multiple, what 90 % says.
        for (value, want) in [
            (1.0, 8),
            (6.4, 8),
            (9.6, 16),
            (11.0, 16),
            (12.0, 16),
            (16.0, 16),
            (67.0, 64),
            (68.0, 72),
            (28.8, 32),
            (44.8, 48),
        ] {
            assert_eq!(divisible(value), want, "{value}");
        }
    }
}

//! The four backbones of PANNs.

use crate::blocks::activation::Activation;
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::{conv_chain, conv_chain_pooled};
use crate::blocks::conv_spec::{ConvPadding, ConvSpec};
use crate::blocks::inverted_residual::{InvertedResidual, InvertedResidualSpec};
use crate::blocks::pool::PoolSpec;
use crate::forward::Forward;
use crate::networks::panns::config::{PannsBackbone, PannsConfig};
use crate::params::spec::VarBuilder;
use burn::tensor::Tensor;

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

/// The layers of a backbone.
#[derive(Clone, Debug)]
pub(super) enum Backbone {
    /// Pairs of convolutions, each followed by means over 2x2 (if true) and by dropout.
    Blocks(Vec<([Conv; 2], bool)>),
    /// One convolution after the other.
    Row(Vec<Conv>),
    /// A convolution, inverted residuals, a convolution.
    Residual(Box<Conv>, Vec<InvertedResidual>, Box<Conv>),
}

/// A declared backbone.
pub(super) struct Declared {
    pub(super) layers: Backbone,
    /// Output channels.
    pub(super) channels: usize,
    /// Features of the hidden layer behind it.
    pub(super) hidden: usize,
}

impl Backbone {
    /// Declares the backbone that the configuration names.
    pub(super) fn declare(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> Declared {
        match c.backbone {
            PannsBackbone::Cnn14 => blocks(b, c, input, &CNN),
            PannsBackbone::Cnn10 => blocks(b, c, input, &CNN[..4]),
            PannsBackbone::MobileNetV1 => row(b, c, input),
            PannsBackbone::MobileNetV2 => residual(b, c, input),
        }
    }

    /// `[B, channels, frames, bands]` to `[B, C, frames', bands']`.
    pub(super) fn forward(&self, x: Tensor<4>, block_drop_prob: f64, ctx: &mut Forward) -> Tensor<4> {
        match self {
            Self::Blocks(blocks) => blocks.iter().fold(x, |x, ([first, second], halved)| {
                let pool = halved.then_some(PoolSpec::mean(2));
                let x = conv_chain_pooled(&[first, second], pool, x, ctx); // [B, 64 2^i, T/2^(i+1), F/2^(i+1)]
                ctx.dropout(x, block_drop_prob)
            }),
            Self::Row(convs) => conv_chain(&convs.iter().collect::<Vec<_>>(), x, ctx), // [B, 1024, T/32, F/32]
            Self::Residual(stem, blocks, last) => {
                let x = conv_chain(&[stem], x, ctx); // [B, 32, T/2, F/2]
                let x = blocks.iter().fold(x, |x, block| block.forward(x, ctx)); // [B, 320, T/32, F/32]
                conv_chain(&[last], x, ctx) // [B, 1280, T/32, F/32]
            }
        }
    }
}

/// A 3x3 convolution with a row and a column of zeros around the plane.
fn conv3(input: usize, output: usize, activation: Activation, halved: bool) -> ConvSpec {
    ConvSpec {
        padding: ConvPadding::Symmetric([1, 1]),
        activation,
        halved,
        ..ConvSpec::same3(input, output, 1)
    }
}

fn blocks(b: &mut VarBuilder, c: &PannsConfig, input: usize, channels: &[usize]) -> Declared {
    let mut depth = input;
    let blocks = (1..).zip(channels).map(|(n, channels)| {
        let (from, out) = (depth, c.channels(*channels));
        depth = out;
        let convs = [("conv1", from), ("conv2", out)].map(|(name, from)| {
            let spec = conv3(from, out, Activation::Relu, false);
            Conv::declare(b, &format!("block{n}.{name}"), spec, Some(c.norm()), c.init)
        });
        // Cnn14's last block keeps its plane.
        (convs, n < CNN.len())
    });
    Declared {
        layers: Backbone::Blocks(blocks.collect()),
        channels: depth,
        hidden: depth,
    }
}

fn row(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> Declared {
    let mut conv = |name: String, spec| Conv::declare(b, &name, spec, Some(c.norm()), c.init);
    let mut depth = c.channels(STEM);
    let mut convs = vec![conv("conv0".into(), conv3(input, depth, Activation::Relu, true))];
    for (i, (channels, halved)) in (1..).zip(V1) {
        let depthwise = ConvSpec {
            groups: depth,
            ..conv3(depth, depth, Activation::Relu, halved)
        };
        let pointwise = ConvSpec::pointwise(depth, c.channels(channels));
        depth = pointwise.output;
        convs.push(conv(format!("dw{i}"), depthwise));
        convs.push(conv(format!("pw{i}"), pointwise));
    }
    Declared {
        layers: Backbone::Row(convs),
        channels: depth,
        hidden: depth,
    }
}

fn residual(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> Declared {
    let mut depth = c.channels(STEM);
    let stem = conv3(input, depth, Activation::Relu6, true);
    let stem = Conv::declare(b, "conv0", stem, Some(c.norm()), c.init);
    let mut blocks = Vec::new();
    for (expansion, channels, repeats, halved) in V2 {
        for k in 0..repeats {
            let spec = InvertedResidualSpec {
                input: depth,
                expanded: depth * expansion,
                output: c.channels(channels),
                kernel: 3,
                padding: ConvPadding::Symmetric([1, 1]),
                stride: 1,
                halved: halved && k == 0,
                activation: Activation::Relu6,
                squeezed: None,
            };
            depth = spec.output;
            let scope = format!("block{}", blocks.len() + 1);
            blocks.push(InvertedResidual::declare(b, &scope, spec, c.norm(), [c.init; 2]));
        }
    }
    let last = ConvSpec {
        activation: Activation::Relu6,
        ..ConvSpec::pointwise(depth, c.channels(LAST))
    };
    let channels = last.output;
    let last = Conv::declare(b, "last", last, Some(c.norm()), c.init);
    Declared {
        layers: Backbone::Residual(Box::new(stem), blocks, Box::new(last)),
        channels,
        hidden: c.channels(1024),
    }
}

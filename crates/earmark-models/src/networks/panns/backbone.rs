//! The four backbones of PANNs.

use crate::blocks::{
    Activation, Conv, ConvPadding, ConvSpec, InvertedResidual, InvertedResidualSpec, Pool, PoolSpec,
    conv_chain_pooled,
};
use crate::forward_pass::Forward;
use crate::layer_table::LayerTableBuilder;
use crate::networks::mobilenet_v1::SEPARABLE;
use crate::networks::panns::config::{PannsBackbone, PannsConfig};
use crate::onnx::OnnxPlanes;
use crate::params::{VarBuilder, Vars};
use burn::tensor::Tensor;
use earmark_onnx::Builder;

/// Channels of the blocks of Cnn14; Cnn10 has the first four.
const CNN: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

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

/// The pool after the blocks of Cnn14 and Cnn10.
const POOL: PoolSpec = PoolSpec::new(Pool::Mean, 2);

/// A part of a backbone, named as in the table of layers.
#[derive(Clone, Debug)]
enum Layer {
    /// Convolutions one after the other, followed by a pool if true.
    Convs(Vec<(String, Conv)>, bool),
    Residual(String, Box<InvertedResidual>),
}

/// A backbone's layers and what they yield.
#[derive(Clone, Debug)]
pub(super) struct Backbone {
    layers: Vec<Layer>,
    /// Output channels.
    pub(super) channels: usize,
    /// Probability that a value after convolutions is dropped in training.
    drop_prob: f64,
}

impl Backbone {
    /// Declares the backbone that the configuration names.
    pub(super) fn declare(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> Self {
        let ((layers, channels), drop_prob) = match c.backbone {
            PannsBackbone::Cnn14 => (cnn(b, c, input, &CNN), c.block_drop_prob),
            PannsBackbone::Cnn10 => (cnn(b, c, input, &CNN[..4]), c.block_drop_prob),
            PannsBackbone::MobileNetV1 => (mobilenet_v1(b, c, input), 0.0),
            PannsBackbone::MobileNetV2 => (mobilenet_v2(b, c, input), 0.0),
        };
        Self {
            layers,
            channels,
            drop_prob,
        }
    }

    /// `[B, channels, frames, bands]` to `[B, C, frames', bands']`.
    pub(super) fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| match layer {
            Layer::Convs(convs, pooled) => {
                let convs: Vec<&Conv> = convs.iter().map(|(_, conv)| conv).collect();
                let x = conv_chain_pooled(&convs, pooled.then_some(POOL), x, ctx);
                ctx.dropout(x, self.drop_prob)
            }
            Layer::Residual(_, block) => block.forward(x, ctx),
        })
    }

    /// The same in a graph.
    pub(super) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxPlanes {
        self.layers.iter().fold(x, |x, layer| match layer {
            Layer::Convs(convs, pooled) => {
                let x = convs.iter().fold(x, |x, (_, conv)| conv.add_to_onnx(g, vars, &x));
                if *pooled { x.pool(g, POOL) } else { x }
            }
            Layer::Residual(_, block) => block.add_to_onnx(g, vars, x),
        })
    }

    /// Adds the layers to a table.
    pub(super) fn add_rows(&self, table: &mut LayerTableBuilder) {
        for layer in &self.layers {
            match layer {
                Layer::Convs(convs, pooled) => {
                    for (name, conv) in convs {
                        table.conv(name, conv);
                    }
                    if let Some((name, conv)) = convs.last().filter(|_| *pooled) {
                        table.pool(format!("{name} AvgPool(2)"), conv.spec.output, POOL.window);
                    }
                }
                Layer::Residual(name, block) => block.add_row(name, table),
            }
        }
    }
}

/// A 3x3 convolution with a row and a column of zeros around the plane.
fn conv3(input: usize, output: usize, activation: Activation, mean_2x2: bool) -> ConvSpec {
    ConvSpec {
        padding: ConvPadding::Symmetric([1, 1]),
        activation,
        mean_2x2,
        ..ConvSpec::same3(input, output, 1)
    }
}

/// Blocks of two convolutions, and the channels after them: `[B, 64 2^i, T/2^(i+1), F/2^(i+1)]` after block i.
fn cnn(b: &mut VarBuilder, c: &PannsConfig, input: usize, channels: &[usize]) -> (Vec<Layer>, usize) {
    let mut depth = input;
    let blocks = (1..).zip(channels).map(|(n, channels)| {
        let (from, out) = (depth, c.channels(*channels));
        depth = out;
        let convs = [("conv1", from), ("conv2", out)].map(|(name, from)| {
            let spec = conv3(from, out, Activation::Relu, false);
            let conv = Conv::declare(b, &format!("block{n}.{name}"), spec, Some(c.norm()), c.init);
            (format!("block{n}"), conv)
        });
        // Cnn14's last block keeps its plane.
        Layer::Convs(convs.into(), n < CNN.len())
    });
    (blocks.collect(), depth)
}

/// One convolution after the other, to `[B, 1024, T/32, F/32]`.
fn mobilenet_v1(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> (Vec<Layer>, usize) {
    let mut depth = c.channels(STEM);
    let mut specs = vec![("conv0".to_owned(), conv3(input, depth, Activation::Relu, true))];
    for (i, (channels, mean_2x2)) in (1..).zip(SEPARABLE) {
        let depthwise = ConvSpec {
            groups: depth,
            ..conv3(depth, depth, Activation::Relu, mean_2x2)
        };
        let pointwise = ConvSpec::pointwise(depth, c.channels(channels));
        depth = pointwise.output;
        specs.extend([(format!("dw{i}"), depthwise), (format!("pw{i}"), pointwise)]);
    }
    let convs = specs.into_iter().map(|(name, spec)| {
        let conv = Conv::declare(b, &name, spec, Some(c.norm()), c.init);
        (name, conv)
    });
    (vec![Layer::Convs(convs.collect(), false)], depth)
}

/// A convolution, to `[B, 32, T/2, F/2]`, inverted residuals, to `[B, 320, T/32, F/32]`, and a convolution.
fn mobilenet_v2(b: &mut VarBuilder, c: &PannsConfig, input: usize) -> (Vec<Layer>, usize) {
    let single = |b: &mut VarBuilder, name: &str, spec| {
        let conv = Conv::declare(b, name, spec, Some(c.norm()), c.init);
        Layer::Convs(vec![(name.to_owned(), conv)], false)
    };
    let mut depth = c.channels(STEM);
    let mut layers = vec![single(b, "conv0", conv3(input, depth, Activation::Relu6, true))];
    for (expansion, channels, repeats, mean_2x2) in V2 {
        for k in 0..repeats {
            let spec = InvertedResidualSpec {
                input: depth,
                expanded: depth * expansion,
                output: c.channels(channels),
                kernel: 3,
                padding: ConvPadding::Symmetric([1, 1]),
                stride: 1,
                mean_2x2: mean_2x2 && k == 0,
                activation: Activation::Relu6,
                squeezed: None,
            };
            depth = spec.output;
            let name = format!("block{}", layers.len());
            let block = InvertedResidual::declare(b, &name, spec, c.norm(), [c.init; 2]);
            layers.push(Layer::Residual(name, Box::new(block)));
        }
    }
    let last = ConvSpec::pointwise(depth, c.channels(LAST)).with_activation(Activation::Relu6);
    layers.push(single(b, "last", last));
    (layers, last.output)
}

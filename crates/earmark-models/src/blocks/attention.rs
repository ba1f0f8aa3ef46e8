//! The convolutional block attention module (Woo et al. 2018, arXiv:1807.06521): which channels matter, then where.

use super::conv_spec::ConvPadding;
use super::gate::gate;
use super::pool::{global_max, global_mean};
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, WeightInit};
use burn::tensor::{Tensor, activation, module, ops::ConvOptions};

/// Sizes of an [`Attention`].
#[derive(Clone, Copy, Debug)]
pub struct AttentionSpec {
    /// Channels, in and out.
    pub channels: usize,
    /// Channels between the two layers that weigh channels.
    pub bottleneck: usize,
    /// Rows and columns of the window that weighs places; odd.
    pub kernel: usize,
}

/// Scales each channel by what its mean and its maximum say, then each place by what its mean and maximum over channels say.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Sizes.
    pub spec: AttentionSpec,
    pub(super) reduce: VarId,
    pub(super) expand: VarId,
    pub(super) spatial: VarId,
}

impl Attention {
    /// Declares `channel.reduce.weight`, `channel.expand.weight` and `spatial.weight` under `prefix`: convolutions without bias.
    pub fn declare(b: &mut VarBuilder, prefix: &str, spec: AttentionSpec, init: WeightInit) -> Self {
        let mut add = |name: &str, shape: [usize; 4]| {
            let area = shape[2] * shape[3];
            let start = init.with_fans(shape[1] * area, shape[0] * area);
            b.trainable(&format!("{prefix}.{name}"), "weight", &shape, start)
        };
        Self {
            spec,
            reduce: add("channel.reduce", [spec.bottleneck, spec.channels, 1, 1]),
            expand: add("channel.expand", [spec.channels, spec.bottleneck, 1, 1]),
            spatial: add("spatial", [1, 2, spec.kernel, spec.kernel]),
        }
    }

    /// `[B, C, H, W]` to the same shape.
    pub fn forward(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let factors = self.channels(x.clone(), ctx);
        let x = gate(x, factors, ctx);
        x.clone() * self.places(x, ctx)
    }

    /// A factor in 0 to 1 for each channel, `[B, C]`.
    fn channels(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<2> {
        let [batch, channels, _, _] = x.dims();
        let matrix = |id, rows, columns| ctx.flat(id).reshape([rows, columns]).transpose();
        let reduce: Tensor<2> = matrix(self.reduce, self.spec.bottleneck, channels); // [C, bottleneck]
        let expand: Tensor<2> = matrix(self.expand, channels, self.spec.bottleneck); // [bottleneck, C]
        // Both summaries go through the same two layers, of which the second is linear: they meet before it.
        let seen = Tensor::cat(vec![global_mean(x.clone(), ctx), global_max(x, ctx)], 0); // [2 B, C]
        let hidden = activation::relu(seen.matmul(reduce)).reshape([2, batch, self.spec.bottleneck]);
        let hidden: Tensor<2> = hidden.sum_dim(0).squeeze_dim(0); // [B, bottleneck]
        activation::sigmoid(hidden.matmul(expand))
    }

    /// A factor in 0 to 1 for each place, `[B, 1, H, W]`.
    fn places(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let k = self.spec.kernel;
        let padding = [ConvPadding::Same.amounts(0, 1, k, 1); 2];
        let seen = Tensor::cat(vec![x.clone().mean_dim(1), x.max_dim(1)], 1); // [B, 2, H, W]
        let options = ConvOptions::new_with_padding([1, 1], padding, [1, 1], 1);
        activation::sigmoid(module::conv2d(seen, ctx.var(self.spatial), None, options))
    }
}

//! Two-dimensional convolution, optionally with BatchNorm, then an activation.

use super::activation::activate;
use super::batch_norm::{BatchNorm, BatchNormConfig};
use super::conv_spec::ConvSpec;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, WeightInit};
use burn::tensor::{Tensor, module, ops::ConvOptions};

/// A convolution with its variables: weight and BatchNorm, or weight and bias.
#[derive(Clone, Debug)]
pub struct Conv {
    /// Shape and rules.
    pub spec: ConvSpec,
    pub(super) weight: VarId,
    pub(super) bias: Option<VarId>,
    pub(super) norm: Option<BatchNorm>,
}

impl Conv {
    /// Declares the variables under `prefix`. Without BatchNorm there is a bias.
    pub fn declare(
        b: &mut VarBuilder,
        prefix: &str,
        spec: ConvSpec,
        norm: Option<BatchNormConfig>,
        init: WeightInit,
    ) -> Self {
        let [kh, kw] = spec.kernel;
        let shape = [spec.output, spec.input / spec.groups, kh, kw];
        // Depthwise kernels are [h, w, channels, 1] in TensorFlow, whose initialiser counts `channels` inputs and one output.
        let (fan_in, fan_out) = (kh * kw * spec.input, kh * kw * (spec.output / spec.groups));
        let weight = b.trainable(prefix, "weight", &shape, init.with_fans(fan_in, fan_out));
        let has_bias = norm.is_none();
        let bias = has_bias.then(|| b.trainable(prefix, "bias", &[spec.output], init.bias(fan_in)));
        let norm = norm.map(|n| BatchNorm::declare(b, &format!("{prefix}.bn"), spec.output, n));
        Self {
            spec,
            weight,
            bias,
            norm,
        }
    }

    /// The same convolution, with a BatchNorm (if any) that only shifts.
    pub fn unscaled(self, b: &mut VarBuilder) -> Self {
        let norm = self.norm.map(|n| n.unscaled(b));
        Self { norm, ..self }
    }

    /// Whether a training pass leaves all of its variables as they are.
    pub(super) fn is_frozen(&self, ctx: &Forward) -> bool {
        let norm = self
            .norm
            .as_ref()
            .is_none_or(|n| n.is_frozen(ctx) && ctx.is_frozen(n.gamma) && ctx.is_frozen(n.beta));
        norm && ctx.is_frozen(self.weight) && self.bias.is_none_or(|b| ctx.is_frozen(b))
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let s = &self.spec.effective();
        let [_, _, h, w] = x.dims();
        let window = self.spec.window([h, w]);
        let padding = [0, 1].map(|a| (window.before[a], window.after[a]));
        let options = ConvOptions::new_with_padding(s.stride, padding, [1, 1], s.groups);
        let bias = self.bias.map(|id| ctx.var(id));
        let kernel = self.kernel(ctx);
        let is_dense_1x1 = (s.kernel, s.stride, s.groups, padding) == ([1, 1], [1, 1], 1, [(0, 0); 2]);
        let x = match bias {
            Some(bias) if is_dense_1x1 && h * w > 1 => product(x, kernel, bias),
            bias => module::conv2d(x, kernel, bias, options),
        };
        let x = match &self.norm {
            Some(norm) => norm.forward(x, ctx),
            None => x,
        };
        activate(s.activation, x)
    }
}

/// A 1x1 convolution as a matrix product, for each example. So are then its gradients, which Burn otherwise computes as
/// those of any convolution.
fn product(x: Tensor<4>, kernel: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let ([batch, channels, h, w], [outputs, ..]) = (x.dims(), kernel.dims());
    let x = x.reshape([batch, channels, h * w]);
    let kernel = kernel.reshape([1, outputs, channels]);
    let x = kernel.matmul(x) + bias.reshape([1, outputs, 1]);
    x.reshape([batch, outputs, h, w])
}

//! Two-dimensional convolution, optionally with BatchNorm, then an activation.

use super::norm::{BatchNorm, BatchNormConfig};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::vars::{VarBuilder, VarId, VarKind};
use burn::tensor::{Tensor, activation, module, ops::ConvOptions};

/// What surrounds the input of a convolution or pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// TensorFlow's SAME: the output has `ceil(n / stride)` positions, and an odd remainder is padded at the END.
    Same,
    /// As many zeros on both sides.
    Symmetric([usize; 2]),
}

impl Padding {
    /// Zeros before and after one axis of `n` positions.
    pub fn amounts(self, axis: usize, n: usize, kernel: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Same => {
                let total = ((n.div_ceil(stride) - 1) * stride + kernel).saturating_sub(n);
                (total / 2, total - total / 2)
            }
            Self::Symmetric(p) => (p[axis], p[axis]),
        }
    }

    /// Number of output positions of one axis.
    pub fn output(self, axis: usize, n: usize, kernel: usize, stride: usize) -> usize {
        let (before, after) = self.amounts(axis, n, kernel, stride);
        (n + before + after - kernel) / stride + 1
    }
}

/// What follows a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
    /// x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, arXiv:1905.02244).
    HardSwish,
    /// Nothing.
    Identity,
}

impl Activation {
    /// Any shape to the same, by Burn's own operations.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::HardSwish => x.clone() * x.add_scalar(3.0).clamp(0.0, 6.0).div_scalar(6.0),
            Self::Identity => x,
        }
    }
}

/// Shape and rules of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct ConvSpec {
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step along height and width.
    pub stride: [usize; 2],
    /// Padding rule.
    pub padding: Padding,
    /// 1 for a dense convolution, `input` for a depthwise one.
    pub groups: usize,
    /// What follows.
    pub activation: Activation,
}

impl ConvSpec {
    /// A 3x3 convolution with SAME padding and ReLU.
    pub fn same3(input: usize, output: usize, stride: usize) -> Self {
        Self {
            input,
            output,
            kernel: [3, 3],
            stride: [stride; 2],
            padding: Padding::Same,
            groups: 1,
            activation: Activation::Relu,
        }
    }

    /// A 3x3 convolution of every channel by itself.
    pub fn depthwise3(channels: usize, stride: usize) -> Self {
        Self {
            groups: channels,
            ..Self::same3(channels, channels, stride)
        }
    }

    /// A 1x1 convolution.
    pub fn pointwise(input: usize, output: usize) -> Self {
        Self {
            kernel: [1, 1],
            ..Self::same3(input, output, 1)
        }
    }

    /// Number of weights without bias.
    pub fn weights(&self) -> usize {
        self.output * self.input / self.groups * self.kernel[0] * self.kernel[1]
    }

    /// Height and width of the output.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|a| self.padding.output(a, size[a], self.kernel[a], self.stride[a]))
    }

    /// Multiplications for one input of this size.
    pub fn multiplies(&self, size: [usize; 2]) -> usize {
        let [h, w] = self.output_size(size);
        h * w * self.weights()
    }
}

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
    /// Declares the variables under `scope`. Without BatchNorm there is a bias.
    pub fn declare(
        b: &mut VarBuilder,
        scope: &str,
        spec: ConvSpec,
        norm: Option<BatchNormConfig>,
        init: WeightInit,
    ) -> Self {
        let [kh, kw] = spec.kernel;
        let (per_group_in, per_group_out) = (spec.input / spec.groups, spec.output / spec.groups);
        // Depthwise kernels are [h, w, channels, 1] in TensorFlow, whose initialiser counts `channels` inputs and one output.
        let (fan_in, fan_out) = if spec.groups > 1 {
            (kh * kw * spec.input, kh * kw * per_group_out)
        } else {
            (kh * kw * spec.input, kh * kw * spec.output)
        };
        let weight = b.add(
            format!("{scope}.weight"),
            &[spec.output, per_group_in, kh, kw],
            VarKind::Trainable,
            init.with_fans(fan_in, fan_out),
        );
        let bias = norm.is_none().then(|| {
            b.add(
                format!("{scope}.bias"),
                &[spec.output],
                VarKind::Trainable,
                init.bias(fan_in),
            )
        });
        let norm = norm.map(|n| BatchNorm::declare(b, &format!("{scope}.bn"), spec.output, n));
        Self {
            spec,
            weight,
            bias,
            norm,
        }
    }

    /// The same convolution whose BatchNorm, where it has one, only shifts.
    pub fn unscaled(self, b: &mut VarBuilder) -> Self {
        let norm = self.norm.map(|n| n.unscaled(b));
        Self { norm, ..self }
    }

    /// Whether a training pass leaves all of it as it is.
    pub(super) fn is_frozen(&self, ctx: &Forward) -> bool {
        let norm = self
            .norm
            .as_ref()
            .is_none_or(|n| n.is_frozen(ctx) && ctx.is_frozen(n.gamma) && ctx.is_frozen(n.beta));
        norm && ctx.is_frozen(self.weight) && self.bias.is_none_or(|b| ctx.is_frozen(b))
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let s = &self.spec;
        let [_, _, h, w] = x.dims();
        let padding = [
            s.padding.amounts(0, h, s.kernel[0], s.stride[0]),
            s.padding.amounts(1, w, s.kernel[1], s.stride[1]),
        ];
        let options = ConvOptions::new_with_padding(s.stride, padding, [1, 1], s.groups);
        let bias = self.bias.map(|id| ctx.var(id));
        let x = module::conv2d(x, ctx.var(self.weight), bias, options);
        let x = match &self.norm {
            Some(norm) => norm.forward(x, ctx),
            None => x,
        };
        s.activation.forward(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_follows_tensorflow() {
        // n, kernel, stride -> output, before, after (tf.nn.convolution documentation's formula by hand).
        for (n, k, s, out, before, after) in [
            (100, 3, 1, 100, 1, 1),
            (100, 3, 2, 50, 0, 1),
            (25, 3, 2, 13, 1, 1),
            (5, 11, 1, 5, 5, 5),
            (1, 3, 2, 1, 1, 1),
            (6, 2, 2, 3, 0, 0),
        ] {
            assert_eq!(Padding::Same.output(0, n, k, s), out, "n {n} k {k} s {s}");
            assert_eq!(
                Padding::Same.amounts(0, n, k, s),
                (before, after),
                "n {n} k {k} s {s}"
            );
        }
    }
}

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
    /// Means over 2x2 between the convolution and what follows it. Both being linear, they are one convolution: see
    /// [`ConvSpec::effective`].
    pub halved: bool,
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
            halved: false,
        }
    }

    /// What is computed: itself, or where it is halved (which asks for a step of 1) the convolution whose kernel is a row and a
    /// column larger and whose step is 2. Rows and columns that fill no window are left out by both.
    pub fn effective(&self) -> Self {
        if !self.halved {
            return *self;
        }
        Self {
            kernel: self.kernel.map(|k| k + 1),
            stride: [2, 2],
            halved: false,
            ..*self
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
        let s = self.effective();
        [0, 1].map(|a| s.padding.output(a, size[a], s.kernel[a], s.stride[a]))
    }

    /// Multiplications for one input of this size.
    pub fn multiplies(&self, size: [usize; 2]) -> usize {
        let [h, w] = self.output_size(size);
        h * w * self.effective().weights()
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

    /// The weights of what is computed, `[out, in / groups, rows, columns]` of [`ConvSpec::effective`].
    pub fn kernel(&self, ctx: &Forward) -> Tensor<4> {
        let weight: Tensor<4> = ctx.var(self.weight);
        if !self.spec.halved {
            return weight;
        }
        // A mean of two neighbours is a convolution with [1/2, 1/2], along each axis.
        [2, 3].into_iter().fold(weight, |w, axis| {
            let mut line = w.dims();
            line[axis] = 1;
            let zeros = Tensor::zeros(line, &w.device());
            let late = Tensor::cat(vec![zeros.clone(), w.clone()], axis);
            (Tensor::cat(vec![w, zeros], axis) + late).mul_scalar(0.5)
        })
    }

    /// As [`Conv::kernel`], of weights on the host, row-major.
    pub(super) fn host_kernel(&self, weights: Vec<f32>) -> Vec<f32> {
        if !self.spec.halved {
            return weights;
        }
        let [rows, columns] = self.spec.kernel;
        let at = |plane: &[f32], r: usize, c: usize| match r < rows && c < columns {
            true => plane[r * columns + c],
            false => 0.0,
        };
        let mut out = Vec::with_capacity(weights.len() * 2);
        for plane in weights.chunks_exact(rows * columns) {
            for r in 0..=rows {
                for c in 0..=columns {
                    // Below 0 the number wraps, and is beyond the end as well.
                    let (above, before) = (r.wrapping_sub(1), c.wrapping_sub(1));
                    let sum = at(plane, r, c)
                        + at(plane, above, c)
                        + at(plane, r, before)
                        + at(plane, above, before);
                    out.push(0.25 * sum);
                }
            }
        }
        out
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let s = &self.spec.effective();
        let [_, _, h, w] = x.dims();
        let padding = [
            s.padding.amounts(0, h, s.kernel[0], s.stride[0]),
            s.padding.amounts(1, w, s.kernel[1], s.stride[1]),
        ];
        let options = ConvOptions::new_with_padding(s.stride, padding, [1, 1], s.groups);
        let bias = self.bias.map(|id| ctx.var(id));
        let x = module::conv2d(x, self.kernel(ctx), bias, options);
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

    /// The larger kernel of a halved convolution is the same on the host and by tensors.
    #[test]
    fn halved_kernels_are_the_same_on_the_host() {
        use crate::vars::{Vars, to_host};
        use burn::tensor::Device;
        let mut b = VarBuilder::default();
        for (name, groups) in [("dense", 1), ("depthwise", 4)] {
            let spec = ConvSpec {
                groups,
                halved: true,
                ..ConvSpec::same3(4, 4, 1)
            };
            let conv = Conv::declare(&mut b, name, spec, None, WeightInit::GlorotUniform);
            let vars = Vars::init(std::mem::take(&mut b).finish(), 1, &Device::flex());
            let want = to_host(conv.kernel(&Forward::eval(&vars)));
            let got = conv.host_kernel(vars.to_vec(conv.weight));
            assert_eq!(got.len(), want.len());
            assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-6), "{name}");
        }
    }
}

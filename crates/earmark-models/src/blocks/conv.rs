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

    /// The weights of the convolution that is computed, `[out, in / groups, rows, columns]` of [`ConvSpec::effective`].
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
        let window = self.spec.window([h, w]);
        let padding = [0, 1].map(|a| (window.before[a], window.after[a]));
        let options = ConvOptions::new_with_padding(s.stride, padding, [1, 1], s.groups);
        let bias = self.bias.map(|id| ctx.var(id));
        let x = module::conv2d(x, self.kernel(ctx), bias, options);
        let x = match &self.norm {
            Some(norm) => norm.forward(x, ctx),
            None => x,
        };
        activate(s.activation, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::variable_values::{Vars, to_host};
    use burn::tensor::Device;

    /// The larger kernel of a halved convolution is the same on the host and by tensors.
    #[test]
    fn halved_kernels_are_the_same_on_the_host() {
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

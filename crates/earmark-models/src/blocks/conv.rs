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
        let bias = self.bias.map(|id| ctx.operand(ctx.var(id)));
        let (x, kernel) = (ctx.operand(x), ctx.operand(self.kernel(ctx)));
        let is_dense_1x1 = (s.kernel, s.stride, s.groups, padding) == ([1, 1], [1, 1], 1, [(0, 0); 2]);
        let x = match bias {
            Some(bias) if is_dense_1x1 && h * w > 1 => product(x, kernel, bias),
            bias => module::conv2d(x, kernel, bias, options),
        };
        let x = ctx.widened(x);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::activation::Activation;
    use crate::blocks::conv_spec::ConvPadding;
    use crate::params::{Vars, to_host};
    use crate::precision::Precision;
    use burn::tensor::{DType, Device, TensorData};

    /// Values from -1 to 1 with a pattern of their own.
    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * i * 31) % 97) as f32 / 48.0 - 1.0)
            .collect()
    }

    /// Outputs, and the gradients of input and variables, by a pass of this precision.
    fn results(spec: ConvSpec, norm: Option<BatchNormConfig>, precision: Precision) -> Vec<Vec<f32>> {
        let mut b = VarBuilder::default();
        let conv = Conv::declare(&mut b, "c", spec, norm, WeightInit::GlorotUniform);
        let device = Device::flex();
        let vars = Vars::init(b.finish(), 1, &device).tracked();
        let shape = [2, spec.input, 6, 5];
        let x = TensorData::new(numbers(shape.iter().product()), shape);
        let x = Tensor::<4>::from_data(x, &device.autodiff()).require_grad();
        let rng = earmark_core::random::stream(1, &[]);
        let mut ctx = Forward::train(&vars, rng)
            .without_kernels()
            .with_precision(precision);
        let y = conv.forward(x.clone(), &mut ctx);
        assert_eq!(y.dtype(), DType::F32);
        let weights = TensorData::new(numbers(y.dims().iter().product()), y.dims());
        let grads = (y.clone() * Tensor::from_data(weights, &y.device()))
            .sum()
            .backward();
        let mut all = vec![to_host(y.inner()), to_host(x.grad(&grads).unwrap())];
        for id in (0..vars.len()).map(VarId) {
            // Moving statistics have none.
            let gradient = vars.flat(id).grad(&grads);
            all.extend(gradient.map(|gradient| {
                assert_eq!(gradient.dtype(), DType::F32);
                to_host(gradient)
            }));
        }
        all
    }

    /// Products of bfloat16 differ a little, in outputs and in gradients, and all that comes out is of single precision.
    #[test]
    fn fewer_bits_change_a_convolution_little() {
        let spec = |kernel, input, groups| ConvSpec {
            input,
            output: 6,
            kernel,
            stride: [1, 1],
            padding: ConvPadding::Same,
            groups,
            // A kink would turn rounding near 0 into another gradient.
            activation: Activation::Identity,
            mean_2x2: false,
        };
        for (spec, norm) in [
            (spec([3, 3], 4, 1), Some(BatchNormConfig::new(0.9, 1e-3))),
            (spec([3, 3], 6, 6), None),
            (spec([1, 1], 4, 1), None),
        ] {
            let exact = results(spec, norm, Precision::F32);
            let rounded = results(spec, norm, Precision::Bf16);
            assert_eq!(exact.len(), rounded.len());
            for (k, (exact, rounded)) in exact.iter().zip(&rounded).enumerate() {
                let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>();
                let off = squares(&mut exact.iter().zip(rounded).map(|(a, b)| a - b));
                let off = (off / squares(&mut exact.iter().copied())).sqrt();
                assert!(off < 0.01, "{spec:?}: result {k} is {off} off");
                assert!(k > 0 || off > 0.0, "{spec:?}: the same outputs");
            }
        }
    }
}

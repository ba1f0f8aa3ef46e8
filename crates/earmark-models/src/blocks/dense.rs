//! Fully connected layer.

use crate::batch_norm_statistics::without_gradients;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, WeightInit};
use burn::tensor::Tensor;
use earmark_kernels::burn_ops;

/// `y = x W^T + b` with `W` of shape `[out, in]`.
#[derive(Clone, Debug)]
pub struct Dense {
    pub(super) weight: VarId,
    pub(super) bias: VarId,
    /// Input features.
    pub input: usize,
    /// Output features.
    pub output: usize,
}

impl Dense {
    /// Declares weight and bias under `prefix`.
    pub fn declare(b: &mut VarBuilder, prefix: &str, input: usize, output: usize, init: WeightInit) -> Self {
        let start = init.with_fans(input, output);
        Self {
            weight: b.trainable(prefix, "weight", &[output, input], start),
            bias: b.trainable(prefix, "bias", &[output], init.bias(input)),
            input,
            output,
        }
    }

    /// `[B, in]` to `[B, out]`.
    pub fn forward(&self, x: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        let weight: Tensor<2> = ctx.var(self.weight);
        let bias: Tensor<1> = ctx.var(self.bias);
        let served = ctx.uses_kernels() && burn_ops::runs_on(&x.device());
        if served && ctx.needs_no_gradients(&x, &[self.weight, self.bias]) {
            let (weight, bias) = (without_gradients(weight), without_gradients(bias));
            return Forward::without_gradients(x, |x| burn_ops::dense_eval(x, weight, bias));
        }
        x.matmul(weight.transpose()) + bias.unsqueeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Vars, to_host};
    use burn::tensor::{Device, TensorData};

    /// Evaluation with the kernel and by Burn's own operations, for one example, a few and many.
    #[test]
    fn layers_are_the_same_with_and_without_the_kernel() {
        let mut b = VarBuilder::default();
        let dense = Dense::declare(&mut b, "dense", 37, 21, WeightInit::default());
        let vars = Vars::init(b.finish(), 3, &Device::flex());
        for batch in [1, 5, 40] {
            let values: Vec<f32> = (0..batch * 37).map(|i| (i % 23) as f32 / 7.0 - 1.5).collect();
            let x = Tensor::<2>::from_data(TensorData::new(values, [batch, 37]), &Device::flex());
            let with = to_host(dense.forward(x.clone(), &Forward::eval(&vars)));
            let without = to_host(dense.forward(x, &Forward::eval(&vars).without_kernels()));
            assert_eq!(with.len(), batch * 21);
            for (with, without) in with.iter().zip(&without) {
                assert!((with - without).abs() <= 1e-5, "{with} against {without}");
            }
        }
    }
}

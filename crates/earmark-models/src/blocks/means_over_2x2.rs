//! A convolution followed by means over 2x2, as in PANNs' MobileNets, is one convolution with a larger kernel and a step of 2.

use super::conv::Conv;
use super::conv_spec::ConvSpec;
use crate::forward_pass::Forward;
use burn::tensor::Tensor;

impl ConvSpec {
    /// The convolution that is computed: this one, or if it has means over 2x2 (which requires a step of 1) the one whose kernel has one
    /// more row and column and whose step is 2. Both leave out rows and columns that fill no window.
    pub fn effective(&self) -> Self {
        if !self.mean_2x2 {
            return *self;
        }
        Self {
            kernel: self.kernel.map(|k| k + 1),
            stride: [2, 2],
            mean_2x2: false,
            ..*self
        }
    }
}

impl Conv {
    /// The weights of the convolution that is computed, `[out, in / groups, rows, columns]` of [`ConvSpec::effective`].
    pub fn kernel(&self, ctx: &Forward) -> Tensor<4> {
        let weight: Tensor<4> = ctx.var(self.weight);
        if !self.spec.mean_2x2 {
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
        if !self.spec.mean_2x2 {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::variable_values::{Vars, to_host};
    use crate::params::{VarBuilder, WeightInit};
    use burn::tensor::Device;

    /// The larger kernel of a convolution with means over 2x2 is the same on the host and by tensors.
    #[test]
    fn mean_2x2_kernels_are_the_same_on_the_host() {
        let mut b = VarBuilder::default();
        for (name, groups) in [("dense", 1), ("depthwise", 4)] {
            let spec = ConvSpec {
                groups,
                mean_2x2: true,
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

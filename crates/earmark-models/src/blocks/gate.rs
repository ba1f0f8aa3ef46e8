//! A factor for each plane.

use crate::forward_pass::Forward;
use burn::tensor::Tensor;
use earmark_kernels::burn_ops;

/// Scales each plane of `x` `[B, C, H, W]` by its factor `[B, C]`: the end of squeeze-and-excitation and channel attention.
pub fn gate(x: Tensor<4>, factors: Tensor<2>, ctx: &Forward) -> Tensor<4> {
    if ctx.uses_kernels() && burn_ops::runs_on(&x.device()) {
        return burn_ops::gate(x, factors);
    }
    let [batch, channels] = factors.dims();
    x * factors.reshape([batch, channels, 1, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::variable_values::{Vars, to_host};
    use burn::tensor::{Device, TensorData};

    /// Values and both gradients, with the kernels and by Burn's own operations, for planes of odd sizes and of one pixel.
    #[test]
    fn gates_are_the_same_with_and_without_kernels() {
        let leaf = |n: usize, k: usize| {
            let values: Vec<f32> = (0..n).map(|i| ((i * k) % 23) as f32 / 7.0 - 1.5).collect();
            move |shape: &[usize]| {
                Tensor::<1>::from_data(TensorData::new(values, shape.to_vec()), &Device::flex())
            }
        };
        for [b, c, h, w] in [[2, 3, 5, 7], [1, 1, 1, 1], [3, 70, 1, 19], [1, 2, 40, 33]] {
            let n = b * c * h * w;
            let run = |vars: Vars| {
                let x = Tensor::from_inner(leaf(n, 5)(&[n]).reshape([b, c, h, w])).require_grad();
                let f = Tensor::from_inner(leaf(b * c, 3)(&[b * c]).reshape([b, c])).require_grad();
                let y = gate(x.clone(), f.clone(), &Forward::eval(&vars));
                let weights = Tensor::from_inner(leaf(n, 11)(&[n]).reshape([b, c, h, w]));
                let grads = (y.clone() * weights).sum().backward();
                let x = x.grad(&grads).expect("a gradient");
                let f = f.grad(&grads).expect("a gradient");
                [to_host(y.inner()), to_host(x), to_host(f)]
            };
            let none = || Vars::init(vec![], 1, &Device::flex());
            let (with, without) = (run(none()), run(none().without_kernels()));
            for (with, without) in with.iter().zip(&without) {
                assert_eq!(with.len(), without.len());
                for (a, b) in with.iter().zip(without) {
                    assert!((a - b).abs() <= 1e-5 * b.abs().max(10.0), "{a} against {b}");
                }
            }
        }
    }
}

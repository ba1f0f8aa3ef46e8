//! Pooling over windows that touch but do not overlap, and over whole planes.

use crate::forward_pass::Forward;
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Tensor, module};
use earmark_kernels::burn_ops;
pub use earmark_kernels::elementwise::pool::Pool;

/// Height and width after windows of `window`: rows and columns that fill no window are left out, as in PyTorch.
///
/// A plane smaller than the window is one window (PyTorch refuses it), so that networks take short inputs too.
pub fn pooled_size(size: [usize; 2], window: usize) -> [usize; 2] {
    size.map(|n| n / window.min(n).max(1))
}

/// A pool that follows convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// What a window yields.
    pub pool: Pool,
    /// Its rows and columns, or fewer where the plane has fewer; [`usize::MAX`] for the whole plane.
    pub window: usize,
}

impl PoolSpec {
    /// A pool over windows of this number of rows and columns.
    pub const fn new(pool: Pool, window: usize) -> Self {
        Self { pool, window }
    }

    /// One number per plane.
    pub fn global(pool: Pool) -> Self {
        Self::new(pool, usize::MAX)
    }

    /// Rows and columns of a window on a plane of `size`.
    pub fn window(self, size: [usize; 2]) -> [usize; 2] {
        size.map(|n| n.min(self.window))
    }

    /// `[B, C, H, W]` to `[B, C, H', W']`.
    pub fn forward(self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let window = self.window([h, w]);
        if window == [1, 1] {
            return x;
        }
        if ctx.uses_kernels() && burn_ops::runs_on(&x.device()) {
            return burn_ops::pool(x, self.pool, window);
        }
        match self.pool {
            Pool::Mean => module::avg_pool2d(x, AvgPoolOptions::new(window)),
            Pool::Max => module::max_pool2d(x, MaxPoolOptions::new(window)),
        }
    }
}

/// `[B, C, 1, 1]` to `[B, C]`.
pub fn without_plane(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<3>(2, 3).squeeze_dim(2)
}

/// The mean of each plane: `[B, C, H, W]` to `[B, C]`.
pub fn global_mean(x: Tensor<4>, ctx: &Forward) -> Tensor<2> {
    without_plane(PoolSpec::global(Pool::Mean).forward(x, ctx))
}

/// The largest value of each plane: `[B, C, H, W]` to `[B, C]`.
pub fn global_max(x: Tensor<4>, ctx: &Forward) -> Tensor<2> {
    without_plane(PoolSpec::global(Pool::Max).forward(x, ctx))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::variable_values::{Vars, to_host};
    use burn::tensor::{Device, TensorData};

    fn numbers(shape: [usize; 4]) -> Tensor<4> {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    /// No variables, with the kernels and without them.
    fn both() -> [Vars; 2] {
        let none = || Vars::init(vec![], 1, &Device::flex());
        [none(), none().without_kernels()]
    }

    /// Window means by definition.
    fn naive(x: &[f32], [b, c, h, w]: [usize; 4], window: usize) -> Vec<f32> {
        let (kh, kw) = (window.min(h), window.min(w));
        let mut out = Vec::new();
        for plane in x.chunks(h * w).take(b * c) {
            for i in 0..h / kh {
                for j in 0..w / kw {
                    let at = |k: usize| plane[(i * kh + k / kw) * w + j * kw + k % kw];
                    out.push((0..kh * kw).map(at).sum::<f32>() / (kh * kw) as f32);
                }
            }
        }
        out
    }

    #[test]
    fn windows_are_averaged_and_remainders_left_out() {
        for (h, w, window) in [
            (6, 8, 2),
            (7, 9, 2),
            (17, 20, 8),
            (3, 9, 4),
            (1, 5, 2),
            (1, 1, 2),
            (5, 5, 1),
        ] {
            let shape = [2, 3, h, w];
            let x = numbers(shape);
            let want = naive(&to_host(x.clone()), shape, window);
            for vars in both() {
                let got = PoolSpec::new(Pool::Mean, window).forward(x.clone(), &Forward::eval(&vars));
                assert_eq!(
                    got.dims()[2..],
                    pooled_size([h, w], window),
                    "{h} x {w} by {window}"
                );
                for (g, w) in to_host(got).iter().zip(&want) {
                    assert!((g - w).abs() < 1e-4, "{g} against {w}");
                }
            }
        }
    }

    #[test]
    fn whole_planes() {
        let x = numbers([2, 3, 5, 7]);
        let planes: Vec<Vec<f32>> = to_host(x.clone()).chunks(35).map(<[f32]>::to_vec).collect();
        let largest: Vec<f32> = planes
            .iter()
            .map(|p| p.iter().copied().fold(f32::MIN, f32::max))
            .collect();
        for vars in both() {
            let ctx = Forward::eval(&vars);
            for (got, plane) in to_host(global_mean(x.clone(), &ctx)).iter().zip(&planes) {
                assert!((got - plane.iter().sum::<f32>() / 35.0).abs() < 1e-4);
            }
            assert_eq!(to_host(global_max(x.clone(), &ctx)), largest);
        }
    }

    /// The gradients by the kernels are those of Burn's own operations, for both pools, windows that leave a rest, and whole planes.
    #[test]
    fn gradients_are_the_same_with_and_without_kernels() {
        let pools = [
            PoolSpec::new(Pool::Mean, 2),
            PoolSpec::new(Pool::Mean, 8),
            PoolSpec::global(Pool::Mean),
            PoolSpec::global(Pool::Max),
            PoolSpec::new(Pool::Max, 3),
        ];
        for spec in pools {
            let [with, without] = both().map(|vars| {
                let x = Tensor::from_inner(numbers([2, 3, 7, 11])).require_grad();
                let y = spec.forward(x.clone(), &Forward::eval(&vars));
                // A weight of its own for each window.
                let n = y.shape().num_elements();
                let weights: Vec<f32> = (0..n).map(|i| (i % 13) as f32 - 4.0).collect();
                let weights = Tensor::from_data(TensorData::new(weights, y.dims()), &y.device());
                let grads = (y * weights).sum().backward();
                to_host(x.grad(&grads).expect("a gradient"))
            });
            for (a, b) in with.iter().zip(&without) {
                assert!((a - b).abs() < 1e-5, "{spec:?}: {a} against {b}");
            }
            assert!(with.iter().any(|g| *g != 0.0));
        }
    }
}

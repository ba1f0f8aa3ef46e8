//! Pooling over windows that touch but do not overlap, and over whole planes.

use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Tensor, module};

/// Height and width after windows of `window`: rows and columns that fill no window are left out, as in PyTorch.
///
/// A plane smaller than the window is one window (PyTorch refuses it), so that networks take short inputs too.
pub fn pooled_size(size: [usize; 2], window: usize) -> [usize; 2] {
    size.map(|n| n / window.min(n).max(1))
}

/// Means over windows: `[B, C, H, W]` to `[B, C, H', W']` with the sizes of [`pooled_size`].
pub fn average_pool(x: Tensor<4>, window: usize) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let kernel = [h, w].map(|n| window.min(n));
    if kernel == [1, 1] {
        x
    } else {
        module::avg_pool2d(x, AvgPoolOptions::new(kernel))
    }
}

/// The mean of each plane: `[B, C, H, W]` to `[B, C]`.
pub fn global_mean(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<3>(2, 3).mean_dim(2).squeeze_dim(2)
}

/// The largest value of each plane: `[B, C, H, W]` to `[B, C]`.
pub fn global_max(x: Tensor<4>) -> Tensor<2> {
    x.flatten::<3>(2, 3).max_dim(2).squeeze_dim(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars::to_host;
    use burn::tensor::{Device, TensorData};

    fn numbers(shape: [usize; 4]) -> Tensor<4> {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
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
            let got = average_pool(x, window);
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

    #[test]
    fn whole_planes() {
        let x = numbers([2, 3, 5, 7]);
        let planes: Vec<Vec<f32>> = to_host(x.clone()).chunks(35).map(<[f32]>::to_vec).collect();
        for (got, plane) in to_host(global_mean(x.clone())).iter().zip(&planes) {
            assert!((got - plane.iter().sum::<f32>() / 35.0).abs() < 1e-4);
        }
        let largest: Vec<f32> = planes
            .iter()
            .map(|p| p.iter().copied().fold(f32::MIN, f32::max))
            .collect();
        assert_eq!(to_host(global_max(x)), largest);
    }
}

//! A small network, forward and backward, of the operations that the networks here are made of.

use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation, module};
use earmark_models::to_host;

/// Results by name.
pub(super) type Results = Vec<(&'static str, Vec<f32>)>;

/// Numbers from -0.5 to 0.5 by a formula.
fn numbers<const D: usize>(shape: [usize; D], factor: usize, device: &Device) -> Tensor<D> {
    let count = shape.iter().product();
    let number = |i: usize| ((i * factor + i * i) % 97) as f32 / 96.0 - 0.5;
    let values: Vec<f32> = (0..count).map(number).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Logits, loss, and the gradients of all weights.
///
/// A convolution with batch statistics and a maximum pool, a depthwise and a pointwise one, the mean over the plane, a
/// gate, a dense layer and the cross-entropy of a softmax.
pub(super) fn results(device: &Device) -> Results {
    let device = &device.clone().autodiff();
    let [x, full, depthwise, pointwise] = [
        ([2, 1, 16, 20], 31),
        ([4, 1, 3, 3], 7),
        ([4, 1, 3, 3], 11),
        ([6, 4, 1, 1], 13),
    ]
    .map(|(shape, factor)| numbers(shape, factor, device));
    let [full, depthwise, pointwise] = [full, depthwise, pointwise].map(Tensor::require_grad);
    let gate = numbers([6, 6], 17, device).require_grad();
    let dense = numbers([6, 5], 19, device).require_grad();
    let bias = numbers([5], 23, device).require_grad();

    let conv = |x, weight: &Tensor<4>, stride, padding, groups| {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
        module::conv2d(x, weight.clone(), None, options)
    };
    let x = activation::relu(normalised(conv(x, &full, 1, 1, 1))); // [2, 4, 16, 20]
    let x = module::max_pool2d(x, MaxPoolOptions::new([2, 2])); // [2, 4, 8, 10]
    let x = conv(x, &depthwise, 2, 1, 4); // [2, 4, 4, 5]
    let x = activation::relu(conv(x, &pointwise, 1, 0, 1)); // [2, 6, 4, 5]
    let x = module::avg_pool2d(x, AvgPoolOptions::new([4, 5])).reshape::<2, _>([2, 6]);
    let x = x.clone() * activation::sigmoid(x.matmul(gate.clone()));
    let logits = x.matmul(dense.clone()) + bias.clone().unsqueeze::<2>(); // [2, 5]
    let targets = numbers([2, 5], 29, device).add_scalar(0.5);
    let loss = (activation::log_softmax(logits.clone(), 1) * targets).sum().neg();

    let grads = loss.backward();
    let mut results = vec![
        ("logits", to_host(logits.inner())),
        ("loss", to_host(loss.inner())),
    ];
    let of_conv = [
        ("gradient of the convolution", &full),
        ("gradient of the depthwise convolution", &depthwise),
        ("gradient of the pointwise convolution", &pointwise),
    ];
    // One without a gradient differs from the CPU's by its length.
    results.extend(of_conv.map(|(name, w)| (name, w.grad(&grads).map_or_else(Vec::new, to_host))));
    let of_dense = [
        ("gradient of the gate", &gate),
        ("gradient of the dense layer", &dense),
    ];
    results.extend(of_dense.map(|(name, w)| (name, w.grad(&grads).map_or_else(Vec::new, to_host))));
    let of_bias = bias.grad(&grads).map_or_else(Vec::new, to_host);
    results.push(("gradient of the bias", of_bias));
    results
}

/// Mean 0 and variance 1 of each channel over the batch: `[B, C, H, W]`.
fn normalised(x: Tensor<4>) -> Tensor<4> {
    let mean_of = |x: Tensor<4>| x.mean_dim(0).mean_dim(2).mean_dim(3); // [1, C, 1, 1]
    let centred = x.clone() - mean_of(x);
    let variance = mean_of(centred.clone() * centred.clone());
    centred / variance.add_scalar(1e-3).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::agreement::Difference;
    use super::*;
    use std::collections::BTreeMap;

    /// PyTorch's, in double precision.
    #[test]
    fn the_cpu_knows_the_answers() {
        let golden = include_str!("../../tests/golden/small_network.json");
        let golden: BTreeMap<String, Vec<f32>> = serde_json::from_str(golden).unwrap();
        let ours = results(&Device::flex());
        assert_eq!(ours.len(), golden.len());
        for (name, values) in ours {
            let difference = Difference::between(name, &values, &golden[name], 1e-4);
            assert!(difference.is_rounding(), "{difference}");
            // Nothing is compared with nothing.
            assert!(values.iter().any(|v| v.abs() > 1e-3), "{name}: {values:?}");
        }
    }
}

//! The two networks of FSDKaggle2018 against float64 re-statements in PyTorch (xtask/golden/networks_2018.py), and their
//! published sizes.

use crate::common::{close_digest, digest, fill, golden, host, input, relative, uniform, weights};
use burn::tensor::{Device, FloatDType, Tensor, TensorData, activation};
use earmark_core::{Check, Within};
use earmark_models::networks::mobilenet_v2::MobileNetV2Config;
use earmark_models::networks::starter_2018::Starter2018Config;
use earmark_models::{Forward, Network, NetworkConfig, VarId, Vars, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn build(config: NetworkConfig, channels: usize, classes: usize) -> (Network, Vars) {
    let (network, specs) = Network::build(&config, channels, classes).unwrap();
    (network, Vars::init(specs, 1, &Device::flex()))
}

fn starter() -> NetworkConfig {
    NetworkConfig::Starter2018(Starter2018Config {
        base: 4,
        drop_prob: 0.0,
        head_drop_prob: 0.0,
        ..Default::default()
    })
}

fn mobilenet(clip_features: usize) -> NetworkConfig {
    NetworkConfig::MobileNetV2(MobileNetV2Config {
        width: 0.25,
        clip_features,
        clip_feature_inputs: clip_features.max(1),
        hidden: [12, 10],
        ..Default::default()
    })
}

/// The vector about the clips, by the golden file's rule.
fn side(case: &Value, batch: usize) -> Option<Tensor<2>> {
    let features = case["side_features"].as_u64().unwrap() as usize;
    let stream = case["input_stream"].as_u64().unwrap() + 3;
    let values: Vec<f32> = (0..(batch * features) as u64)
        .map(|i| uniform(stream, i) as f32)
        .collect();
    (features > 0).then(|| Tensor::from_data(TensorData::new(values, [batch, features]), &Device::flex()))
}

/// What computes a case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    /// The CPU's kernels, in single precision.
    Kernels,
    /// Burn's own operations, in single precision.
    Burn,
    /// Burn's own operations, in double precision: so that differences are not from rounding.
    Double,
}

/// Logits, loss and gradients of one case within a relative `tolerance`.
fn check(case: &Value, labels: &Value, config: NetworkConfig, tolerance: f64, by: By) {
    let labels: Vec<i64> = serde_json::from_value(labels.clone()).unwrap();
    let mut x = input(case, &Device::flex());
    let [batch, channels, ..] = x.dims();
    let (network, mut vars) = build(config, channels, 5);
    let ids = fill(&mut vars, case);
    // The golden vector is the components' own.
    if let Some(id) = vars.find("side.pca.components") {
        let n = vars.specs()[id.0].shape[0];
        vars.set_vec(
            id,
            (0..n * n)
                .map(|i| f32::from(u8::from(i % (n + 1) == 0)))
                .collect(),
        );
    }
    let mut side = side(case, batch);
    if by == By::Double {
        for i in (0..vars.len()).map(VarId) {
            vars.set(i, vars.flat(i).cast(FloatDType::F64));
        }
        x = x.cast(FloatDType::F64);
        side = side.map(|side| side.cast(FloatDType::F64));
    }
    let tracked = vars.tracked();
    let side = side.map(Tensor::from_inner);
    let ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0)).with_clip_features(side);
    let mut ctx = if by == By::Kernels {
        ctx
    } else {
        ctx.without_kernels()
    };
    let logits = network.forward(Tensor::from_inner(x), &mut ctx);
    let mut hot = vec![0.0f32; batch * 5];
    for (row, label) in labels.iter().enumerate() {
        hot[row * 5 + *label as usize] = 1.0;
    }
    let device = Device::flex().autodiff();
    let y = Tensor::<2>::from_data(TensorData::new(hot, [batch, 5]), &device).cast(logits.dtype());
    let loss = (activation::log_softmax(logits.clone(), 1) * y)
        .sum()
        .div_scalar(-(batch as f64));
    let error = relative(&host(logits.inner()), &case["logits_train"]);
    assert!(
        error < tolerance.min(1e-4),
        "training logits are off by {error:.2e} ({by:?})"
    );
    let want = case["loss"].as_f64().unwrap();
    let got = host(loss.clone().inner())[0];
    assert!(
        (got - want).abs() < tolerance.min(1e-4) * want,
        "loss {got}, golden {want}"
    );
    let grads = loss.backward();
    for (k, id) in ids.iter().enumerate() {
        let name = &tracked.specs()[id.0].name;
        let grad = tracked
            .flat(*id)
            .grad(&grads)
            .expect("every parameter has a gradient");
        let grad = host(grad);
        let golden: Vec<f64> = serde_json::from_value(case["gradients"][k].clone()).unwrap();
        if golden[0] < 1e-9 {
            // A shift that the next BatchNorm takes away again.
            assert!(name.ends_with("project.bn.beta"), "{name}");
            assert!(digest(&grad)[0] < 1e-4, "{name}: {:?}", digest(&grad));
        } else {
            close_digest(&grad, &case["gradients"][k], tolerance, name);
        }
    }
}

#[test]
fn the_starter_matches_pytorch() {
    let g = golden("networks_2018.json");
    for by in [By::Kernels, By::Burn] {
        check(&g["starter"], &g["labels"], starter(), 1e-4, by);
    }
}

#[test]
fn mobilenet_v2_matches_pytorch() {
    let g = golden("networks_2018.json");
    let case = &g["mobilenet_v2"];
    let float32 = case["float32_error"].as_f64().unwrap();
    for by in [By::Kernels, By::Burn] {
        check(case, &g["labels"], mobilenet(6), (3.0 * float32).max(1e-4), by);
    }
}

/// Burn keeps some constants of the way back in single precision.
const DOUBLE: f64 = 2e-7;

/// In double precision gradients are those of PyTorch. In single precision neither program can be near: through 52 BatchNorms
/// rounding grows several hundred times (PyTorch's own float32 is 2.9e-4 off), with larger planes, more clips or no corner of an
/// activation in reach not less.
#[test]
fn in_double_precision_nothing_differs() {
    let g = golden("networks_2018.json");
    check(&g["starter"], &g["labels"], starter(), DOUBLE, By::Double);
    check(&g["mobilenet_v2"], &g["labels"], mobilenet(6), DOUBLE, By::Double);
}

#[test]
fn parameters_are_the_published_ones() {
    let config = MobileNetV2Config {
        clip_features: 350,
        ..Default::default()
    };
    let (network, vars) = build(NetworkConfig::MobileNetV2(config), 1, 41);
    assert_eq!(vars.count(false), 5_378_330);
    assert_eq!(vars.count(true), 5_339_676);
    // Keras's table of the whole model: the backbone's weights without BatchNorm, the dense ones without biases.
    let summary = network.layer_table(1, 64, 512);
    assert_eq!(summary.weights(), weights(&vars));
    let (network, vars) = build(NetworkConfig::Starter2018(Starter2018Config::default()), 2, 41);
    // Weights 33 (2 x 16 + 16 x 32 + 32 x 64) + 64 x 41; shifts; the classifier's biases.
    let weights = 33 * (2 * 16 + 16 * 32 + 32 * 64) + 64 * 41;
    assert_eq!(network.layer_table(2, 257, 99).weights(), weights);
    assert_eq!(vars.count(true), weights + 16 + 32 + 64 + 41);
}

#[test]
fn any_length_is_taken() {
    for (config, channels) in [(starter(), 2), (mobilenet(0), 1)] {
        let (network, vars) = build(config, channels, 5);
        for frames in [1, 2, 7, 50, 131] {
            let x = Tensor::<4>::ones([2, channels, 33, frames], &Device::flex());
            let y = network.forward(x, &mut Forward::eval(&vars));
            assert_eq!(y.dims(), [2, 5], "{frames} frames");
            assert!(to_host(y).iter().all(|v| v.is_finite()), "{frames} frames");
        }
    }
}

#[test]
fn values_that_cannot_work_are_refused_by_key() {
    let message = |c: NetworkConfig| c.check().within("network").unwrap_err().to_string();
    let bad = message(NetworkConfig::Starter2018(Starter2018Config {
        kernel_bands: 0,
        ..Default::default()
    }));
    assert!(bad.starts_with("network.kernel-bands = 0: "), "{bad}");
    let bad = message(NetworkConfig::MobileNetV2(MobileNetV2Config {
        width: 0.0,
        ..Default::default()
    }));
    assert!(bad.starts_with("network.width = 0: "), "{bad}");
}

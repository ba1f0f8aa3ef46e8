//! Frozen variables: no gradients, moving statistics used and kept, the same numbers by the kernels and by Burn's own operations.

use crate::common::{host, uniform};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
use earmark_models::networks::efficientat::EfficientAtConfig;
use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
use earmark_models::{Forward, Network, NetworkConfig, VarId, VarKind, Vars, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Enough clips for the BatchNorms of heads, which know no planes.
const SHAPE: [usize; 4] = [8, 1, 32, 40];

fn networks() -> Vec<NetworkConfig> {
    vec![
        NetworkConfig::MobileNetV1(MobileNetV1Config {
            width: 0.05,
            ..Default::default()
        }),
        NetworkConfig::AuxSkipAttention(AuxSkipAttentionConfig {
            base: 4,
            drop_prob: 0.0,
            ..Default::default()
        }),
        NetworkConfig::EfficientAt(EfficientAtConfig {
            width: 0.1,
            drop_prob: 0.0,
            ..Default::default()
        }),
    ]
}

/// Weights as drawn, and moving statistics that are no batch's.
fn built(config: &NetworkConfig) -> (Network, Vars) {
    let (network, specs) = Network::build(config, 1, 5).unwrap();
    let mut vars = Vars::init(specs, 3, &Device::flex());
    for i in 0..vars.len() {
        let spec = vars.specs()[i].clone();
        if spec.kind == VarKind::Buffer {
            let start = if spec.name.ends_with("variance") { 1.5 } else { 0.0 };
            let values = (0..spec.len()).map(|k| start + 0.3 * uniform(i as u64, k as u64) as f32);
            let values = values.collect();
            vars.set_vec(VarId(i), values);
        }
        // Fresh depthwise layers of MobileNet v1 shrink what comes in, so that after thirteen of them all inputs would look alike.
        if spec.name.starts_with("dw") && spec.name.ends_with(".gamma") {
            vars.set_vec(VarId(i), vec![4.0; spec.len()]);
        }
    }
    (network, vars)
}

fn input() -> Tensor<4> {
    let values: Vec<f32> = (0..SHAPE.iter().product::<usize>() as u64)
        .map(|i| uniform(900, i) as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, SHAPE), &Device::flex())
}

/// Logits, the gradient of each variable that has one, and the names of the moving means that a training pass would move.
type Pass = (Vec<f64>, Vec<Option<Vec<f64>>>, Vec<String>);

/// By the kernels in single precision, or by Burn's own operations in double.
fn pass(network: &Network, vars: &Vars, kernels: bool) -> Pass {
    let (mut vars, mut x) = (vars.clone(), input());
    let mut dtype = FloatDType::F32;
    if !kernels {
        dtype = FloatDType::F64;
        vars = vars.without_kernels();
        for i in (0..vars.len()).map(VarId) {
            vars.set(i, vars.flat(i).cast(dtype));
        }
        x = x.cast(dtype);
    }
    let tracked = vars.tracked();
    let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
    let outputs = network.outputs(Tensor::from_inner(x), &mut ctx);
    let moved = ctx.into_statistics();
    let moved = moved
        .iter()
        .map(|s| vars.specs()[s.mean_id.0].name.clone())
        .collect();
    let logits = host(outputs[0].clone().inner());
    let weight = |n: usize| -> Tensor<2> {
        let values: Vec<f32> = (0..n as u64).map(|i| uniform(901, i) as f32).collect();
        let weight = Tensor::<2>::from_data(TensorData::new(values, [SHAPE[0], 5]), &Device::flex());
        Tensor::<2>::from_inner(weight.cast(dtype))
    };
    let loss = outputs
        .into_iter()
        .map(|o| (o * weight(SHAPE[0] * 5)).sum())
        .reduce(|a, b| a + b)
        .unwrap();
    let grads = loss.backward();
    let gradient = |i| tracked.flat(VarId(i)).grad(&grads).map(host);
    (logits, (0..vars.len()).map(gradient).collect(), moved)
}

/// Single against double precision: within 2e-4 of the size, a lone number within 1e-3, as it is a sum of thousands that all but
/// cancel. Where they cancel (a shift before a BatchNorm), nothing but rounding may be left.
#[track_caller]
fn close(what: &str, got: &[f64], want: &[f64]) {
    let size = want.iter().map(|w| w * w).sum::<f64>().sqrt();
    let off = got
        .iter()
        .zip(want)
        .map(|(g, w)| (g - w) * (g - w))
        .sum::<f64>()
        .sqrt();
    let limit = match want.len() {
        _ if size < 1e-12 => 1e-4,
        1 => 1e-3 * size,
        _ => 2e-4 * size,
    };
    assert!(off < limit, "{what}: off by {off} of {size}");
}

/// First parts of names, in order.
fn prefixes(vars: &Vars) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for spec in vars.specs() {
        let prefix = format!("{}.", spec.name.split('.').next().unwrap());
        if !found.contains(&prefix) {
            found.push(prefix);
        }
    }
    found
}

/// A front, a back, every second layer, and all but the head.
#[test]
fn frozen_layers_are_the_same_with_and_without_kernels() {
    for config in networks() {
        let (network, mut vars) = built(&config);
        let prefixes = prefixes(&vars);
        let head = network.head_prefixes();
        let half = prefixes.len() / 2;
        let sets: [Vec<&String>; 4] = [
            prefixes[..half].iter().collect(),
            prefixes[half..].iter().collect(),
            prefixes.iter().step_by(2).collect(),
            prefixes.iter().filter(|s| !head.contains(&s.as_str())).collect(),
        ];
        for (k, frozen) in sets.iter().enumerate() {
            vars.freeze(|name| frozen.iter().any(|s| name.starts_with(s.as_str())));
            let (logits, gradients, moved) = pass(&network, &vars, true);
            let (plain, plain_gradients, plain_moved) = pass(&network, &vars, false);
            let what = format!("{config:?}, set {k}");
            close(&what, &logits, &plain);
            assert_eq!(moved, plain_moved, "{what}");
            for (i, spec) in vars.specs().iter().enumerate() {
                let is_frozen = frozen.iter().any(|s| spec.name.starts_with(s.as_str()));
                let learns = spec.kind == VarKind::Trainable && !is_frozen;
                assert_eq!(gradients[i].is_some(), learns, "{what}: {}", spec.name);
                if let (Some(got), Some(want)) = (&gradients[i], &plain_gradients[i]) {
                    close(&format!("{what}: {}", spec.name), got, want);
                }
                if spec.name.ends_with(".mean") {
                    assert_eq!(moved.contains(&spec.name), !is_frozen, "{what}: {}", spec.name);
                }
            }
        }
    }
}

/// What is frozen gives in training what it gives in evaluation, to the bit where the kernels run both.
#[test]
fn a_frozen_backbone_embeds_as_in_evaluation() {
    for config in networks() {
        let (network, mut vars) = built(&config);
        let head = network.head_prefixes();
        vars.freeze(|name| !head.iter().any(|s| name.starts_with(s)));
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
        let trained = to_host(network.embed(Tensor::from_inner(input()), &mut ctx).inner());
        let evaluated = to_host(network.embed(input(), &mut Forward::eval(&vars)));
        assert_eq!(trained, evaluated, "{config:?}");
        // Packed weights outlive the step, and are packed again where a frozen variable is replaced.
        let id = VarId(0);
        let other: Vec<f32> = vars.to_vec(id).iter().map(|w| w * 1.5).collect();
        vars.set_vec(id, other);
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
        let again = to_host(network.embed(Tensor::from_inner(input()), &mut ctx).inner());
        assert_eq!(again, to_host(network.embed(input(), &mut Forward::eval(&vars))));
        assert_ne!(again, trained);
    }
}

//! PANNs' four networks against float64 re-statements in PyTorch (xtask/golden/panns.py).

use crate::common::{close_digest, digest, fill, golden, input, pass, relative, sigmoid_loss, targets};
use burn::tensor::{Device, Tensor};
use earmark_core::{Check, Within};
use earmark_models::networks::panns::{PannsBackbone, PannsConfig};
use earmark_models::{Forward, Network, NetworkConfig, VarKind, VarSpec, Vars, apply_statistics, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const BACKBONES: [(PannsBackbone, &str); 4] = [
    (PannsBackbone::Cnn14, "cnn14"),
    (PannsBackbone::Cnn10, "cnn10"),
    (PannsBackbone::MobileNetV1, "mobilenet-v1"),
    (PannsBackbone::MobileNetV2, "mobilenet-v2"),
];

fn build(backbone: PannsBackbone, width: f64, drop: bool, classes: usize) -> (Network, Vec<VarSpec>) {
    let default = PannsConfig::default();
    let config = PannsConfig {
        backbone,
        width,
        block_drop_prob: if drop { default.block_drop_prob } else { 0.0 },
        drop_prob: if drop { default.drop_prob } else { 0.0 },
        ..default
    };
    Network::build(&NetworkConfig::Panns(config), 1, classes).unwrap()
}

fn check(backbone: PannsBackbone, name: &str, kernels: bool) {
    let g = golden(&format!("panns-{name}.json"));
    let (network, specs) = build(backbone, g["width"].as_f64().unwrap(), false, 10);
    let mut vars = Vars::init(specs, 1, &Device::flex());
    let ids = fill(&mut vars, &g);
    let device = Device::flex();
    let x = input(&g, &device);
    let tracked = vars.tracked();
    let mut ctx = pass(Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0)), kernels);
    let logits = network.forward(Tensor::from_inner(x.clone()), &mut ctx);
    let statistics = ctx.into_statistics();
    let loss = sigmoid_loss(logits.clone(), targets(&g, 10));
    // PyTorch's own float32 is off by a few times 1e-6 (`float32_error`); Winograd's convolutions cost a digit.
    let error = relative(&to_host(logits.inner()), &g["logits_train"]);
    assert!(error < 1e-4, "{name}: training logits are off by {error:.2e}");
    let want = g["loss"].as_f64().unwrap();
    let got = f64::from(to_host(loss.clone().inner())[0]);
    assert!(
        (got - want).abs() < 1e-4 * want,
        "{name}: loss {got}, golden {want}"
    );
    let grads = loss.backward();
    let mut compared = 0;
    // The MobileNets end in planes of a few pixels, whose activations cross a ReLU's corner: PyTorch's own float32 is off by up to
    // 2.6 % there (`float32_error`), and by 5e-6 in the others.
    let tolerance = if name.starts_with("cnn") { 1e-3 } else { 0.08 };
    for (id, parameter) in ids.iter().zip(g["parameters"].as_array().unwrap()) {
        let grad = to_host(tracked.flat(*id).grad(&grads).expect("a gradient"));
        let variable = &tracked.specs()[id.0].name;
        let want = &parameter["gradient"];
        if want[0].as_f64().unwrap() > 1e-9 {
            close_digest(&grad, want, tolerance, &format!("{name} {variable}"));
            compared += 1;
        } else {
            // The next BatchNorm takes it away again.
            assert!(digest(&grad)[0] < 1e-5, "{name} {variable}: {:?}", digest(&grad));
        }
    }
    assert!(
        compared * 10 > ids.len() * 8,
        "{name}: {compared} of {}",
        ids.len()
    );
    apply_statistics(&mut vars, statistics);
    let mut ctx = pass(Forward::eval(&vars), kernels);
    let embedding = network.embed(x.clone(), &mut ctx);
    assert_eq!(embedding.dims()[1], network.embedding_len());
    close_digest(&to_host(embedding), &g["embedding_eval"], 5e-5, name);
    let error = relative(&to_host(network.forward(x, &mut ctx)), &g["logits_eval"]);
    assert!(error < 5e-5, "{name}: evaluation logits are off by {error:.2e}");
}

#[test]
fn forward_and_gradients_match_pytorch() {
    for (backbone, name) in BACKBONES {
        for kernels in [true, false] {
            check(backbone, name, kernels);
        }
    }
}

#[test]
fn parameters_are_as_many_as_published() {
    for (backbone, name) in BACKBONES {
        let (network, specs) = build(backbone, 1.0, true, 527);
        let of =
            |f: &dyn Fn(&VarSpec) -> bool| specs.iter().filter(|s| f(s)).map(VarSpec::len).sum::<usize>();
        let published = golden(&format!("panns-{name}.json"))["parameters_527_classes"].as_u64();
        assert_eq!(
            Some(of(&|s| s.kind == VarKind::Trainable) as u64),
            published,
            "{name}"
        );
        let weights = of(&|s| s.name.ends_with("weight"));
        assert_eq!(network.layer_table(1, 64, 1001).weights(), weights, "{name}");
    }
}

/// Short clips too: where a backbone would leave no frame, the last one is repeated.
#[test]
fn any_length_goes_through() {
    for (backbone, name) in BACKBONES {
        let (network, specs) = build(backbone, 0.1, true, 3);
        let vars = Vars::init(specs, 3, &Device::flex());
        for frames in [1, 5, 31, 32, 33, 70] {
            let numbers: Vec<f32> = (0..64 * frames).map(|i| ((i * 37) % 101) as f32 / 50.0).collect();
            let x = Tensor::<1>::from_floats(numbers.as_slice(), &Device::flex()).reshape([1, 1, 64, frames]);
            let with = to_host(network.forward(x.clone(), &mut Forward::eval(&vars)));
            let without = to_host(network.forward(x, &mut Forward::eval(&vars).without_kernels()));
            for (a, b) in with.iter().zip(&without) {
                assert!(
                    a.is_finite() && (a - b).abs() < 1e-4,
                    "{name}, {frames} frames: {with:?}, {without:?}"
                );
            }
        }
    }
}

#[test]
fn values_that_cannot_work_are_refused_by_key() {
    let check = |c: PannsConfig| {
        NetworkConfig::Panns(c)
            .check()
            .within("network")
            .unwrap_err()
            .to_string()
    };
    let bands = check(PannsConfig {
        bands: 16,
        ..Default::default()
    });
    assert!(bands.starts_with("network.bands = 16: "), "{bands}");
    let drop = check(PannsConfig {
        block_drop_prob: 1.0,
        ..Default::default()
    });
    assert!(drop.starts_with("network.block-drop-prob = 1: "), "{drop}");
}

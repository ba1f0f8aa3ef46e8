//! FcNet against a float64 re-statement in PyTorch (xtask/golden/fc_net.py), and its table against the published sizes.

use crate::common::{close_digest, fill, golden, input, relative, sigmoid_loss, targets};
use burn::tensor::{Device, Tensor};
use earmark_models::networks::fc_net::FcNetConfig;
use earmark_models::{Forward, Network, NetworkConfig, VarSpec, Vars, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn built(config: FcNetConfig, features: usize, classes: usize) -> (Network, Vec<VarSpec>) {
    Network::build(&NetworkConfig::FcNet(config), features, classes).unwrap()
}

#[test]
fn pytorch_is_matched() {
    let g = golden("fc_net.json");
    let size = |key: &str| usize::try_from(g[key].as_u64().unwrap()).unwrap();
    let config = FcNetConfig {
        base: size("base"),
        reduction: size("reduction"),
        drop_prob: 0.0,
        ..Default::default()
    };
    let classes = size("classes");
    let device = Device::flex();
    let x = input(&g, &device);
    let (network, specs) = built(config, x.dims()[1], classes);
    let mut vars = Vars::init(specs, 1, &device);
    let ids = fill(&mut vars, &g);
    assert_eq!(ids.len(), vars.len(), "the golden file has every variable");
    let tracked = vars.tracked();
    let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
    let logits = network.forward(Tensor::from_inner(x.clone()), &mut ctx);
    let error = relative(&to_host(logits.clone().inner()), &g["logits"]);
    assert!(error < 1e-5, "logits are off by {error:.2e}");
    let loss = sigmoid_loss(logits, targets(&g, classes));
    let (got, want) = (
        f64::from(to_host(loss.clone().inner())[0]),
        g["loss"].as_f64().unwrap(),
    );
    assert!((got - want).abs() < 1e-5 * want, "loss {got}, golden {want}");
    let grads = loss.backward();
    for (id, parameter) in ids.iter().zip(g["parameters"].as_array().unwrap()) {
        let grad = tracked
            .flat(*id)
            .grad(&grads)
            .expect("every parameter has a gradient");
        let name = parameter["name"].as_str().unwrap();
        close_digest(&to_host(grad), &parameter["gradient"], 1e-5, name);
    }
    let eval = network.forward(x, &mut Forward::eval(&vars));
    assert!(relative(&to_host(eval), &g["logits"]) < 1e-5);
}

#[test]
fn the_table_has_all_weights() {
    // Seven stacked models of 80 classes and the first published setting: by hand.
    let config = FcNetConfig {
        base: 512,
        reduction: 1,
        drop_prob: 0.166,
        ..Default::default()
    };
    let (network, specs) = built(config, 560, 80);
    let weights = 2 * 560 * 560 + 560 * 1024 + 1 + 1024 * 512 + 1 + 512 * 80;
    assert_eq!(network.layer_table(560, 1, 1).weights(), weights);
    let all: usize = specs.iter().map(VarSpec::len).sum();
    assert_eq!(all, weights + 560 + 560 + 1024 + 512 + 80);
}

#[test]
fn dropout_is_of_the_training_alone() {
    let (network, specs) = built(FcNetConfig::default(), 12, 3);
    let vars = Vars::init(specs, 1, &Device::flex());
    let x = || Tensor::<4>::ones([2, 12, 1, 1], &Device::flex());
    let train = |seed| {
        let mut ctx = Forward::train(&vars, ChaCha8Rng::seed_from_u64(seed));
        to_host(network.forward(x(), &mut ctx))
    };
    let eval = || to_host(network.forward(x(), &mut Forward::eval(&vars)));
    assert_eq!(eval(), eval());
    assert_eq!(train(1), train(1));
    assert_ne!(train(1), train(2));
}

#[test]
fn what_no_network_can_have_is_refused() {
    for (config, key) in [
        (
            FcNetConfig {
                base: 0,
                ..Default::default()
            },
            "network.base = 0",
        ),
        (
            FcNetConfig {
                reduction: 0,
                ..Default::default()
            },
            "network.reduction = 0",
        ),
        (
            FcNetConfig {
                drop_prob: 1.0,
                ..Default::default()
            },
            "network.drop-prob = 1",
        ),
    ] {
        let error = Network::build(&NetworkConfig::FcNet(config), 8, 2)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(key), "{error}");
    }
    // A bottleneck of fewer features than one has one.
    let config = FcNetConfig {
        reduction: 100,
        ..Default::default()
    };
    let (_, specs) = built(config, 8, 2);
    assert_eq!(specs[0].shape, [1, 8]);
}

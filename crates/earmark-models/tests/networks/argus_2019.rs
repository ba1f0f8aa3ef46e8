//! argus-2019's networks against float64 re-statements in PyTorch (xtask/golden/aux_skip_attention.py and
//! argus_2019_networks.py), and what sets SkipAttention and RnnAuxSkipAttention apart.

use crate::common::{close_digest, digest, fill, golden, input, pass, relative, sigmoid_loss, targets};
use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::{Forward, Network, NetworkConfig, VarInit, VarKind, VarSpec, Vars};
use earmark_models::{apply_statistics, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// The outputs in the networks' order; SkipAttention has the first one.
const OUTPUTS: [&str; 4] = ["main", "aux3", "aux2", "aux1"];

/// Kinds and golden files.
const NETWORKS: [(&str, &str); 3] = [
    ("aux-skip-attention", "aux_skip_attention.json"),
    ("skip-attention", "skip_attention.json"),
    ("rnn-aux-skip-attention", "rnn_aux_skip_attention.json"),
];

fn declared(config: Value, classes: usize) -> (Network, Vec<VarSpec>) {
    let config: NetworkConfig = serde_json::from_value(config).unwrap();
    Network::build(&config, 3, classes).unwrap()
}

fn trainable(specs: &[VarSpec], wanted: impl Fn(&VarSpec) -> bool) -> usize {
    let trainable = specs.iter().filter(|s| s.kind == VarKind::Trainable);
    trainable.filter(|s| wanted(s)).map(VarSpec::len).sum()
}

fn golden_network(kind: &str, g: &Value) -> (Network, Vars) {
    let config = json!({
        "kind": kind,
        "base": g["base"],
        "drop-prob": 0.0,
        "ratio": g["ratio"],
        "kernel": g["kernel"],
        "last-filters": g["last_filters"],
        "last-fc": g["last_fc"],
        "batch-norm-decay": g["bn_decay"],
        "batch-norm-epsilon": g["bn_epsilon"],
    });
    let (network, specs) = declared(config, 10);
    assert_eq!(g["classes"], 10);
    let weights = network.output_weights();
    assert_eq!(g["output_weights"].as_object().unwrap().len(), weights.len());
    for (name, weight) in OUTPUTS.iter().zip(weights) {
        assert_eq!(g["output_weights"][name].as_f64(), Some(weight), "{name}");
    }
    (network, Vars::init(specs, 1, &Device::flex()))
}

fn assert_moving_statistics(vars: &Vars, g: &Value) {
    for (prefix, want) in g["moving"].as_object().unwrap() {
        for (part, want) in ["mean", "variance"].iter().zip(want.as_array().unwrap()) {
            let got = digest(&vars.to_vec(vars.find(&format!("{prefix}.bn.{part}")).unwrap()));
            for k in 0..2 {
                let want = want[k].as_f64().unwrap();
                assert!(
                    (got[k] - want).abs() < 1e-4 * got[0],
                    "{prefix}.bn.{part}: {}, golden {want}",
                    got[k]
                );
            }
        }
    }
}

/// Outputs, losses, gradients, moving statistics and evaluation, by the kernels or by Burn's own operations.
fn check(kind: &str, golden_file: &str, kernels: bool) {
    let g = golden(golden_file);
    let (network, mut vars) = golden_network(kind, &g);
    let ids = fill(&mut vars, &g);
    assert_eq!(
        ids.len(),
        vars.specs()
            .iter()
            .filter(|s| s.kind == VarKind::Trainable)
            .count()
    );
    let device = Device::flex();
    let x = input(&g, &device);
    let y = targets(&g, 10);

    let tracked = vars.tracked();
    let mut ctx = pass(Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0)), kernels);
    let outputs = network.outputs(Tensor::from_inner(x.clone()), &mut ctx);
    let statistics = ctx.into_statistics();
    let mut total = Tensor::<1>::zeros([1], &device.clone().autodiff());
    for ((name, weight), logits) in OUTPUTS.iter().zip(network.output_weights()).zip(outputs) {
        let error = relative(&to_host(logits.clone().inner()), &g["outputs_train"][name]);
        assert!(error < 1e-4, "{name}: training logits are off by {error:.2e}");
        let one = sigmoid_loss(logits, y.clone());
        let (got, want) = (
            f64::from(to_host(one.clone().inner())[0]),
            g["losses"][name].as_f64().unwrap(),
        );
        assert!(
            (got - want).abs() < 1e-4 * want,
            "{name}: loss {got}, golden {want}"
        );
        total = total + one.mul_scalar(weight);
    }
    let (got, want) = (
        f64::from(to_host(total.clone().inner())[0]),
        g["loss"].as_f64().unwrap(),
    );
    assert!((got - want).abs() < 1e-4 * want, "loss {got}, golden {want}");

    let grads = total.backward();
    for (id, parameter) in ids.iter().zip(g["parameters"].as_array().unwrap()) {
        let grad = to_host(
            tracked
                .flat(*id)
                .grad(&grads)
                .expect("every parameter has a gradient"),
        );
        close_digest(
            &grad,
            &parameter["gradient"],
            1e-4,
            parameter["name"].as_str().unwrap(),
        );
    }

    apply_statistics(&mut vars, statistics);
    assert_moving_statistics(&vars, &g);
    let evaluated = network.outputs(x.clone(), &mut pass(Forward::eval(&vars), kernels));
    for (name, logits) in OUTPUTS.iter().zip(&evaluated) {
        let error = relative(&to_host(logits.clone()), &g["outputs_eval"][name]);
        assert!(error < 1e-4, "{name}: evaluation logits are off by {error:.2e}");
    }
    let main = network.forward(x, &mut pass(Forward::eval(&vars), kernels));
    assert_eq!(
        to_host(main),
        to_host(evaluated[0].clone()),
        "the auxiliary heads change nothing"
    );
}

#[test]
fn pytorch_is_matched_by_the_kernels() {
    for (kind, golden) in NETWORKS {
        check(kind, golden, true);
    }
}

#[test]
fn pytorch_is_matched_by_burns_own_operations() {
    for (kind, golden) in NETWORKS {
        check(kind, golden, false);
    }
}

/// 80 classes, 64 channels: the counts of the re-statement, and the two of the defaults by hand from
/// AuxSkipAttention's.
#[test]
fn parameters_are_as_many_as_pytorchs() {
    for (kind, file) in &NETWORKS[1..] {
        for counted in golden(file)["parameters_base_64_classes_80"].as_array().unwrap() {
            let config = json!({ "kind": kind, "kernel": counted["kernel"], "last-fc": counted["last_fc"] });
            let (_, specs) = declared(config, 80);
            assert_eq!(json!(trainable(&specs, |_| true)), counted["count"], "{kind}");
        }
    }
    // Three auxiliary heads less: two dense layers, the slope, BatchNorm.
    let head = 512 * 128 + 128 + 1 + 2 * 128 + 128 * 80 + 80;
    let (_, specs) = declared(json!({ "kind": "skip-attention" }), 80);
    assert_eq!(trainable(&specs, |_| true), 17_022_310 - 3 * head);
    // Two LSTMs with two matrices and two biases of four gates, and a dense layer.
    let over_time = 2 * (2 * 2048 * 512 + 2 * 2048) + 1024 * 512 + 512;
    let (_, specs) = declared(json!({ "kind": "rnn-aux-skip-attention" }), 80);
    assert_eq!(trainable(&specs, |_| true), 17_326_950 + over_time);
}

#[test]
fn the_tables_have_all_weights_and_every_step_multiplies() {
    for (kind, _) in NETWORKS {
        let (network, specs) = declared(json!({ "kind": kind }), 80);
        let weights = trainable(&specs, |s| !s.name.contains(".bn.") && !s.name.ends_with("bias"));
        assert_eq!(network.layer_table(3, 128, 256).weights(), weights, "{kind}");
    }
    let (network, _) = declared(json!({ "kind": "rnn-aux-skip-attention" }), 80);
    let table = network.layer_table(3, 128, 256);
    let title = &table.title;
    assert!(title.starts_with("RnnAuxSkipAttention, base 64, "), "{title}");
    let lstm = table.rows.iter().find(|r| r.name == "rnn BiLSTM(512)").unwrap();
    // 256 frames are 16 steps.
    assert_eq!(
        (&lstm.activation[..], lstm.multiplies),
        (&[1, 16, 1024][..], 16 * lstm.weights)
    );
}

/// SkipAttention is AuxSkipAttention without its auxiliary outputs, to the bit.
#[test]
fn skip_attention_is_the_network_without_auxiliary_outputs() {
    let logits = |config: Value| {
        let (network, specs) = declared(config, 5);
        let vars = Vars::init(specs, 7, &Device::flex());
        let x: Vec<f32> = (0..2 * 3 * 32 * 48)
            .map(|i| (i % 89) as f32 / 40.0 - 1.0)
            .collect();
        let x = Tensor::<4>::from_data(TensorData::new(x, [2, 3, 32, 48]), &Device::flex());
        to_host(network.forward(x, &mut Forward::eval(&vars)))
    };
    let skip = logits(json!({ "kind": "skip-attention", "base": 4, "kernel": 3 }));
    let aux = json!({ "kind": "aux-skip-attention", "base": 4, "kernel": 3, "last-fc": 2, "aux": false });
    assert_eq!(skip, logits(aux));
}

/// PyTorch starts all that is recurrent within 1 / sqrt(hidden), and a dense layer by its inputs.
#[test]
fn recurrent_weights_start_as_in_the_original() {
    let (_, specs) = declared(json!({ "kind": "rnn-aux-skip-attention" }), 80);
    let recurrent: Vec<_> = specs.iter().filter(|s| s.name.starts_with("rnn.")).collect();
    assert_eq!(recurrent.len(), 10);
    for spec in recurrent {
        let dense = spec.name.starts_with("rnn.dense.");
        let bound = 1.0 / f64::sqrt(if dense { 1024.0 } else { 512.0 });
        assert_eq!(spec.init, VarInit::Uniform { bound }, "{}", spec.name);
    }
}

/// From a single pixel on; planes of one step have nothing to remember.
#[test]
fn lstms_take_any_number_of_steps() {
    let (network, specs) = declared(json!({ "kind": "rnn-aux-skip-attention", "base": 2 }), 5);
    let vars = Vars::init(specs, 1, &Device::flex());
    for [h, w] in [[1, 1], [16, 16], [20, 50], [33, 200]] {
        let x = Tensor::<4>::ones([2, 3, h, w], &Device::flex().autodiff());
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
        let outputs = network.outputs(x, &mut ctx).into_iter();
        let sum = outputs.map(|o| o.sum()).reduce(|a, b| a + b).unwrap();
        let grads = sum.backward();
        for (name, moves) in [("input", true), ("hidden", w >= 32)] {
            let id = tracked.find(&format!("rnn.backward.{name}.weight")).unwrap();
            let gradient = tracked.flat(id).grad(&grads).map(to_host);
            assert_eq!(gradient.is_some(), moves, "{name}, {h} x {w}");
            assert!(
                gradient.iter().flatten().all(|v| v.is_finite()),
                "{name}, {h} x {w}"
            );
        }
    }
}

#[test]
fn settings_are_checked_against_the_published_network_of_their_kind() {
    let read = |config: Value| serde_json::from_value::<NetworkConfig>(config).map_err(|e| e.to_string());
    let unknown = read(json!({ "kind": "skip-attention", "aux": true })).unwrap_err();
    assert!(unknown.contains("unknown field `aux`"), "{unknown}");
    for (config, says) in [
        (
            json!({ "kind": "skip-attention", "last-fc": 65 }),
            "network.last-fc = 65: choose 1 to 64; 2 is the published network",
        ),
        (
            json!({ "kind": "skip-attention", "drop-prob": 1.0 }),
            "network.drop-prob = 1: choose a probability from 0 (no dropout) to below 1; 0.2 is the published value",
        ),
        (
            json!({ "kind": "rnn-aux-skip-attention", "base": 4, "ratio": 129 }),
            "network.ratio = 129: choose 1 to 128; 16 is the published network",
        ),
        (
            json!({ "kind": "rnn-aux-skip-attention", "last-fc": 0 }),
            "network.last-fc = 0: choose 1 to 64; 4 is the published network",
        ),
    ] {
        let refused = Network::build(&read(config).unwrap(), 3, 80).unwrap_err();
        assert_eq!(refused.to_string(), says);
    }
}

//! What holds for every network: what it states about itself, and what it refuses.

use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::onnx::OnnxPlanes;
use earmark_models::{Forward, Network, NetworkConfig, NetworkInput, VarId, VarSpec, Vars, to_host};
use earmark_onnx::Builder;

const NETWORKS: [&str; 10] = [
    r#"{ "kind": "mobilenet-v1", "width": 0.1 }"#,
    r#"{ "kind": "aux-skip-attention", "base": 2, "ratio": 4 }"#,
    r#"{ "kind": "mobilenet-v2", "width": 0.1, "clip-features": 3, "clip-feature-inputs": 5 }"#,
    r#"{ "kind": "starter-2018", "base": 2 }"#,
    r#"{ "kind": "efficientat-mn", "width": 0.1 }"#,
    r#"{ "kind": "fc-net", "base": 4 }"#,
    r#"{ "kind": "perceptron", "hidden": 6 }"#,
    r#"{ "kind": "panns", "bands": 32, "width": 0.05 }"#,
    r#"{ "kind": "skip-attention", "base": 2, "ratio": 4 }"#,
    r#"{ "kind": "rnn-aux-skip-attention", "base": 2, "ratio": 4 }"#,
];

fn build(config: &str, channels: usize, classes: usize) -> (Network, Vec<VarSpec>) {
    Network::build(&serde_json::from_str(config).unwrap(), channels, classes).unwrap()
}

fn selected(prefixes: &[&str], spec: &VarSpec) -> bool {
    prefixes.iter().any(|prefix| spec.name.starts_with(prefix))
}

#[test]
fn networks_are_what_they_state() {
    for config in NETWORKS {
        let (network, specs) = build(config, 2, 4);
        let (_, others) = build(config, 2, 7);
        for (spec, other) in specs.iter().zip(&others) {
            let of_classes = selected(network.class_prefixes(), spec);
            assert_eq!(of_classes, spec.shape != other.shape, "{config}: {}", spec.name);
        }
        assert!(specs.iter().any(|s| selected(network.head_prefixes(), s)));
        assert!(specs.iter().any(|s| !selected(network.head_prefixes(), s)));
        let vars = Vars::init(specs, 1, &Device::flex());
        let features = network.clip_feature_inputs();
        let features = (features > 0).then(|| Tensor::ones([3, features], &Device::flex()));
        let mut ctx = Forward::eval(&vars).with_clip_features(features);
        let x = Tensor::ones([3, 2, 32, 40], &Device::flex());
        // A vector is an image of one pixel.
        let is_image = serde_json::from_str::<NetworkConfig>(config)
            .unwrap()
            .architecture()
            .input()
            == NetworkInput::Spectrogram;
        let x = if is_image {
            x
        } else {
            x.slice([0..3, 0..2, 0..1, 0..1])
        };
        let embedding = network.embed(x.clone(), &mut ctx);
        assert_eq!(embedding.dims(), [3, network.embedding_len()], "{config}");
        let outputs = network.outputs(x, &mut ctx);
        assert_eq!(outputs.len(), network.output_weights().len(), "{config}");
        assert!(outputs.iter().all(|o| o.dims() == [3, 4]), "{config}");
    }
}

#[test]
fn networks_that_do_not_take_sound_are_not_exported() {
    for (config, message) in [
        (
            NETWORKS[5],
            "network.kind = fc-net: a meta-model takes the scores of other models",
        ),
        (
            NETWORKS[6],
            "network.kind = perceptron: it takes handcrafted clip features",
        ),
    ] {
        let (network, specs) = build(config, 2, 4);
        let vars = Vars::init(specs, 1, &Device::flex());
        let mut g = Builder::default();
        let value = g.input("x", &[]);
        let planes = OnnxPlanes {
            value,
            channels: 2,
            size: [None, None],
        };
        let refused = network
            .add_to_onnx(&mut g, &vars, planes)
            .unwrap_err()
            .to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
}

/// A classifier of the hidden layer's input, written into the network with that layer bypassed, gives the classifier's
/// logits.
#[test]
fn a_bypassed_hidden_layer_passes_its_input_on() {
    let mut bypassed = Vec::new();
    for config in NETWORKS {
        let (network, specs) = build(config, 1, 3);
        let Some(bypass) = network.bypass() else { continue };
        bypassed.push(config);
        let device = Device::flex();
        let number = |i: usize| (i as f32 * 0.7).sin();
        let x: Vec<f32> = (0..2 * 32 * 64).map(number).collect();
        let x = TensorData::new(x, [2, 1, 32, 64]);
        let x = Tensor::<4>::from_data(x, &device);
        let mut vars = Vars::init(specs.clone(), 1, &device);
        let (input, embedding) = network.embed_with_hidden_input(x.clone(), &mut Forward::eval(&vars));
        assert_eq!(input.dims(), [2, bypass.inputs], "{config}");
        let alone = network.embed(x.clone(), &mut Forward::eval(&vars));
        assert_eq!(
            to_host(embedding),
            to_host(alone),
            "{config}: in one pass or alone"
        );
        let input = to_host(input);

        let weight: Vec<f32> = (0..3 * bypass.inputs).map(|i| number(i + 5)).collect();
        let bias = [0.5, -1.0, 2.0];
        let mut set = |name: String, values: Vec<f32>| {
            let at = specs
                .iter()
                .position(|s| s.name == name)
                .expect("a variable of that name");
            assert_eq!(specs[at].len(), values.len(), "{config}: {name}");
            vars.set_vec(VarId(at), values);
        };
        let (hidden, logits) = (bypass.layer(), bypass.logits(&weight, &bias));
        set(format!("{}weight", bypass.prefix), hidden.0);
        set(format!("{}bias", bypass.prefix), hidden.1);
        set("logits.weight".into(), logits.0);
        set("logits.bias".into(), logits.1);
        let got = to_host(network.forward(x, &mut Forward::eval(&vars)));
        for (got, features) in got.chunks_exact(3).zip(input.chunks_exact(bypass.inputs)) {
            for (c, got) in got.iter().enumerate() {
                let row = &weight[c * bypass.inputs..(c + 1) * bypass.inputs];
                let products = row.iter().zip(features);
                let products = products.map(|(w, x)| f64::from(*w) * f64::from(*x));
                let want = f64::from(bias[c]) + products.sum::<f64>();
                // Sums in single precision, of features to which the bypass may add 4.
                let size: f64 = features.iter().map(|x| f64::from(x.abs()) + 4.0).sum();
                let off = (f64::from(*got) - want).abs();
                assert!(off < 1e-5 * size, "{config}: {got}, {want}");
            }
        }
    }
    assert_eq!(bypassed, [NETWORKS[4], NETWORKS[7]]);
}

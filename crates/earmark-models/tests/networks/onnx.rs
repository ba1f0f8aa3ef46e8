//! Networks as ONNX graphs, evaluated by definition, against their forward pass.

use burn::tensor::{Device, Tensor as Burn, TensorData};
use earmark_models::onnx::OnnxPlanes;
use earmark_models::{Forward, Network, NetworkConfig, VarId, Vars, to_host};
use earmark_onnx::{Builder, Dim, Graph, Tensor, WeightPrecision};

/// Numbers in -1 to 1 by a congruential generator.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

/// A network with weights as they are drawn and BatchNorms that have seen something.
fn network(config: &str, channels: usize) -> (Network, Vars) {
    let config: NetworkConfig = serde_json::from_str(config).unwrap();
    let (network, specs) = Network::build(&config, channels, 5).unwrap();
    let mut vars = Vars::init(specs, 7, &Device::flex());
    for i in 0..vars.len() {
        let (name, n) = (vars.specs()[i].name.clone(), vars.specs()[i].len());
        let around =
            |middle: f32, swing: f32| numbers(n, i as u32).iter().map(|x| middle + swing * x).collect();
        match name.rsplit('.').next().unwrap() {
            "gamma" => vars.set_vec(VarId(i), around(1.0, 0.3)),
            "variance" => vars.set_vec(VarId(i), around(0.6, 0.3)),
            "beta" | "mean" | "bias" => vars.set_vec(VarId(i), around(0.0, 0.2)),
            _ => {}
        }
    }
    (network, vars)
}

/// Its graph; the graph knows `fixed` sizes, others stay open.
fn graph(
    network: &Network,
    vars: &Vars,
    channels: usize,
    size: [usize; 2],
    fixed: bool,
    weights: WeightPrecision,
) -> Graph {
    let mut g = Builder::with_weights(weights);
    let size = size.map(|n| fixed.then_some(n));
    let dim = |n: Option<usize>, name| n.map_or(Dim::Named(name), Dim::Fixed);
    let shape = [
        Dim::Named("batch"),
        Dim::Fixed(channels),
        dim(size[0], "bands"),
        dim(size[1], "frames"),
    ];
    let x = g.input("x", &shape);
    let planes = OnnxPlanes {
        value: x,
        channels,
        size,
    };
    let out = network.add_to_onnx(&mut g, vars, planes).unwrap();
    g.output("logits", &out.logits, &[Dim::Named("batch"), Dim::Fixed(5)]);
    g.output(
        "embedding",
        &out.embedding,
        &[Dim::Named("batch"), Dim::Fixed(network.embedding_len())],
    );
    let graph = g.finish();
    graph.check().unwrap();
    graph
}

fn forward(network: &Network, vars: &Vars, shape: [usize; 4], x: &[f32]) -> Vec<f32> {
    let x = Burn::<4>::from_data(TensorData::new(x.to_vec(), shape), &Device::flex());
    to_host(network.forward(x, &mut Forward::eval(vars)))
}

/// The largest difference of logits, relative to their size.
fn off(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let size = want.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
    assert!(size > 1e-2, "logits of nothing: {want:?}");
    let worst = got
        .iter()
        .zip(want)
        .fold(0.0_f32, |m, (g, w)| m.max((g - w).abs()));
    worst / size
}

const NETWORKS: [&str; 16] = [
    r#"{ "kind": "mobilenet-v1", "width": 0.2 }"#,
    r#"{ "kind": "mobilenet-v1", "width": 0.2, "global-pool": "max", "batch-norm": false }"#,
    r#"{ "kind": "aux-skip-attention", "base": 2, "ratio": 4, "last-filters": 3, "last-fc": 2 }"#,
    r#"{ "kind": "aux-skip-attention", "base": 3, "ratio": 8, "kernel": 3 }"#,
    r#"{ "kind": "aux-skip-attention", "base": 1, "ratio": 1, "kernel": 1 }"#,
    r#"{ "kind": "aux-skip-attention", "base": 2, "ratio": 2, "skips": false }"#,
    r#"{ "kind": "aux-skip-attention", "base": 2, "attention": false, "aux": false }"#,
    r#"{ "kind": "efficientat-mn", "width": 0.1, "head": 100 }"#,
    r#"{ "kind": "mobilenet-v2", "width": 0.1, "clip-features": 0, "hidden": [20, 30] }"#,
    r#"{ "kind": "starter-2018", "base": 3 }"#,
    r#"{ "kind": "panns", "bands": 32, "width": 0.03 }"#,
    r#"{ "kind": "panns", "bands": 32, "width": 0.05, "backbone": "cnn10" }"#,
    r#"{ "kind": "panns", "bands": 32, "width": 0.1, "backbone": "mobilenet-v1" }"#,
    r#"{ "kind": "panns", "bands": 32, "width": 0.1, "backbone": "mobilenet-v2" }"#,
    r#"{ "kind": "skip-attention", "base": 2, "ratio": 4, "kernel": 3 }"#,
    r#"{ "kind": "rnn-aux-skip-attention", "base": 5, "ratio": 16, "last-fc": 2 }"#,
];

#[test]
fn graphs_compute_what_networks_compute() {
    for (i, config) in NETWORKS.iter().enumerate() {
        let channels = 1 + i % 3;
        let (network, vars) = network(config, channels);
        // Even and odd sizes, for which stride 2 pads differently; planes smaller than a pool.
        for (size, fixed) in [
            ([32, 48], true),
            ([33, 51], true),
            ([17, 20], true),
            ([7, 9], true),
            ([32, 48], false),
            ([35, 50], false),
        ] {
            let size = if config.contains("panns") {
                [32, size[1]]
            } else {
                size
            }; // as many bands as it says
            let shape = [2, channels, size[0], size[1]];
            let x = numbers(shape.iter().product(), 11);
            let graph = graph(&network, &vars, channels, size, fixed, WeightPrecision::Float32);
            let out = graph.run(&[("x", Tensor::floats(&shape, x.clone()))]).unwrap();
            let off = off(out[0].as_floats().unwrap(), &forward(&network, &vars, shape, &x));
            // Single precision through thirty layers, added in another order.
            assert!(off < 2e-5, "{config}, {size:?}, fixed {fixed}: off by {off:e}");
            let x = Burn::<4>::from_data(TensorData::new(x, shape), &Device::flex());
            let wanted = to_host(network.embed(x, &mut Forward::eval(&vars)));
            assert_eq!(out[1].shape, [2, network.embedding_len()]);
            let features = out[1].as_floats().unwrap().iter().zip(&wanted);
            let most = features.fold(0.0_f32, |m, (g, w)| m.max((g - w).abs() / w.abs().max(1.0)));
            assert!(most < 2e-5, "{config}, {size:?}: embedding off by {most:e}");
        }
    }
}

/// A graph without a fixed size takes other sizes than it was made for.
#[test]
fn open_graphs_take_any_size() {
    let (network, vars) = network(NETWORKS[0], 1);
    let graph = graph(&network, &vars, 1, [0, 0], false, WeightPrecision::Float32);
    for size in [[24, 100], [25, 101], [31, 7], [1, 1]] {
        let shape = [1, 1, size[0], size[1]];
        let x = numbers(shape.iter().product(), 3);
        let out = graph.run(&[("x", Tensor::floats(&shape, x.clone()))]).unwrap();
        let off = off(out[0].as_floats().unwrap(), &forward(&network, &vars, shape, &x));
        assert!(off < 2e-5, "{size:?}: off by {off:e}");
    }
}

/// Eight bits a weight change the logits a little, and make the constants a quarter as large.
#[test]
fn int8_is_near_and_small() {
    for config in NETWORKS {
        let (network, vars) = network(config, 1);
        let shape = [2, 1, 32, 48];
        let x = numbers(shape.iter().product(), 5);
        let want = forward(&network, &vars, shape, &x);
        let [float, int8] = [WeightPrecision::Float32, WeightPrecision::Int8]
            .map(|w| graph(&network, &vars, 1, [32, 48], true, w));
        let out = int8.run(&[("x", Tensor::floats(&shape, x))]).unwrap();
        let off = off(out[0].as_floats().unwrap(), &want);
        assert!((1e-6..0.1).contains(&off), "{config}: off by {off}");
        let bytes = |g: &Graph| -> usize {
            let all = g.constants.iter();
            all.map(|(_, t)| match &t.data {
                earmark_onnx::TensorData::Int8(v) => v.len(),
                earmark_onnx::TensorData::Float(v) => 4 * v.len(),
                _ => 0,
            })
            .sum()
        };
        // Biases, and the channels of few weights that stay as they are, weigh more in narrow networks than in others.
        let (int8, float) = (bytes(&int8), bytes(&float));
        assert!(int8 * 5 < float * 4, "{config}: {int8} of {float}");
    }
}

#[test]
fn a_network_that_takes_more_than_images_is_refused() {
    let (network, vars) = network(
        r#"{ "kind": "mobilenet-v2", "width": 0.1, "clip-features": 4 }"#,
        1,
    );
    let mut g = Builder::default();
    let planes = OnnxPlanes {
        value: g.input("x", &[]),
        channels: 1,
        size: [None, None],
    };
    let message = network
        .add_to_onnx(&mut g, &vars, planes)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("network.clip-features = 4: a graph takes samples alone"),
        "{message}"
    );
}

//! AuxSkipAttention: its published parameter counts, sizes, settings. What it computes is compared in `argus_2019.rs`.

use crate::common::golden;
use burn::tensor::{Device, Tensor};
use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
use earmark_models::{Forward, Network, NetworkConfig, VarKind, VarSpec, Vars, to_host};
use earmark_models::{VarInit, WeightInit};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

fn declared(config: AuxSkipAttentionConfig, classes: usize) -> (Network, Vec<VarSpec>) {
    Network::build(&NetworkConfig::AuxSkipAttention(config), 3, classes).unwrap()
}

fn scalars(specs: &[VarSpec], wanted: impl Fn(&VarSpec) -> bool) -> usize {
    specs.iter().filter(|s| wanted(s)).map(VarSpec::len).sum()
}

fn small() -> AuxSkipAttentionConfig {
    AuxSkipAttentionConfig {
        base: 4,
        last_fc: 2,
        drop_prob: 0.0,
        ..Default::default()
    }
}

#[test]
fn parameters_are_as_many_as_published() {
    let published = &golden("aux_skip_attention.json")["published_parameters_base_64_classes_80"];
    for (last_fc, count) in [(2, 17_022_310), (4, 17_326_950)] {
        let (_, specs) = declared(
            AuxSkipAttentionConfig {
                last_fc,
                ..Default::default()
            },
            80,
        );
        assert_eq!(scalars(&specs, |s| s.kind == VarKind::Trainable), count);
        assert_eq!(published[format!("last_fc_{last_fc}")], count);
    }
}

#[test]
fn the_table_has_the_published_shapes_and_all_weights() {
    let (network, specs) = declared(AuxSkipAttentionConfig::default(), 80);
    let s = network.layer_table(3, 128, 256);
    assert_eq!(
        s.weights(),
        scalars(&specs, |s| s.kind == VarKind::Trainable
            && !s.name.contains(".bn.")
            && !s.name.ends_with("bias"))
    );
    // The golden shapes are [channels, bands, frames] in the order of the data, except that its skips come before the
    // next block.
    let shapes = golden("aux_skip_attention.json")["base_64_activations_128_bands_256_frames"].clone();
    let convolutions = s
        .rows
        .iter()
        .filter(|r| r.name.contains(" C(3x3") || r.name == "Concat")
        .map(|r| &r.activation);
    let mut names: Vec<String> = Vec::new();
    for n in 1..=4 {
        names.extend([format!("block{n}.conv1"), format!("block{n}.conv2")]);
        names.extend((n < 4).then(|| format!("skip{n}")));
    }
    names.extend(["concat".into(), "merge".into()]);
    let found: Vec<_> = convolutions.collect();
    assert_eq!(found.len(), names.len());
    for (name, found) in names.iter().zip(found) {
        assert_eq!(json!([found[2], found[0], found[1]]), shapes[name], "{name}");
    }
    // 9 x in x out x places of each convolution, the dense layers, and the attention, by hand.
    let conv = |i: usize, o: usize, places: usize| 9 * i * o * places;
    let blocks = [(3, 64, 32768), (64, 128, 8192), (128, 256, 2048), (256, 512, 512)];
    let blocks: usize = blocks
        .iter()
        .map(|&(i, o, n)| conv(i, o, n) + conv(o, o, n))
        .sum();
    let skips: usize = [64, 128, 256].iter().map(|&i| conv(i, 512, 128)).sum();
    let heads = 4 * (512 * 256 + 256 * 80);
    let attention = 3 * 2048 * 128 + 2 * 49 * 128;
    assert_eq!(
        s.multiplies(),
        blocks + skips + heads + attention + conv(2048, 512, 128)
    );
}

#[test]
fn any_size_goes_through_and_the_table_knows_its_shape() {
    let (network, specs) = declared(small(), 5);
    let vars = Vars::init(specs, 1, &Device::flex());
    for [h, w] in [[1, 1], [3, 40], [15, 17], [16, 16], [33, 50], [47, 31]] {
        let merge = network
            .layer_table(3, h, w)
            .rows
            .into_iter()
            .find(|r| r.name.starts_with("merge"))
            .unwrap();
        assert_eq!(
            merge.activation,
            [(h / 16).max(1), (w / 16).max(1), 32],
            "{h} x {w}"
        );
        let x = Tensor::<4>::ones([2, 3, h, w], &Device::flex());
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, ChaCha8Rng::seed_from_u64(0));
        let outputs = network.outputs(Tensor::from_inner(x), &mut ctx);
        assert_eq!(
            ctx.into_statistics().len(),
            8 + 3 + 1 + 4,
            "a BatchNorm for each convolution and each head"
        );
        assert!(outputs.iter().all(|o| o.dims() == [2, 5]));
        let sum = outputs
            .into_iter()
            .map(|o| o.powi_scalar(2).sum())
            .reduce(|a, b| a + b)
            .unwrap();
        let grads = sum.backward();
        let grad = to_host(
            tracked
                .flat(tracked.find("block1.conv1.weight").unwrap())
                .grad(&grads)
                .unwrap(),
        );
        assert!(grad.iter().all(|v| v.is_finite()), "{h} x {w}");
    }
}

#[test]
fn weights_start_as_in_the_original() {
    let (_, specs) = declared(AuxSkipAttentionConfig::default(), 80);
    let of = |name: &str| specs.iter().find(|s| s.name == name).unwrap().init;
    // Kaiming normal in the blocks, by fan in.
    assert_eq!(
        of("block1.conv1.weight"),
        VarInit::Normal {
            standard_deviation: (2.0f64 / 27.0).sqrt()
        }
    );
    assert_eq!(
        of("block4.conv2.weight"),
        VarInit::Normal {
            standard_deviation: (2.0f64 / 4608.0).sqrt()
        }
    );
    // PyTorch's own start elsewhere.
    for (name, fan_in) in [
        ("skip1.weight", 576.0f64),
        ("merge.weight", 18432.0),
        ("attention.channel.reduce.weight", 2048.0),
        ("attention.channel.expand.weight", 128.0),
        ("attention.spatial.weight", 98.0),
        ("aux2.dense.weight", 512.0),
        ("aux2.dense.bias", 512.0),
        ("main.logits.bias", 256.0),
    ] {
        assert_eq!(
            of(name),
            VarInit::Uniform {
                bound: 1.0 / fan_in.sqrt()
            },
            "{name}"
        );
    }
    assert_eq!(of("main.prelu"), VarInit::Constant(0.25));
    let (_, specs) = declared(
        AuxSkipAttentionConfig {
            init: WeightInit::GlorotUniform,
            ..small()
        },
        80,
    );
    let block = specs.iter().find(|s| s.name == "block1.conv1.weight").unwrap();
    assert_eq!(
        block.init,
        VarInit::Uniform {
            bound: (6.0f64 / 63.0).sqrt()
        }
    );
}

#[test]
fn a_recipe_names_it_by_kind() {
    let read = |v: Value| serde_json::from_value::<NetworkConfig>(v).map_err(|e| e.to_string());
    let plain = NetworkConfig::AuxSkipAttention(AuxSkipAttentionConfig::default());
    assert_eq!(read(json!({ "kind": "aux-skip-attention" })), Ok(plain));
    let keys = json!({
        "kind": "aux-skip-attention",
        "base": 16,
        "output-weights": [1, 0, 0, 0],
        "init": { "kind": "fan-in-uniform" },
    });
    let config = AuxSkipAttentionConfig {
        base: 16,
        output_weights: [1.0, 0.0, 0.0, 0.0],
        init: WeightInit::FanInUniform,
        ..Default::default()
    };
    assert_eq!(read(keys), Ok(NetworkConfig::AuxSkipAttention(config)));
    let bad = read(json!({ "kind": "aux-skip-attention", "width": 1 })).unwrap_err();
    assert!(bad.contains("unknown field `width`"), "{bad}");
}

#[test]
fn values_that_cannot_work_are_refused_by_key() {
    type Change = fn(&mut AuxSkipAttentionConfig);
    let cases: [(&str, Change); 12] = [
        ("base = 0", |c| c.base = 0),
        ("drop-prob = 1", |c| c.drop_prob = 1.0),
        ("ratio = 0", |c| c.ratio = 0),
        ("ratio = 2049", |c| c.ratio = 2049),
        ("kernel = 4", |c| c.kernel = 4),
        ("kernel = 33", |c| c.kernel = 33),
        ("last-filters = 0", |c| c.last_filters = 0),
        ("last-fc = 65", |c| c.last_fc = 65),
        ("output-weights = [0.0, 0.4, 0.2, 0.1]", |c| {
            c.output_weights[0] = 0.0
        }),
        ("output-weights = [1.0, -0.4, 0.2, 0.1]", |c| {
            c.output_weights[1] = -0.4
        }),
        ("batch-norm-decay = 1", |c| c.batch_norm_decay = 1.0),
        ("batch-norm-epsilon = 0", |c| c.batch_norm_epsilon = 0.0),
    ];
    for (want, change) in cases {
        let mut config = AuxSkipAttentionConfig::default();
        change(&mut config);
        let refused = Network::build(&NetworkConfig::AuxSkipAttention(config), 3, 80)
            .unwrap_err()
            .to_string();
        assert!(
            refused.starts_with(&format!("network.{want}: choose ")),
            "{refused}"
        );
    }
    // The edges work.
    declared(
        AuxSkipAttentionConfig {
            ratio: 2048,
            kernel: 1,
            ..Default::default()
        },
        80,
    );
}

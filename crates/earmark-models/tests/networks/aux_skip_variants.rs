//! The simpler variants of AuxSkipAttention: each is the whole network with some of its weights made ineffective.

use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
use earmark_models::{Forward, Network, NetworkConfig, VarKind, Vars, to_host};

const BASE: usize = 4;
const CLASSES: usize = 5;

fn built(skips: bool, attention: bool, aux: bool) -> (Network, Vars) {
    let config = AuxSkipAttentionConfig {
        base: BASE,
        ratio: 4,
        skips,
        attention,
        aux,
        ..Default::default()
    };
    let (network, specs) = Network::build(&NetworkConfig::AuxSkipAttention(config), 3, CLASSES).unwrap();
    (network, Vars::init(specs, 7, &Device::flex()))
}

fn logits(network: &Network, vars: &Vars) -> Vec<f32> {
    let n = 2 * 3 * 32 * 48;
    let x: Vec<f32> = (0..n)
        .map(|i| ((i * i + 7 * i) % 101) as f32 / 50.0 - 1.0)
        .collect();
    let x = Tensor::<4>::from_data(TensorData::new(x, [2, 3, 32, 48]), &Device::flex());
    to_host(network.forward(x, &mut Forward::eval(vars)))
}

fn change(vars: &mut Vars, name: &str, change: impl Fn(usize, f32) -> f32) {
    let id = vars.find(name).unwrap_or_else(|| panic!("no variable `{name}`"));
    let values = vars.to_vec(id);
    vars.set_vec(
        id,
        values.iter().enumerate().map(|(i, &v)| change(i, v)).collect(),
    );
}

fn assert_close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), 2 * CLASSES);
    let size = b.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(size > 1e-3, "nothing to compare: {b:?}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-4 * size, "{a} instead of {b}");
    }
}

#[test]
fn without_auxiliary_outputs_the_main_one_is_the_same() {
    let (whole, vars) = built(true, true, true);
    let (less, fewer) = built(true, true, false);
    // Variables start from streams keyed by their names, so that the common ones are equal.
    assert_eq!(logits(&less, &fewer), logits(&whole, &vars));
    assert_eq!(less.output_weights(), [1.0]);
    assert_eq!(whole.output_weights().len(), 4);
    assert!(fewer.specs().iter().all(|s| !s.name.starts_with("aux")));
    let (alone, of_alone) = built(false, true, true);
    let (plain, of_plain) = built(false, true, false);
    assert_eq!(logits(&alone, &of_alone), logits(&plain, &of_plain));
    assert!(of_plain.specs().iter().all(|s| !s.name.starts_with("skip")));
    assert!(of_alone.specs().iter().any(|s| s.name.starts_with("skip")));
}

#[test]
fn without_skips_it_is_as_if_their_weights_were_zero() {
    let (skipping, mut vars) = built(true, false, false);
    let (plain, mut fewer) = built(false, false, false);
    // merge.weight is [8 base, 32 base, 3, 3], the fourth block's channels first.
    let merged = 32 * BASE * 9;
    let own = 8 * BASE * 9;
    change(
        &mut vars,
        "merge.weight",
        |i, v| if i % merged < own { v } else { 0.0 },
    );
    let kept = vars.to_vec(vars.find("merge.weight").unwrap());
    change(&mut fewer, "merge.weight", |i, _| {
        kept[i / own * merged + i % own]
    });
    assert_close(&logits(&plain, &fewer), &logits(&skipping, &vars));
}

#[test]
fn without_attention_it_is_as_if_all_weighed_the_same() {
    let (weighing, mut vars) = built(true, true, false);
    let (plain, fewer) = built(true, false, false);
    // Weights of 0 make every factor sigmoid(0) = 1/2, for channels and for places.
    change(&mut vars, "attention.channel.expand.weight", |_, _| 0.0);
    change(&mut vars, "attention.spatial.weight", |_, _| 0.0);
    change(&mut vars, "merge.weight", |_, v| 4.0 * v);
    assert_close(&logits(&weighing, &vars), &logits(&plain, &fewer));
}

/// Every variable is declared for a reason: each has a gradient in training, whatever is left out.
#[test]
fn every_variant_trains_all_its_parameters() {
    let mut counts = Vec::new();
    for (skips, attention, aux) in [
        (true, true, true),
        (true, true, false),
        (true, false, true),
        (true, false, false),
        (false, true, true),
        (false, true, false),
        (false, false, true),
        (false, false, false),
    ] {
        let (network, vars) = built(skips, attention, aux);
        let x: Vec<f32> = (0..2 * 3 * 32 * 48)
            .map(|i| (i % 89) as f32 / 40.0 - 1.0)
            .collect();
        let x = Tensor::<4>::from_data(TensorData::new(x, [2, 3, 32, 48]), &Device::flex());
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, rand::SeedableRng::seed_from_u64(0));
        let outputs = network.outputs(Tensor::from_inner(x), &mut ctx);
        assert_eq!(outputs.len(), network.output_weights().len());
        let total = outputs
            .into_iter()
            .map(|o| (o.clone() * o).sum())
            .reduce(|a, b| a + b)
            .expect("an output");
        let grads = total.backward();
        let trainable: Vec<_> = vars
            .specs()
            .iter()
            .filter(|s| s.kind == VarKind::Trainable)
            .collect();
        for spec in &trainable {
            let id = tracked.find(&spec.name).unwrap();
            assert!(
                tracked.flat(id).grad(&grads).is_some(),
                "{} gets no gradient",
                spec.name
            );
        }
        counts.push(trainable.iter().map(|s| s.len()).sum::<usize>());
        // The table counts what is there: all but BatchNorm and biases.
        let weights: usize = trainable
            .iter()
            .filter(|s| !s.name.contains(".bn.") && !s.name.ends_with("bias"))
            .map(|s| s.len())
            .sum();
        assert_eq!(network.layer_table(3, 128, 256).weights(), weights);
    }
    // Everything leaves something out.
    assert!(counts.iter().skip(1).all(|n| *n < counts[0]));
}

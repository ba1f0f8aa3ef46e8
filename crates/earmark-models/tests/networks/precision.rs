//! Networks that score with products of fewer bits: close to single precision, and trained in single precision.

use burn::tensor::{Device, Tensor};
use earmark_models::networks::efficientat::EfficientAtConfig;
use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
use earmark_models::{Forward, Network, NetworkConfig, Precision, Vars, to_host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Networks of which most is pointwise convolutions, in both layouts.
fn networks() -> [NetworkConfig; 2] {
    [
        NetworkConfig::MobileNetV1(MobileNetV1Config {
            width: 0.5,
            ..Default::default()
        }),
        NetworkConfig::EfficientAt(EfficientAtConfig {
            width: 0.4,
            ..Default::default()
        }),
    ]
}

fn noise(shape: [usize; 4]) -> Tensor<4> {
    let count: usize = shape.iter().product();
    let numbers: Vec<f32> = (0..count).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect();
    Tensor::<1>::from_floats(numbers.as_slice(), &Device::flex()).reshape(shape)
}

/// The length of the difference, as a share of the length of what is wanted.
fn apart(got: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(got.len(), wanted.len());
    let length = |squares: f32| squares.sqrt();
    let off = got.iter().zip(wanted).map(|(a, b)| (a - b).powi(2)).sum();
    length(off) / length(wanted.iter().map(|v| v * v).sum())
}

#[test]
fn scores_are_close_and_training_is_the_same() {
    for config in networks() {
        let (network, specs) = Network::build(&config, 1, 10).unwrap();
        let single = Vars::init(specs, 3, &Device::flex());
        let embed = |vars: &Vars| to_host(network.embed(noise([3, 1, 64, 70]), &mut Forward::eval(vars)));
        let train = |vars: &Vars| {
            let mut ctx = Forward::train(vars, ChaCha8Rng::seed_from_u64(0));
            to_host(network.embed(noise([3, 1, 64, 70]), &mut ctx))
        };
        let (embedding, trained) = (embed(&single), train(&single));
        for (precision, tolerance) in [(Precision::Bf16, 0.05), (Precision::Int8, 0.1)] {
            // A processor without the instructions has nothing to test.
            let Some(products) = precision.products().unwrap() else {
                continue;
            };
            let vars = single.clone().with_products(products);
            let found = embed(&vars);
            let off = apart(&found, &embedding);
            assert!(
                off <= tolerance && off > 0.0,
                "{precision}: off by {off}: {config:?}"
            );
            assert_eq!(train(&vars), trained, "{precision}: {config:?}");
            // Weights that are packed already are not those of another precision.
            assert_eq!(embed(&vars.with_products(Default::default())), embedding);
        }
    }
}

//! The perceptron against its definition in double precision.

use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::networks::perceptron::PerceptronConfig;
use earmark_models::{Forward, Network, NetworkConfig, VarKind, Vars, to_host};

const INPUTS: usize = 5;
const CLASSES: usize = 3;

/// A value of its own for each place of each variable; deviations are positive.
fn fill(vars: &mut Vars) {
    for index in 0..vars.len() {
        let spec = vars.specs()[index].clone();
        let value = |i: usize| {
            let x = ((index * 37 + i * i * 11 + i * 5) % 41) as f32 / 20.0 - 1.0;
            if spec.name == "standardise.deviation" {
                x.abs() + 0.3
            } else {
                x
            }
        };
        let id = vars.find(&spec.name).unwrap();
        vars.set_vec(id, (0..spec.len()).map(value).collect());
    }
}

fn of(vars: &Vars, name: &str) -> Vec<f64> {
    vars.to_vec(vars.find(name).unwrap())
        .iter()
        .map(|x| f64::from(*x))
        .collect()
}

/// `W x + b`, `W` of shape `[b.len(), x.len()]`.
fn dense(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let rows = weight.chunks_exact(x.len()).zip(bias);
    rows.map(|(row, b)| b + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
        .collect()
}

fn oracle(config: &PerceptronConfig, vars: &Vars, x: &[f32]) -> Vec<f64> {
    let (mean, deviation) = (of(vars, "standardise.mean"), of(vars, "standardise.deviation"));
    let mut x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    for (i, x) in x.iter_mut().enumerate() {
        if config.compress > 0.0 {
            *x = (config.compress * *x).asinh();
        }
        *x = (*x - mean[i]) / deviation[i];
        if config.limit > 0.0 {
            *x = x.clamp(-config.limit, config.limit);
        }
    }
    if config.components > 0 {
        let centred: Vec<f64> = x
            .iter()
            .zip(of(vars, "pca.mean"))
            .map(|(x, mean)| x - mean)
            .collect();
        x = dense(
            &centred,
            &of(vars, "pca.components"),
            &vec![0.0; config.components],
        );
    }
    if config.hidden > 0 {
        x = dense(&x, &of(vars, "hidden.weight"), &of(vars, "hidden.bias"));
        x.iter_mut().for_each(|x| *x = x.max(0.0));
    }
    dense(&x, &of(vars, "logits.weight"), &of(vars, "logits.bias"))
}

#[test]
fn logits_are_those_of_the_definition() {
    let plain = PerceptronConfig::default();
    for config in [
        plain,
        PerceptronConfig { limit: 0.0, ..plain },
        PerceptronConfig {
            compress: 30.0,
            limit: 1.0,
            components: 4,
            ..plain
        },
        PerceptronConfig {
            compress: 2.0,
            components: 2,
            hidden: 6,
            ..plain
        },
    ] {
        let (network, specs) = Network::build(&NetworkConfig::Perceptron(config), INPUTS, CLASSES).unwrap();
        let mut vars = Vars::init(specs, 3, &Device::flex());
        fill(&mut vars);
        let x: Vec<f32> = (0..4 * INPUTS)
            .map(|i| ((i * i * 7) % 29) as f32 / 3.0 - 4.0)
            .collect();
        let input = Tensor::<4>::from_data(TensorData::new(x.clone(), [4, INPUTS, 1, 1]), &Device::flex());
        let got = to_host(network.forward(input, &mut Forward::eval(&vars)));
        let want: Vec<f64> = x
            .chunks_exact(INPUTS)
            .flat_map(|x| oracle(&config, &vars, x))
            .collect();
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(&want) {
            assert!(
                (f64::from(*got) - want).abs() < 2e-5 * want.abs().max(1.0),
                "{config:?}: {got} is not {want}"
            );
        }
    }
}

#[test]
fn only_dense_layers_are_trained() {
    let config = PerceptronConfig {
        components: 4,
        hidden: 6,
        ..PerceptronConfig::default()
    };
    let (network, specs) = Network::build(&NetworkConfig::Perceptron(config), INPUTS, CLASSES).unwrap();
    let count = |kind| {
        specs
            .iter()
            .filter(|s| s.kind == kind)
            .map(|s| s.len())
            .sum::<usize>()
    };
    assert_eq!(count(VarKind::Trainable), 4 * 6 + 6 + 6 * 3 + 3);
    assert_eq!(count(VarKind::Scaler), 3 * INPUTS + 4 * INPUTS);
    assert_eq!(count(VarKind::Buffer), 0);
    let summary = network.layer_table(INPUTS, 1, 1);
    assert_eq!(summary.weights(), 4 * 6 + 6 * 3);
    assert_eq!(summary.multiplies(), INPUTS + 4 * INPUTS + 4 * 6 + 6 * 3);
    let refused = PerceptronConfig {
        compress: -1.0,
        ..config
    };
    let message = Network::build(&NetworkConfig::Perceptron(refused), INPUTS, CLASSES)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("network.compress = -1: choose a factor"),
        "{message}"
    );
}

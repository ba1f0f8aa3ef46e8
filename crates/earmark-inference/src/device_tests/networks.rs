//! Every network, small: outputs, the gradients of all variables, and what the optimiser's steps do.

use super::operations::{NamedResults, numbers, tensor};
use crate::opened_device::Device;
use burn::tensor::{Device as BurnDevice, Tensor};
use earmark_core::ConfigError;
use earmark_core::random::{Purpose, stream};
use earmark_engine::{
    AdamConfig, Loss, Optimizer, OptimizerConfig, Schedule, TrainConfig, TrainStep, train_step,
};
use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
use earmark_models::networks::efficientat::EfficientAtConfig;
use earmark_models::networks::fc_net::FcNetConfig;
use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
use earmark_models::networks::mobilenet_v2::MobileNetV2Config;
use earmark_models::networks::panns::PannsConfig;
use earmark_models::networks::perceptron::PerceptronConfig;
use earmark_models::networks::rnn_aux_skip_attention::RnnAuxSkipAttentionConfig;
use earmark_models::networks::skip_attention::SkipAttentionConfig;
use earmark_models::networks::starter_2018::Starter2018Config;
use earmark_models::{Forward, Network, NetworkConfig, NetworkInput, VarId, Vars, to_host};

const BATCH: usize = 3;
const CHANNELS: usize = 2;
const CLASSES: usize = 4;

/// A network to compare.
pub(super) struct SmallNetwork {
    pub name: &'static str,
    config: NetworkConfig,
}

/// All networks that can be trained.
pub(super) fn networks() -> Vec<SmallNetwork> {
    let aux = AuxSkipAttentionConfig {
        base: 2,
        ratio: 4,
        ..Default::default()
    };
    let rnn = RnnAuxSkipAttentionConfig {
        base: 2,
        ratio: 4,
        ..Default::default()
    };
    let skip = SkipAttentionConfig {
        base: 2,
        ratio: 4,
        ..Default::default()
    };
    let v1 = MobileNetV1Config {
        width: 0.1,
        ..Default::default()
    };
    let v2 = MobileNetV2Config {
        width: 0.1,
        clip_features: 3,
        clip_feature_inputs: 5,
        ..Default::default()
    };
    let efficientat = EfficientAtConfig {
        width: 0.1,
        ..Default::default()
    };
    let panns = PannsConfig {
        bands: 32,
        width: 0.05,
        ..Default::default()
    };
    let starter = Starter2018Config {
        base: 2,
        ..Default::default()
    };
    let fc_net = FcNetConfig {
        base: 4,
        ..Default::default()
    };
    let perceptron = PerceptronConfig {
        hidden: 6,
        ..Default::default()
    };
    let each = [
        ("mobilenet-v1", NetworkConfig::MobileNetV1(v1)),
        ("aux-skip-attention", NetworkConfig::AuxSkipAttention(aux)),
        ("mobilenet-v2", NetworkConfig::MobileNetV2(v2)),
        ("starter-2018", NetworkConfig::Starter2018(starter)),
        ("efficientat-mn", NetworkConfig::EfficientAt(efficientat)),
        ("fc-net", NetworkConfig::FcNet(fc_net)),
        ("perceptron", NetworkConfig::Perceptron(perceptron)),
        ("panns", NetworkConfig::Panns(panns)),
        ("skip-attention", NetworkConfig::SkipAttention(skip)),
        ("rnn-aux-skip-attention", NetworkConfig::RnnAuxSkipAttention(rnn)),
    ];
    each.map(|(name, config)| SmallNetwork { name, config }).into()
}

/// What a network computes on a device, by what is compared.
#[derive(Default)]
pub(super) struct NetworkResults {
    /// Outputs with moving statistics.
    pub outputs: NamedResults,
    /// Gradients of all variables, with batch statistics.
    pub gradients: NamedResults,
    /// By how much one step moves each variable, moving statistics included.
    pub step: NamedResults,
    /// The losses of twenty steps.
    pub losses: NamedResults,
}

impl SmallNetwork {
    /// `[B, C, F, T]` of a batch; a vector is an image of one pixel.
    fn shape(&self) -> [usize; 4] {
        match self.config.architecture().input() {
            NetworkInput::Spectrogram => [BATCH, CHANNELS, 32, 40],
            _ => [BATCH, CHANNELS, 1, 1],
        }
    }

    /// The results on a device.
    ///
    /// # Errors
    /// When the network can't be built.
    pub fn results(&self, device: &Device) -> Result<NetworkResults, ConfigError> {
        let (network, specs) = Network::build(&self.config, CHANNELS, CLASSES)?;
        let vars = device.prepare(Vars::init(specs, 1, device.burn()));
        let (step, losses) = self.steps(&network, vars.clone(), device.burn());
        Ok(NetworkResults {
            outputs: self.outputs(&network, &vars, device.burn()),
            gradients: self.gradients(&network, &vars, device.burn()),
            step,
            losses,
        })
    }

    fn clip_features(network: &Network) -> Vec<f32> {
        numbers("clip features", 0, BATCH * network.clip_feature_inputs())
    }

    fn outputs(&self, network: &Network, vars: &Vars, device: &BurnDevice) -> NamedResults {
        let features = network.clip_feature_inputs();
        let features = (features > 0).then(|| tensor("clip features", 0, [BATCH, features], device));
        let mut ctx = Forward::eval(vars).with_clip_features(features);
        let outputs = network.outputs(tensor("x", 0, self.shape(), device), &mut ctx);
        let named = |(k, output)| (format!("output {k}"), to_host(output));
        outputs.into_iter().enumerate().map(named).collect()
    }

    fn gradients(&self, network: &Network, vars: &Vars, device: &BurnDevice) -> NamedResults {
        let device = &device.clone().autodiff();
        let tracked = vars.tracked();
        let features = network.clip_feature_inputs();
        let features = (features > 0).then(|| tensor("clip features", 0, [BATCH, features], device));
        let rng = stream(1, &[Purpose::Dropout as u64]);
        let mut ctx = Forward::train(&tracked, rng).with_clip_features(features);
        let outputs = network.outputs(tensor("x", 0, self.shape(), device), &mut ctx);
        let weighted = (0..).zip(outputs).map(|(k, output): (u64, Tensor<2>)| {
            let weights = tensor("weights", k, output.dims(), device);
            (output * weights).sum()
        });
        let Some(loss) = weighted.reduce(|a, b| a + b) else {
            return Vec::new();
        };
        let grads = loss.backward();
        let ids = (0..tracked.len())
            .map(VarId)
            .filter(|id| tracked.requires_grad(*id));
        let named = |id: VarId| {
            let gradient = tracked.flat(id).grad(&grads);
            let gradient = gradient.map_or_else(|| vec![0.0; tracked.specs()[id.0].len()], to_host);
            (tracked.specs()[id.0].name.clone(), gradient)
        };
        ids.map(named).collect()
    }

    /// The moves of the first of twenty steps, and the losses of all.
    fn steps(&self, network: &Network, mut vars: Vars, device: &BurnDevice) -> (NamedResults, NamedResults) {
        let train = train_config();
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let before: Vec<Vec<f32>> = (0..vars.len()).map(|i| vars.to_vec(VarId(i))).collect();
        let shape = self.shape();
        let y = (0..BATCH * CLASSES).map(|i| f32::from(u8::from(i % CLASSES == i / CLASSES)));
        let y: Vec<f32> = y.collect();
        let (mut moves, mut losses) = (NamedResults::new(), Vec::new());
        for k in 0..20 {
            let step = TrainStep {
                train: &train,
                network,
                device,
                x: numbers("x", 0, shape.iter().product()),
                shape,
                clip_features: Self::clip_features(network),
                y: y.clone(),
                noisy: vec![],
                rate: train.learning_rate,
                moved: vec![k; vars.len()],
                rng: stream(1, &[Purpose::Dropout as u64, k]),
            };
            losses.push(train_step(step, &mut vars, &mut optimizer).loss as f32);
            if k == 0 {
                let moved = |(i, before): (usize, &Vec<f32>)| {
                    let after = vars.to_vec(VarId(i));
                    let moved = after.iter().zip(before).map(|(after, before)| after - before);
                    (vars.specs()[i].name.clone(), moved.collect())
                };
                moves = before.iter().enumerate().map(moved).collect();
            }
        }
        (moves, vec![("losses of 20 steps".to_owned(), losses)])
    }
}

/// Adam with an epsilon that keeps its moves in proportion to the gradients: with a small one, a gradient that is only
/// rounding moves as far as any other.
fn train_config() -> TrainConfig {
    TrainConfig {
        seed: 1,
        epochs: None,
        steps: Some(20),
        min_steps: None,
        // Small, as twenty steps with a large one double rounding again and again.
        learning_rate: 0.0002,
        loss: Loss::default(),
        noisy_subsets: vec![],
        optimizer: OptimizerConfig::Adam(AdamConfig {
            epsilon: 0.1,
            ..Default::default()
        }),
        schedule: Schedule::default(),
        gradient_clip: None,
        average_decay: 0.0,
        batch_norm_warm_up: false,
        freeze: vec![],
        layer_rates: vec![],
        start: None,
        phases: vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that is added to the program is added here: serde names all kinds that it knows.
    #[test]
    fn no_network_is_left_out() {
        let kinds = serde_json::from_str::<NetworkConfig>(r#"{ "kind": "?" }"#).unwrap_err();
        let kinds = kinds.to_string();
        let mut known: Vec<&str> = kinds.split('`').skip(1).step_by(2).collect();
        known.retain(|kind| !["?", "onnx"].contains(kind));
        let compared = Vec::from_iter(networks().into_iter().map(|network| network.name));
        assert_eq!(compared, known);
        for network in networks() {
            let json = serde_json::to_value(network.config).unwrap();
            assert_eq!(json["kind"], network.name);
        }
    }

    /// There is something to compare, and it is not nothing.
    #[test]
    fn every_network_computes_and_moves() {
        for network in networks() {
            let results = network.results(&Device::cpu().unwrap()).unwrap();
            let of = |results: &NamedResults| {
                let all = results.iter().flat_map(|(_, values)| values);
                all.map(|v| v.abs()).fold(0.0, f32::max)
            };
            for part in [&results.outputs, &results.gradients, &results.step] {
                let size = of(part);
                assert!(size.is_normal(), "{}: {size}", network.name);
            }
            let losses = &results.losses[0].1;
            assert_eq!(losses.len(), 20);
            assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0));
            assert!(losses[19] != losses[0], "{}: {losses:?}", network.name);
        }
    }
}

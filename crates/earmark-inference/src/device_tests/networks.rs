//! Every network, small: outputs, the gradients of all variables, and what the optimiser's steps do.

use super::operations::{NamedResults, numbers, tensor};
use crate::opened_device::Device;
use burn::tensor::{DType, Device as BurnDevice, Tensor, TensorData};
use earmark_core::ConfigError;
use earmark_core::random::{Purpose, stream, uniform};
use earmark_engine::{
    AdamConfig, Loss, Optimizer, OptimizerConfig, Schedule, TrainConfig, TrainPrecision, TrainStep,
    train_step,
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
use earmark_models::{
    Forward, Network, NetworkConfig, NetworkInput, Precision, VarId, VarKind, VarSpec, Vars, to_host,
};

const BATCH: usize = 3;
const CHANNELS: usize = 2;
const CLASSES: usize = 4;

/// The rate of the step whose moves are compared: large next to the rounding of the variables that it moves.
const RATE_OF_ONE_STEP: f64 = 0.02;
/// That of the twenty steps: small, as twenty steps with a large one double rounding again and again.
const RATE_OF_TWENTY_STEPS: f64 = 0.0002;

/// A network to compare.
pub(super) struct SmallNetwork {
    pub name: &'static str,
    config: NetworkConfig,
    /// The share by which every number of the input is larger or smaller than for other comparisons.
    nudge: f32,
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
        ("mobilenet-v2", NetworkConfig::MobileNetV2(mobilenet_v2())),
        ("starter-2018", NetworkConfig::Starter2018(starter)),
        ("efficientat-mn", NetworkConfig::EfficientAt(efficientat)),
        ("fc-net", NetworkConfig::FcNet(fc_net)),
        ("perceptron", NetworkConfig::Perceptron(perceptron)),
        ("panns", NetworkConfig::Panns(panns)),
        ("skip-attention", NetworkConfig::SkipAttention(skip)),
        ("rnn-aux-skip-attention", NetworkConfig::RnnAuxSkipAttention(rnn)),
    ];
    let small = |(name, config)| SmallNetwork {
        name,
        config,
        nudge: 0.0,
    };
    each.map(small).into()
}

/// With few features in its dense layers: of the published 1536 one is always so near the end of its ReLU that rounding
/// switches it on or off, and with it a third of its gradient.
fn mobilenet_v2() -> MobileNetV2Config {
    MobileNetV2Config {
        width: 0.1,
        clip_features: 3,
        clip_feature_inputs: 5,
        hidden: [32, 16],
        ..Default::default()
    }
}

/// Numbers for a variable, each as likely between two others.
fn between(spec: &VarSpec, low: f64, high: f64) -> Vec<f32> {
    let name = spec.name.bytes().map(u64::from);
    let path = Vec::from_iter([Purpose::Init as u64].into_iter().chain(name));
    let mut rng = stream(0, &path);
    (0..spec.len())
        .map(|_| uniform(&mut rng, low, high) as f32)
        .collect()
}

/// Variables as after some training: no two scales and offsets of BatchNorm are the same, and components are fitted.
///
/// With scales of 1 and offsets of 0, half of all activations are cut off in each layer, and dozens of such layers turn
/// the rounding of an input into other gradients. Most offsets here keep an activation between the ends of its ReLU.
fn start(specs: Vec<VarSpec>) -> Vars {
    let mut vars = Vars::init(specs, 1, &BurnDevice::flex());
    for id in (0..vars.len()).map(VarId) {
        let spec = &vars.specs()[id.0];
        let values = match (spec.kind, spec.name.rsplit('.').next()) {
            (VarKind::Trainable, Some("gamma")) => between(spec, 0.5, 1.5),
            (VarKind::Trainable, Some("beta")) => between(spec, 1.0, 4.0),
            (VarKind::Scaler, Some("components")) => between(spec, -1.0, 1.0),
            _ => continue,
        };
        vars.set_vec(id, values);
    }
    vars
}

/// What a network computes on a device, by what is compared.
#[derive(Default)]
pub(super) struct NetworkResults {
    /// Outputs with moving statistics near those of the batch: the first ones shrink what passes, down to nothing.
    pub outputs: NamedResults,
    /// The outputs with convolutions that multiply in bfloat16, by Burn's operations; none where the device has no bfloat16.
    pub bf16_outputs: Option<NamedResults>,
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

    /// The same with an input that differs by rounding.
    #[cfg(test)]
    pub fn nudged(self, nudge: f32) -> Self {
        Self { nudge, ..self }
    }

    /// The numbers of the input.
    fn x(&self) -> Vec<f32> {
        let x = numbers("x", 0, self.shape().iter().product());
        let nudge = |i: usize| {
            if i.is_multiple_of(3) {
                self.nudge
            } else {
                -self.nudge
            }
        };
        let nudged = x.iter().enumerate().map(|(i, x)| x * (1.0 + nudge(i)));
        nudged.collect()
    }

    fn input(&self, device: &BurnDevice) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.x(), self.shape()), device)
    }

    /// The results on a device.
    ///
    /// # Errors
    /// When the network can't be built.
    pub fn results(&self, device: &Device) -> Result<NetworkResults, ConfigError> {
        let (network, specs) = Network::build(&self.config, CHANNELS, CLASSES)?;
        let start = start(specs);
        let on_device = |vars: &Vars| {
            let values = (0..vars.len()).map(|i| vars.to_vec(VarId(i))).collect();
            let specs = vars.specs().to_vec();
            device.prepare(Vars::with_values(values, specs, device.burn()))
        };
        let vars = on_device(&start);
        let settled = on_device(&settled(&network, start, self.shape()));
        Ok(NetworkResults {
            outputs: self.outputs(&network, &settled, device.burn(), Precision::F32),
            bf16_outputs: (device.burn().supports_dtype(DType::BF16))
                .then(|| self.outputs(&network, &settled, device.burn(), Precision::Bf16)),
            gradients: self.gradients(&network, &vars, device.burn()),
            step: self.moves_of_one_step(&network, vars.clone()),
            losses: self.losses_of_twenty_steps(&network, vars),
        })
    }

    fn clip_features(network: &Network) -> Vec<f32> {
        numbers("clip features", 0, BATCH * network.clip_feature_inputs())
    }

    fn outputs(
        &self,
        network: &Network,
        vars: &Vars,
        device: &BurnDevice,
        precision: Precision,
    ) -> NamedResults {
        let features = network.clip_feature_inputs();
        let features = (features > 0).then(|| tensor("clip features", 0, [BATCH, features], device));
        let ctx = Forward::eval(vars)
            .with_clip_features(features)
            .with_precision(precision);
        let mut ctx = match precision {
            Precision::F32 => ctx,
            // The kernels of the CPU know nothing of this precision.
            _ => ctx.without_kernels(),
        };
        let outputs = network.outputs(self.input(device), &mut ctx);
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
        let outputs = network.outputs(self.input(device), &mut ctx);
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

    /// One step, and the loss before it.
    fn step(
        &self,
        network: &Network,
        train: &TrainConfig,
        k: u64,
        vars: &mut Vars,
        optimizer: &mut Optimizer,
    ) -> f32 {
        let y = (0..BATCH * CLASSES).map(|i| f32::from(u8::from(i % CLASSES == i / CLASSES)));
        let device = vars.flat(VarId(0)).device();
        let step = TrainStep {
            train,
            network,
            device: &device,
            x: self.x(),
            shape: self.shape(),
            clip_features: Self::clip_features(network),
            y: y.collect(),
            noisy: vec![],
            rate: train.learning_rate,
            moved: vec![k; vars.len()],
            rng: stream(1, &[Purpose::Dropout as u64, k]),
        };
        train_step(step, vars, optimizer).loss as f32
    }

    /// By how much a step moves each variable.
    fn moves_of_one_step(&self, network: &Network, mut vars: Vars) -> NamedResults {
        let train = train_config(RATE_OF_ONE_STEP);
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let before: Vec<Vec<f32>> = (0..vars.len()).map(|i| vars.to_vec(VarId(i))).collect();
        self.step(network, &train, 0, &mut vars, &mut optimizer);
        let moved = |(i, before): (usize, &Vec<f32>)| {
            let after = vars.to_vec(VarId(i));
            let moved = after.iter().zip(before).map(|(after, before)| after - before);
            (vars.specs()[i].name.clone(), moved.collect())
        };
        before.iter().enumerate().map(moved).collect()
    }

    fn losses_of_twenty_steps(&self, network: &Network, mut vars: Vars) -> NamedResults {
        let train = train_config(RATE_OF_TWENTY_STEPS);
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let losses = (0..20).map(|k| self.step(network, &train, k, &mut vars, &mut optimizer));
        vec![("losses of 20 steps".to_owned(), losses.collect())]
    }
}

/// The variables with moving statistics near those of the batch, computed on the CPU for every device.
///
/// Not the batch's own: a difference from the mean of three examples is small, and rounding is a large share of it. Half
/// the mean is taken off, and what is left has a size of about 1.
fn settled(network: &Network, mut vars: Vars, shape: [usize; 4]) -> Vars {
    let device = &BurnDevice::flex().autodiff();
    let tracked = vars.tracked();
    let features = network.clip_feature_inputs();
    let features = (features > 0).then(|| tensor("clip features", 0, [BATCH, features], device));
    let rng = stream(1, &[Purpose::Dropout as u64]);
    let mut ctx = Forward::train(&tracked, rng).with_clip_features(features);
    drop(network.outputs(tensor("x", 0, shape, device), &mut ctx));
    let host = |t: Tensor<1>| to_host(t.inner());
    for batch in ctx.into_statistics() {
        let mean: Vec<f32> = host(batch.mean).iter().map(|mean| mean / 2.0).collect();
        let variance = host(batch.variance).into_iter().zip(&mean);
        let variance = variance.map(|(variance, off)| variance + off * off);
        vars.set_vec(batch.variance_id, variance.collect());
        vars.set_vec(batch.mean_id, mean);
    }
    vars
}

/// Adam with an epsilon that keeps its moves in proportion to the gradients: with a small one, a gradient that is only
/// rounding moves as far as any other.
fn train_config(rate: f64) -> TrainConfig {
    TrainConfig {
        seed: 1,
        epochs: None,
        steps: Some(20),
        min_steps: None,
        learning_rate: rate,
        loss: Loss::default(),
        noisy_subsets: vec![],
        optimizer: OptimizerConfig::Adam(AdamConfig {
            epsilon: 0.1,
            ..Default::default()
        }),
        schedule: Schedule::default(),
        gradient_clip: None,
        gradient_accumulation: 1,
        precision: TrainPrecision::F32,
        average_decay: 0.0,
        batch_norm_warm_up: false,
        freeze: vec![],
        layer_rates: vec![],
        start: None,
        distil: None,
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
            let bf16 = results.bf16_outputs.as_ref().unwrap();
            for part in [&results.outputs, bf16, &results.gradients, &results.step] {
                let size = of(part);
                // Far above what counts as nothing.
                assert!(size.is_finite() && size > 1e-3, "{}: {size}", network.name);
            }
            let losses = &results.losses[0].1;
            assert_eq!(losses.len(), 20);
            assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0));
            assert!(losses[19] != losses[0], "{}: {losses:?}", network.name);
        }
    }
}

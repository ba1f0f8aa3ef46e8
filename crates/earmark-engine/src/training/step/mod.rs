//! One training step: forward, loss, backward, clip, move.

mod batch_parts;
mod unread_result;

pub use unread_result::UnreadResult;

use super::config::TrainConfig;
use crate::optim::Optimizer;
use burn::tensor::{Device, Tensor};
use earmark_core::random::ChaCha8Rng;
use earmark_models::{BatchStatistics, Network, Vars, apply_statistics, to_host};

/// The loss and gradient norm of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Loss of the batch, before the weights moved.
    pub loss: f64,
    /// Norm of all gradients together, before clipping; only where the recipe clips gradients.
    pub gradient_norm: Option<f64>,
}

/// The inputs of a step.
pub struct TrainStep<'a> {
    /// Loss and clipping.
    pub train: &'a TrainConfig,
    /// The layers.
    pub network: &'a Network,
    /// Device to compute on, without autodiff.
    pub device: &'a Device,
    /// Examples, row-major.
    pub x: Vec<f32>,
    /// Their shape: `[B, channels, bands, frames]`.
    pub shape: [usize; 4],
    /// Clip-level features of their clips, `[B, numbers]`, row-major; used by networks that take them.
    pub clip_features: Vec<f32>,
    /// Their targets: `[B, classes]`, row-major.
    pub y: Vec<f32>,
    /// Whether each example's labels are noisy; examples beyond its end are not.
    pub noisy: Vec<bool>,
    /// Learning rate.
    pub rate: f64,
    /// For each variable, the steps that have moved it before, which `train.batch-norm-warm-up` counts; used only with that key.
    pub moved: Vec<u64>,
    /// Draws the dropout masks.
    pub rng: ChaCha8Rng,
}

impl TrainStep<'_> {
    /// Moves the weights against `gradients`, and the moving statistics.
    fn apply(
        &self,
        gradients: Vec<Tensor<1>>,
        statistics: Vec<(f64, BatchStatistics)>,
        vars: &mut Vars,
        optimizer: &mut Optimizer,
    ) {
        optimizer.step(vars, gradients, self.rate);
        let warmed_up = |s: BatchStatistics| match self.train.batch_norm_warm_up {
            true => {
                let moved = self.moved[s.mean_id.0];
                s.warmed_up(moved)
            }
            false => s,
        };
        apply_statistics(vars, statistics.into_iter().map(|(_, s)| warmed_up(s)).collect());
    }
}

/// Moves `vars` one step down the loss of a batch. A loss that is not finite moves nothing.
pub fn train_step(mut step: TrainStep, vars: &mut Vars, optimizer: &mut Optimizer) -> StepResult {
    let computed = step.compute_all(vars, optimizer);
    let loss = f64::from(to_host(computed.loss)[0]);
    if !loss.is_finite() {
        return StepResult {
            loss,
            gradient_norm: None,
        };
    }
    let (mut gradients, mut gradient_norm) = (computed.gradients, None);
    if let Some(limit) = step.train.gradient_clip {
        let (clipped, norm) = limit.apply(gradients);
        (gradients, gradient_norm) = (clipped, Some(norm));
    }
    step.apply(gradients, computed.statistics, vars, optimizer);
    StepResult { loss, gradient_norm }
}

/// As [`train_step`], without waiting for the device: a loss that is not finite moves the weights, and shows only when it is
/// read.
pub fn train_step_unread(mut step: TrainStep, vars: &mut Vars, optimizer: &mut Optimizer) -> UnreadResult {
    let computed = step.compute_all(vars, optimizer);
    let (mut gradients, mut gradient_norm) = (computed.gradients, None);
    if let Some(limit) = step.train.gradient_clip {
        let (clipped, norm) = limit.apply_on_device(gradients);
        (gradients, gradient_norm) = (clipped, Some(norm));
    }
    step.apply(gradients, computed.statistics, vars, optimizer);
    UnreadResult {
        loss: computed.loss,
        gradient_norm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;
    use earmark_core::random::{Purpose, stream};
    use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
    use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
    use earmark_models::networks::perceptron::PerceptronConfig;
    use earmark_models::{Forward, NetworkConfig, VarId};

    fn config() -> TrainConfig {
        serde_json::from_str(r#"{ "learning-rate": 0.001 }"#).unwrap()
    }

    fn build(config: NetworkConfig) -> (Network, Vars) {
        let (network, specs) = Network::build(&config, 1, 3).unwrap();
        (network, Vars::init(specs, 1, &Device::flex()))
    }

    fn aux_skip_attention(output_weights: [f64; 4]) -> (Network, Vars) {
        let c = AuxSkipAttentionConfig {
            base: 2,
            drop_prob: 0.0,
            output_weights,
            ..Default::default()
        };
        build(NetworkConfig::AuxSkipAttention(c))
    }

    /// A batch of four with a pattern of its own.
    fn batch() -> (Vec<f32>, [usize; 4], Vec<f32>) {
        let x = (0..4 * 16 * 32)
            .map(|i| ((i * i) % 97) as f32 / 50.0 - 1.0)
            .collect();
        let y = (0..12).map(|i| f32::from(u8::from(i % 4 == 1))).collect();
        (x, [4, 1, 16, 32], y)
    }

    /// One step; returns what it says and the weights after it.
    fn step(start: (Network, Vars)) -> (StepResult, Vars) {
        step_with(&config(), start, 0)
    }

    /// The same by other settings, for variables that have moved before.
    fn step_with(
        train: &TrainConfig,
        (network, mut vars): (Network, Vars),
        moved: u64,
    ) -> (StepResult, Vars) {
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let count = vars.len();
        let result = with_step(train, &network, count, moved, |step| {
            train_step(step, &mut vars, &mut optimizer)
        });
        (result, vars)
    }

    /// Does something with a step on the batch.
    fn with_step<T>(
        train: &TrainConfig,
        network: &Network,
        variables: usize,
        moved: u64,
        take: impl FnOnce(TrainStep) -> T,
    ) -> T {
        let (x, shape, y) = batch();
        take(TrainStep {
            train,
            network,
            device: &Device::flex(),
            x,
            shape,
            clip_features: vec![],
            y,
            noisy: vec![],
            rate: 1e-3,
            moved: vec![moved; variables],
            rng: stream(1, &[Purpose::Dropout as u64]),
        })
    }

    /// The losses of each output before any step.
    fn losses((network, vars): &(Network, Vars)) -> Vec<f64> {
        let (x, shape, y) = batch();
        let x = Tensor::<4>::from_data(TensorData::new(x, shape), &Device::flex());
        let y = Tensor::<2>::from_data(TensorData::new(y, [4, 3]), &Device::flex());
        let mut ctx = Forward::train(vars, stream(1, &[Purpose::Dropout as u64]));
        let outputs = network.outputs(x, &mut ctx);
        let loss = config().loss;
        outputs
            .into_iter()
            .map(|o| f64::from(to_host(loss.forward(o, y.clone(), &[]))[0]))
            .collect()
    }

    #[test]
    fn each_output_counts_by_its_weight() {
        for weights in [[1.0, 0.4, 0.2, 0.1], [0.5, 0.0, 2.0, 0.0]] {
            let each = losses(&aux_skip_attention(weights));
            let want: f64 = each.iter().zip(weights).map(|(l, w)| l * w).sum();
            let (result, _) = step(aux_skip_attention(weights));
            assert!(
                (result.loss - want).abs() < 1e-6 * want,
                "loss {}, by hand {want} from {each:?}",
                result.loss
            );
        }
    }

    #[test]
    fn an_output_without_weight_leaves_its_head_as_it_was() {
        let start = aux_skip_attention([1.0, 0.0, 0.2, 0.1]).1;
        let (_, moved) = step(aux_skip_attention([1.0, 0.0, 0.2, 0.1]));
        for (name, moves) in [
            ("aux3.dense.weight", false),
            ("aux2.dense.weight", true),
            ("skip3.weight", true),
        ] {
            let id = start.find(name).unwrap();
            assert_eq!(start.to_vec(id) != moved.to_vec(id), moves, "{name}");
        }
    }

    /// `m = decay m + (1 - decay) batch` with the decay of the network, or with that of a warm-up; and nothing else moves differently.
    #[test]
    fn batch_norm_follows_faster_in_the_first_steps() {
        let start = || {
            build(NetworkConfig::MobileNetV1(MobileNetV1Config {
                width: 0.25,
                batch_norm_decay: 0.75,
                ..Default::default()
            }))
        };
        let mut train = config();
        let plain = step_with(&train, start(), 0).1;
        train.batch_norm_warm_up = true;
        for (moved, decay) in [(0, 0.1), (2, 0.25), (1000, 0.75)] {
            let warmed_up = step_with(&train, start(), moved).1;
            for (i, spec) in plain.specs().iter().enumerate() {
                let [was, plain, now] = [&start().1, &plain, &warmed_up].map(|vars| vars.to_vec(VarId(i)));
                let statistic = spec.name.ends_with(".mean") || spec.name.ends_with(".variance");
                if !statistic || moved == 1000 {
                    assert_eq!(plain, now, "{} after {moved} steps", spec.name);
                    continue;
                }
                for ((was, plain), now) in was.iter().zip(&plain).zip(&now) {
                    let wanted = was + (plain - was) / 0.25 * (1.0 - decay);
                    assert!(
                        (now - wanted).abs() < 1e-4 * (1.0 + wanted.abs()),
                        "{} after {moved} steps: {now} instead of {wanted}",
                        spec.name
                    );
                }
            }
        }
    }

    #[test]
    fn a_single_output_gives_its_own_loss_to_the_bit() {
        let network = || {
            build(NetworkConfig::MobileNetV1(MobileNetV1Config {
                width: 0.25,
                ..Default::default()
            }))
        };
        let each = losses(&network());
        assert_eq!(each.len(), 1);
        let (result, _) = step(network());
        assert_eq!(result.loss.to_bits(), each[0].to_bits());
    }

    /// A perceptron, where examples don't see each other.
    fn perceptron() -> (Network, Vars) {
        build(NetworkConfig::Perceptron(PerceptronConfig {
            hidden: 8,
            ..PerceptronConfig::default()
        }))
    }

    /// Without BatchNorm, parts give what the whole batch gives, however they divide it.
    #[test]
    fn parts_of_a_batch_add_up_to_it() {
        let mut train = config();
        let (whole, weights) = step_with(&train, perceptron(), 0);
        for parts in [2, 3, 4, 100] {
            train.gradient_accumulation = parts;
            let (result, found) = step_with(&train, perceptron(), 0);
            assert!(
                (result.loss - whole.loss).abs() < 1e-6 * whole.loss,
                "{parts} parts"
            );
            for i in (0..weights.len()).map(VarId) {
                for (found, wanted) in found.to_vec(i).iter().zip(weights.to_vec(i)) {
                    // Adam's first step is the sign of a gradient, nearly.
                    assert!((found - wanted).abs() < 1e-5, "{parts} parts");
                }
            }
        }
    }

    /// Moving statistics follow the mean of the parts: for their means that is the mean of the batch.
    #[test]
    fn statistics_are_those_of_the_parts_on_average() {
        let network = || {
            build(NetworkConfig::MobileNetV1(MobileNetV1Config {
                width: 0.25,
                ..Default::default()
            }))
        };
        let mut train = config();
        let whole = step_with(&train, network(), 0).1;
        train.gradient_accumulation = 3; // 2 and 2 examples of 4
        let parts = step_with(&train, network(), 0).1;
        let first = |vars: &Vars, name: &str| {
            let found = vars.specs().iter().position(|s| s.name.ends_with(name)).unwrap();
            vars.to_vec(VarId(found))
        };
        for (whole, parts) in first(&whole, "bn.mean").iter().zip(first(&parts, "bn.mean")) {
            assert!((whole - parts).abs() < 1e-6, "{whole} {parts}");
        }
        assert_ne!(first(&whole, "bn.variance"), first(&parts, "bn.variance"));
    }

    /// What a GPU does without waiting is what the CPU does, where losses are finite.
    #[test]
    fn an_unread_step_is_the_same_step() {
        let train = config();
        let (network, mut vars) = perceptron();
        let (read, wanted) = step_with(&train, perceptron(), 0);
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let unread = with_step(&train, &network, vars.len(), 0, |step| {
            train_step_unread(step, &mut vars, &mut optimizer)
        });
        assert_eq!(UnreadResult::read(vec![unread]), [read]);
        for i in (0..vars.len()).map(VarId) {
            assert_eq!(vars.to_vec(i), wanted.to_vec(i));
        }
        assert_eq!(UnreadResult::read(vec![]), []);
    }
}

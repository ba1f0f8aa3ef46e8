//! One training step: forward, loss, backward, clip, move.

use super::config::TrainConfig;
use crate::optim::Optimizer;
use crate::scoring::scorer::clip_features_tensor;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_core::random::ChaCha8Rng;
use earmark_models::{Forward, Network, VarId, Vars, apply_statistics, to_host};

/// The loss and gradient norm of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Loss of the batch, before the weights moved.
    pub loss: f64,
    /// Norm of all gradients together, before clipping; only where the recipe clips gradients.
    pub gradient_norm: Option<f64>,
}

/// The losses of a network's outputs against `y`, summed with the network's weights; an output of weight 0 is left out.
fn total_loss(
    train: &TrainConfig,
    network: &Network,
    outputs: Vec<Tensor<2>>,
    y: &Tensor<2>,
    noisy: &[bool],
) -> Tensor<1> {
    let losses = outputs
        .into_iter()
        .zip(network.output_weights())
        .filter(|(_, weight)| *weight != 0.0)
        .map(|(logits, weight)| {
            let loss = train.loss.forward(logits, y.clone(), noisy);
            if weight == 1.0 {
                loss
            } else {
                loss.mul_scalar(weight)
            }
        });
    losses
        .reduce(|a, b| a + b)
        .expect("the first output's weight is above 0")
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

/// Moves `vars` one step down the loss of a batch. A loss that is not finite moves nothing.
pub fn train_step(step: TrainStep, vars: &mut Vars, optimizer: &mut Optimizer) -> StepResult {
    let (network, shape) = (step.network, step.shape);
    let device = step.device.clone().autodiff();
    let classes = step.y.len() / shape[0];
    let x = Tensor::<4>::from_data(TensorData::new(step.x, shape), &device);
    let y = Tensor::<2>::from_data(TensorData::new(step.y, [shape[0], classes]), &device);
    let tracked = vars.tracked();
    let clip_features = clip_features_tensor(network, step.clip_features, shape[0], &device);
    let mut ctx = Forward::train(&tracked, step.rng).with_clip_features(clip_features);
    let loss = total_loss(step.train, network, network.outputs(x, &mut ctx), &y, &step.noisy);
    let mut statistics = ctx.into_statistics();
    if step.train.batch_norm_warm_up {
        let each = statistics.into_iter().map(|s| {
            let moved = step.moved[s.mean_id.0];
            s.warmed_up(moved)
        });
        statistics = each.collect();
    }
    let grads = loss.backward();
    let loss = f64::from(to_host(loss.inner())[0]);
    if !loss.is_finite() {
        return StepResult {
            loss,
            gradient_norm: None,
        };
    }
    let mut gradients: Vec<Tensor<1>> = optimizer
        .trainable()
        .iter()
        .map(|&i| {
            let leaf = tracked.flat(VarId(i));
            // A variable that the loss does not depend on has no gradient.
            leaf.grad(&grads)
                .unwrap_or_else(|| vars.flat(VarId(i)).zeros_like())
        })
        .collect();
    drop(grads);
    // The optimiser changes in place what has no other owner.
    drop(tracked);
    let mut gradient_norm = None;
    if let Some(limit) = step.train.gradient_clip {
        let (clipped, norm) = limit.apply(gradients);
        (gradients, gradient_norm) = (clipped, Some(norm));
    }
    optimizer.step(vars, gradients, step.rate);
    apply_statistics(vars, statistics);
    StepResult { loss, gradient_norm }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::random::{Purpose, stream};
    use earmark_models::NetworkConfig;
    use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
    use earmark_models::networks::mobilenet_v1::MobileNetV1Config;

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
        let (x, shape, y) = batch();
        let rng = stream(1, &[Purpose::Dropout as u64]);
        let step = TrainStep {
            train,
            network: &network,
            device: &Device::flex(),
            x,
            shape,
            clip_features: vec![],
            y,
            noisy: vec![],
            rate: 1e-3,
            moved: vec![moved; vars.len()],
            rng,
        };
        let result = train_step(step, &mut vars, &mut optimizer);
        (result, vars)
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
}

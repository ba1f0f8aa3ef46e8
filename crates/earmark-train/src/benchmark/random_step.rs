//! A training step on random segments, to be timed.

use super::time_and_peak_memory::{noise, timed};
use burn::tensor::Device;
use earmark_core::random::{self, Purpose};
use earmark_engine::{Optimizer, TrainConfig, TrainStep, train_step};
use earmark_models::{Network, VarId, Vars};

/// Forward, backward and update of one batch of noise.
pub(crate) struct RandomStep<'a> {
    train: &'a TrainConfig,
    network: &'a Network,
    device: &'a Device,
    shape: [usize; 4],
    x: Vec<f32>,
    y: Vec<f32>,
}

impl<'a> RandomStep<'a> {
    /// Segments of `shape`, each of one class in turn.
    pub fn new(
        train: &'a TrainConfig,
        network: &'a Network,
        device: &'a Device,
        shape: [usize; 4],
        classes: usize,
    ) -> Self {
        let label = |i: usize| f32::from(u8::from(i % classes == (i / classes) % classes));
        Self {
            train,
            network,
            device,
            shape,
            x: noise(shape.iter().product()),
            y: (0..shape[0] * classes).map(label).collect(),
        }
    }

    /// The seconds that it takes.
    pub fn seconds(&self, vars: &mut Vars, optimizer: &mut Optimizer) -> f64 {
        let step = TrainStep {
            train: self.train,
            network: self.network,
            device: self.device,
            x: self.x.clone(),
            shape: self.shape,
            clip_features: vec![0.0; self.shape[0] * self.network.clip_feature_inputs()],
            y: self.y.clone(),
            noisy: vec![],
            rate: self.train.learning_rate,
            moved: vec![0; vars.len()],
            rng: random::stream(self.train.seed, &[Purpose::Dropout as u64]),
        };
        timed(|| {
            train_step(step, vars, optimizer);
            // Reading a value waits for an asynchronous device.
            vars.to_vec(VarId(0))
        })
    }
}

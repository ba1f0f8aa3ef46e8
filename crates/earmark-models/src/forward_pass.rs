//! One pass through a network: the variables it reads, whether it trains, and the batch statistics it records.

use crate::batch_norm_statistics::BatchStatistics;
use crate::params::{VarId, Vars};
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use std::cell::Cell;

/// Context of one forward pass.
#[derive(Debug)]
pub struct Forward<'a> {
    vars: &'a Vars,
    pub(crate) rng: Option<ChaCha8Rng>,
    statistics: Vec<BatchStatistics>,
    kernels: bool,
    clip_features: Option<Tensor<2>>,
    /// Whether a variable that requires gradients has been read: everything computed from then on may need gradients.
    needs_gradients: Cell<bool>,
}

impl<'a> Forward<'a> {
    /// Evaluation: moving statistics, no dropout.
    pub fn eval(vars: &'a Vars) -> Self {
        Self {
            vars,
            rng: None,
            statistics: Vec::new(),
            kernels: vars.uses_kernels(),
            clip_features: None,
            needs_gradients: Cell::new(false),
        }
    }

    /// Training: batch statistics and dropout, whose masks come from `rng` alone, so that a resumed step draws the same.
    pub fn train(vars: &'a Vars, rng: ChaCha8Rng) -> Self {
        Self {
            rng: Some(rng),
            ..Self::eval(vars)
        }
    }

    /// The same pass with the clips' clip-level features, `[B, features]`.
    pub fn with_clip_features(mut self, features: Option<Tensor<2>>) -> Self {
        self.clip_features = features;
        self
    }

    /// The clips' clip-level features, `[B, features]`.
    pub fn clip_features(&self) -> Option<Tensor<2>> {
        self.clip_features.clone()
    }

    /// Whether this pass trains.
    pub fn is_training(&self) -> bool {
        self.rng.is_some()
    }

    /// The same pass with Burn's own operations only: the slow oracle of the kernels.
    pub fn without_kernels(mut self) -> Self {
        self.kernels = false;
        self
    }

    /// Whether blocks may use earmark-kernels.
    pub fn uses_kernels(&self) -> bool {
        self.kernels
    }

    /// The variables that the pass reads.
    pub(crate) fn vars(&self) -> &'a Vars {
        self.vars
    }

    /// Whether a training pass leaves a variable as it is.
    pub(crate) fn is_frozen(&self, id: VarId) -> bool {
        self.is_training() && self.vars.is_frozen(id)
    }

    /// Whether the pass trains and has read no variable that requires gradients yet: none flow to what was computed so far.
    pub(crate) fn is_frozen_so_far(&self) -> bool {
        self.is_training() && !self.needs_gradients.get()
    }

    fn read(&self, id: VarId) {
        if self.vars.requires_grad(id) {
            self.needs_gradients.set(true);
        }
    }

    /// A variable as it is stored, flat.
    pub fn flat(&self, id: VarId) -> Tensor<1> {
        self.read(id);
        self.vars.flat(id)
    }

    /// A variable in its shape.
    pub fn var<const D: usize>(&self, id: VarId) -> Tensor<D> {
        self.read(id);
        self.vars.get(id)
    }

    /// Records new batch statistics for [`apply_statistics`](crate::apply_statistics).
    pub fn record(&mut self, statistics: BatchStatistics) {
        self.statistics.push(statistics);
    }

    /// What the pass recorded, in the order of the layers.
    pub fn into_statistics(self) -> Vec<BatchStatistics> {
        self.statistics
    }
}

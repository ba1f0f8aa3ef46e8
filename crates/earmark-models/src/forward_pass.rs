//! One pass through a network: the variables it reads, whether it trains, and the batch statistics it records.

use crate::batch_norm_statistics::BatchStatistics;
use crate::params::{VarId, Vars};
use crate::precision::Precision;
use burn::tensor::{FloatDType, Tensor};
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
    /// What convolutions multiply where they are Burn's.
    precision: Precision,
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
            precision: Precision::F32,
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

    /// The same pass with convolutions that multiply in bfloat16, where they are Burn's: their inputs and weights are rounded,
    /// and all else is in single precision, as PyTorch's autocast has it for most operations, and so is the convolution of the
    /// attention over positions. Gradients arrive in single precision. Kernels are not concerned.
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// An operand of a convolution, in the precision that it multiplies in.
    pub(crate) fn operand<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self.precision {
            Precision::Bf16 => x.cast(FloatDType::BF16),
            Precision::F32 | Precision::Int8 => x,
        }
    }

    /// What a convolution gave, in single precision.
    pub(crate) fn widened<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self.precision {
            Precision::Bf16 => x.cast(FloatDType::F32),
            Precision::F32 | Precision::Int8 => x,
        }
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

    /// Whether what is computed from `x` and these variables needs no gradients: in the evaluation of plain tensors, and
    /// where a training pass leaves these variables and all before them as they are.
    pub(crate) fn needs_no_gradients<const D: usize>(&self, x: &Tensor<D>, variables: &[VarId]) -> bool {
        if self.is_training() {
            let frozen = variables.iter().all(|&id| self.is_frozen(id));
            return frozen && x.is_autodiff() && self.is_frozen_so_far();
        }
        !x.is_autodiff() && variables.iter().all(|&id| !self.vars.flat(id).is_autodiff())
    }

    /// What `evaluate` makes of `x` without gradients, as a tensor of the kind that `x` is.
    pub(crate) fn without_gradients<const D: usize>(
        x: Tensor<D>,
        evaluate: impl FnOnce(Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        if x.is_autodiff() {
            Tensor::from_inner(evaluate(x.inner()))
        } else {
            evaluate(x)
        }
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

//! The optimiser: moves every trainable variable one step, and keeps its moments.

use super::config::OptimizerConfig;
use super::layer_rate::{LayerRate, rate_factor};
use super::update_rules::{Update, adam, sgd};
use burn::tensor::Tensor;
use earmark_kernels::burn_ops;
use earmark_models::{VarId, Vars};

/// The moments of every trainable variable, in the order of the variables.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Steps taken.
    steps: u64,
    /// For each state name ("adam-m", "adam-v" or "momentum"), a tensor for each trainable variable.
    state: Vec<(&'static str, Vec<Tensor<1>>)>,
    /// Indices of the trainable variables.
    trainable: Vec<usize>,
    /// What the learning rate of each is multiplied by.
    factors: Vec<f64>,
}

impl Optimizer {
    /// Zero moments for the trainable variables of `vars`.
    pub fn new(config: OptimizerConfig, vars: &Vars) -> Self {
        let trainable: Vec<usize> = (0..vars.len())
            .filter(|&i| vars.requires_grad(VarId(i)))
            .collect();
        let zeros = |name| {
            let zeros = trainable.iter().map(|&i| vars.flat(VarId(i)).zeros_like());
            (name, zeros.collect())
        };
        let state = match config {
            OptimizerConfig::Adam(_) => vec![zeros("adam-m"), zeros("adam-v")],
            OptimizerConfig::Sgd(sgd) if sgd.momentum > 0.0 => vec![zeros("momentum")],
            OptimizerConfig::Sgd(_) => vec![],
        };
        Self {
            config,
            steps: 0,
            state,
            factors: vec![1.0; trainable.len()],
            trainable,
        }
    }

    /// The same with learning rates by layer.
    #[must_use]
    pub fn with_rates(mut self, vars: &Vars, rates: &[LayerRate]) -> Self {
        let factor = |&i: &usize| rate_factor(rates, &vars.specs()[i].name);
        self.factors = self.trainable.iter().map(factor).collect();
        self
    }

    /// Indices of the trainable variables.
    pub fn trainable(&self) -> &[usize] {
        &self.trainable
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// All state as (state name, index of the variable, tensor), for a checkpoint.
    pub fn state(&self) -> impl Iterator<Item = (&'static str, usize, &Tensor<1>)> {
        self.state.iter().flat_map(|(name, tensors)| {
            let each = self.trainable.iter().zip(tensors);
            each.map(move |(&i, t)| (*name, i, t))
        })
    }

    /// Puts back what [`Self::state`] gave; `None` when `read` lacks a tensor.
    pub fn restore(
        &mut self,
        steps: u64,
        mut read: impl FnMut(&str, usize) -> Option<Tensor<1>>,
    ) -> Option<()> {
        self.steps = steps;
        for (name, tensors) in &mut self.state {
            for (t, &i) in tensors.iter_mut().zip(&self.trainable) {
                *t = read(name, i)?;
            }
        }
        Some(())
    }

    /// One step down `gradients`, one tensor for each trainable variable in order: by kernels in one pass where the device has them,
    /// else operation by operation.
    ///
    /// # Panics
    ///
    /// When there are not as many gradients as trainable variables.
    pub fn step(&mut self, vars: &mut Vars, gradients: Vec<Tensor<1>>, rate: f64) {
        assert_eq!(
            gradients.len(),
            self.trainable.len(),
            "a gradient for each trainable variable"
        );
        self.steps += 1;
        let kernels = vars.uses_kernels();
        for (k, (&i, gradient)) in self.trainable.iter().zip(gradients).enumerate() {
            // Taken out, not cloned: a tensor that has one owner can be changed in place.
            let state: Vec<Tensor<1>> = self
                .state
                .iter_mut()
                .map(|(_, tensors)| std::mem::replace(&mut tensors[k], gradient.clone()))
                .collect();
            let mut moved = Vec::new();
            let rate = rate * self.factors[k];
            vars.update(VarId(i), |weight| {
                let update = Update {
                    t: self.steps,
                    rate,
                    fused: kernels && burn_ops::runs_on(&weight.device()),
                    weight,
                    gradient,
                    state,
                };
                let (weight, state) = match self.config {
                    OptimizerConfig::Adam(config) => adam(config, update),
                    OptimizerConfig::Sgd(config) => sgd(config, update),
                };
                moved = state;
                weight
            });
            for ((_, tensors), t) in self.state.iter_mut().zip(moved) {
                tensors[k] = t;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::config::{AdamConfig, EpsilonRule, SgdConfig};
    use burn::tensor::Device;
    use earmark_models::VarInit;
    use earmark_models::{VarKind, VarSpec};

    /// Minimises w^2 / 2 + w from w = 1 (gradient w + 1) for `n` steps; returns every w, which the kernels and Burn's own
    /// operations agree on.
    fn descend(config: OptimizerConfig, rate: f64, n: usize) -> Vec<f32> {
        let with = descend_by(true, config, rate, n);
        for (a, b) in with.iter().zip(descend_by(false, config, rate, n)) {
            assert!((a - b).abs() < 1e-6, "{a} with kernels, {b} without");
        }
        with
    }

    fn descend_by(kernels: bool, config: OptimizerConfig, rate: f64, n: usize) -> Vec<f32> {
        let spec = VarSpec {
            name: "w".into(),
            shape: vec![1],
            kind: VarKind::Trainable,
            init: VarInit::Constant(1.0),
        };
        let mut vars = Vars::init(vec![spec], 0, &Device::flex());
        if !kernels {
            vars = vars.without_kernels();
        }
        let mut opt = Optimizer::new(config, &vars);
        (0..n)
            .map(|_| {
                let g = vars.flat(VarId(0)).add_scalar(1.0);
                opt.step(&mut vars, vec![g], rate);
                vars.to_vec(VarId(0))[0]
            })
            .collect()
    }

    #[test]
    fn adam_follows_its_definition_under_both_rules() {
        for (rule, eps) in [
            (EpsilonRule::AfterCorrection, 0.1),
            (EpsilonRule::BeforeCorrection, 0.1),
        ] {
            let config = OptimizerConfig::Adam(AdamConfig {
                beta_1: 0.9,
                beta_2: 0.99,
                epsilon: eps,
                epsilon_rule: rule,
                weight_decay: 0.0,
            });
            let (mut w, mut m, mut v) = (1.0f64, 0.0, 0.0);
            let got = descend(config, 0.05, 20);
            for (t, got) in got.iter().enumerate() {
                let g = w + 1.0;
                m = 0.9 * m + 0.1 * g;
                v = 0.99 * v + 0.01 * g * g;
                let (c1, c2): (f64, f64) = (
                    1.0 - 0.9f64.powf(t as f64 + 1.0),
                    1.0 - 0.99f64.powf(t as f64 + 1.0),
                );
                w -= match rule {
                    EpsilonRule::AfterCorrection => 0.05 * (m / c1) / ((v / c2).sqrt() + eps),
                    EpsilonRule::BeforeCorrection => 0.05 * c2.sqrt() / c1 * m / (v.sqrt() + eps),
                };
                assert!(
                    (f64::from(*got) - w).abs() < 1e-5,
                    "{rule:?} step {t}: {got} against {w}"
                );
            }
        }
    }

    /// Whoever holds a copy of the weights (an average, a validation) keeps what they were.
    #[test]
    fn steps_in_place_leave_copies_alone() {
        let spec = VarSpec {
            name: "w".into(),
            shape: vec![5],
            kind: VarKind::Trainable,
            init: VarInit::Constant(1.0),
        };
        let mut vars = Vars::init(vec![spec], 0, &Device::flex());
        let mut opt = Optimizer::new(OptimizerConfig::default(), &vars);
        let (copy, of_opt) = (vars.clone(), opt.clone());
        let g = vars.flat(VarId(0)).add_scalar(1.0);
        opt.step(&mut vars, vec![g.clone()], 0.1);
        assert_eq!(copy.to_vec(VarId(0)), [1.0; 5]);
        assert!(vars.to_vec(VarId(0)).iter().all(|w| (w - 0.9).abs() < 1e-6));
        assert!(
            of_opt
                .state()
                .all(|(_, _, t)| earmark_models::to_host(t.clone()) == [0.0; 5])
        );
        assert_eq!(earmark_models::to_host(g), [2.0; 5]);
    }

    #[test]
    fn momentum_follows_its_definition() {
        let got = descend(
            OptimizerConfig::Sgd(SgdConfig {
                momentum: 0.5,
                weight_decay: 0.1,
            }),
            0.1,
            10,
        );
        let (mut w, mut v) = (1.0f64, 0.0);
        for got in got {
            v = 0.5 * v + (w + 1.0 + 0.1 * w);
            w -= 0.1 * v;
            assert!((f64::from(got) - w).abs() < 1e-5);
        }
    }
}

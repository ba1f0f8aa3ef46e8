//! Adam and stochastic gradient descent over flat variables, with gradient clipping.

use crate::optim::config::{EpsilonRule, OptimizerConfig};
use crate::training::phase::{LayerRate, factor};
use burn::tensor::Tensor;
use earmark_kernels::burn_ops;
use earmark_kernels::optim::AdamEpsilon;
use earmark_models::{VarId, Vars};
use serde::{Deserialize, Serialize};

/// `[train.gradient-clip]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GradientClip {
    /// Scales all gradients together so that their Euclidean norm is at most `max`.
    GlobalNorm {
        /// Largest norm.
        max: f64,
    },
    /// Cuts every gradient to `[-max, max]`.
    Value {
        /// Largest magnitude.
        max: f64,
    },
}

/// The moments of every trainable variable, in the order of the variables.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Steps taken.
    steps: u64,
    /// For each state name ("adam-m", "adam-v" or "momentum"), a tensor for each trainable variable.
    state: Vec<(&'static str, Vec<Tensor<1>>)>,
    /// Positions of the trainable variables.
    trainable: Vec<usize>,
    /// Of each, what its learning rate is multiplied by.
    factors: Vec<f64>,
}

impl Optimizer {
    /// Zero moments for the variables of `vars` that learn.
    pub fn new(config: OptimizerConfig, vars: &Vars) -> Self {
        let trainable: Vec<usize> = (0..vars.len()).filter(|&i| vars.learns(VarId(i))).collect();
        let zeros = || {
            trainable
                .iter()
                .map(|&i| vars.flat(VarId(i)).zeros_like())
                .collect()
        };
        let state = match config {
            OptimizerConfig::Adam { .. } => vec![("adam-m", zeros()), ("adam-v", zeros())],
            OptimizerConfig::Sgd { momentum, .. } if momentum > 0.0 => vec![("momentum", zeros())],
            OptimizerConfig::Sgd { .. } => vec![],
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
    pub fn with_rates(mut self, vars: &Vars, rates: &[LayerRate]) -> Self {
        let of = |&i: &usize| factor(rates, &vars.specs()[i].name);
        self.factors = self.trainable.iter().map(of).collect();
        self
    }

    /// Positions of the variables that learn.
    pub fn trainable(&self) -> &[usize] {
        &self.trainable
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// All state as (state name, position of the variable, tensor), for a checkpoint.
    pub fn state(&self) -> impl Iterator<Item = (&'static str, usize, &Tensor<1>)> {
        self.state.iter().flat_map(|(name, tensors)| {
            self.trainable
                .iter()
                .zip(tensors)
                .map(move |(&i, t)| (*name, i, t))
        })
    }

    /// Takes back what [`Self::state`] gave.
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

    /// One step down `gradients`, one tensor for each trainable variable in order: by kernels in one pass where there are some
    /// for the device, else operation by operation.
    pub fn step(&mut self, vars: &mut Vars, gradients: Vec<Tensor<1>>, rate: f64) {
        assert_eq!(
            gradients.len(),
            self.trainable.len(),
            "a gradient for each trainable variable"
        );
        self.steps += 1;
        let kernels = vars.uses_kernels();
        for (k, (&i, g)) in self.trainable.iter().zip(gradients).enumerate() {
            // Taken out, not cloned: a tensor that has one owner can be changed in place.
            let state: Vec<Tensor<1>> = self
                .state
                .iter_mut()
                .map(|(_, tensors)| std::mem::replace(&mut tensors[k], g.clone()))
                .collect();
            let mut moved = Vec::new();
            let rate = rate * self.factors[k];
            vars.update(VarId(i), |w| {
                let fused = kernels && burn_ops::runs_on(&w.device());
                let (w, state) = match self.config {
                    OptimizerConfig::Adam { .. } => self.config.adam(self.steps, rate, fused, w, g, state),
                    OptimizerConfig::Sgd { .. } => self.config.sgd(rate, fused, w, g, state),
                };
                moved = state;
                w
            });
            for ((_, tensors), t) in self.state.iter_mut().zip(moved) {
                tensors[k] = t;
            }
        }
    }
}

impl OptimizerConfig {
    /// Weight and moments after step `t` (from 1).
    fn adam(
        self,
        t: u64,
        rate: f64,
        fused: bool,
        w: Tensor<1>,
        g: Tensor<1>,
        mut state: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Self::Adam {
            beta_1,
            beta_2,
            epsilon,
            epsilon_rule,
            weight_decay,
        } = self
        else {
            return (w, state);
        };
        let (Some(v), Some(m)) = (state.pop(), state.pop()) else {
            unreachable!("Adam has two moments")
        };
        let w = if weight_decay > 0.0 {
            w.mul_scalar(1.0 - rate * weight_decay)
        } else {
            w
        };
        if fused {
            let rule = earmark_kernels::optim::Adam {
                learning_rate: rate as f32,
                beta1: beta_1 as f32,
                beta2: beta_2 as f32,
                epsilon: epsilon as f32,
                epsilon_at: match epsilon_rule {
                    EpsilonRule::AfterCorrection => AdamEpsilon::Corrected,
                    EpsilonRule::BeforeCorrection => AdamEpsilon::Raw,
                },
            };
            let (w, moments) = burn_ops::adam(rule, t, w, g, [m, v]);
            return (w, moments.into());
        }
        let m = m.mul_scalar(beta_1) + g.clone().mul_scalar(1.0 - beta_1);
        let v = v.mul_scalar(beta_2) + g.clone().mul(g).mul_scalar(1.0 - beta_2);
        let t = t as f64;
        let (c1, c2) = (1.0 - beta_1.powf(t), (1.0 - beta_2.powf(t)).sqrt());
        // w -= rate / c1 * m / (sqrt(v) / c2 + eps), with numerator and denominator times c2.
        let eps = match epsilon_rule {
            EpsilonRule::AfterCorrection => epsilon * c2,
            EpsilonRule::BeforeCorrection => epsilon,
        };
        let step = m
            .clone()
            .mul_scalar(rate * c2 / c1)
            .div(v.clone().sqrt().add_scalar(eps));
        (w - step, vec![m, v])
    }

    /// Weight and, with momentum, direction after a step.
    fn sgd(
        self,
        rate: f64,
        fused: bool,
        w: Tensor<1>,
        g: Tensor<1>,
        mut state: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Self::Sgd {
            momentum,
            weight_decay,
        } = self
        else {
            return (w, state);
        };
        let g = if weight_decay > 0.0 {
            g + w.clone().mul_scalar(weight_decay)
        } else {
            g
        };
        let Some(v) = state.pop() else {
            return (w - g.mul_scalar(rate), state);
        };
        if fused {
            let rule = earmark_kernels::optim::Sgd {
                learning_rate: rate as f32,
                momentum: momentum as f32,
            };
            let (w, v) = burn_ops::sgd(rule, w, g, v);
            return (w, vec![v]);
        }
        let v = v.mul_scalar(momentum) + g;
        (w - v.clone().mul_scalar(rate), vec![v])
    }
}

/// Clips gradients and returns them with their norm before clipping.
pub fn clip(clip: GradientClip, gradients: Vec<Tensor<1>>) -> (Vec<Tensor<1>>, f64) {
    let squares: f64 = gradients
        .iter()
        .map(|g| f64::from(earmark_models::vars::to_host(g.clone().mul(g.clone()).sum())[0]))
        .sum();
    let norm = squares.sqrt();
    let clipped = match clip {
        GradientClip::GlobalNorm { max } if norm > max => {
            gradients.into_iter().map(|g| g.mul_scalar(max / norm)).collect()
        }
        GradientClip::GlobalNorm { .. } => gradients,
        GradientClip::Value { max } => gradients.into_iter().map(|g| g.clamp(-max, max)).collect(),
    };
    (clipped, norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use earmark_models::init::Init;
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
            init: Init::Constant(1.0),
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
            let config = OptimizerConfig::Adam {
                beta_1: 0.9,
                beta_2: 0.99,
                epsilon: eps,
                epsilon_rule: rule,
                weight_decay: 0.0,
            };
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
            init: Init::Constant(1.0),
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
                .all(|(_, _, t)| earmark_models::vars::to_host(t.clone()) == [0.0; 5])
        );
        assert_eq!(earmark_models::vars::to_host(g), [2.0; 5]);
    }

    #[test]
    fn momentum_follows_its_definition() {
        let got = descend(
            OptimizerConfig::Sgd {
                momentum: 0.5,
                weight_decay: 0.1,
            },
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

    #[test]
    fn clipping_keeps_direction_or_bounds() {
        let d = Device::flex();
        let g = || {
            vec![
                Tensor::<1>::from_data([3.0f32], &d),
                Tensor::<1>::from_data([-4.0f32], &d),
            ]
        };
        let host = |v: Vec<Tensor<1>>| {
            v.into_iter()
                .map(|t| earmark_models::vars::to_host(t)[0])
                .collect::<Vec<_>>()
        };
        let (c, norm) = clip(GradientClip::GlobalNorm { max: 1.0 }, g());
        assert!((norm - 5.0).abs() < 1e-6);
        let c = host(c);
        assert!((c[0] - 0.6).abs() < 1e-6 && (c[1] + 0.8).abs() < 1e-6);
        assert_eq!(
            host(clip(GradientClip::GlobalNorm { max: 6.0 }, g()).0),
            [3.0, -4.0]
        );
        assert_eq!(host(clip(GradientClip::Value { max: 3.5 }, g()).0), [3.0, -3.5]);
    }
}

//! What a step of Adam or of gradient descent does to one variable.

use super::config::{AdamConfig, EpsilonRule, SgdConfig};
use burn::tensor::Tensor;
use earmark_kernels::burn_ops;
use earmark_kernels::elementwise::optimizer_steps::{Adam, AdamEpsilon, Sgd};

/// One variable before a step.
pub(super) struct Update {
    /// The step, from 1.
    pub t: u64,
    /// Learning rate of the variable.
    pub rate: f64,
    /// Whether kernels do it in one pass.
    pub fused: bool,
    pub weight: Tensor<1>,
    pub gradient: Tensor<1>,
    /// Its moments.
    pub state: Vec<Tensor<1>>,
}

/// Weight and moments after a step of Adam.
pub(super) fn adam(config: AdamConfig, mut update: Update) -> (Tensor<1>, Vec<Tensor<1>>) {
    let (Some(v), Some(m)) = (update.state.pop(), update.state.pop()) else {
        unreachable!("Adam has two moments")
    };
    let (rate, mut w, g) = (update.rate, update.weight, update.gradient);
    if config.weight_decay > 0.0 {
        w = w.mul_scalar(1.0 - rate * config.weight_decay);
    }
    if update.fused {
        let rule = Adam {
            learning_rate: rate as f32,
            beta1: config.beta_1 as f32,
            beta2: config.beta_2 as f32,
            epsilon: config.epsilon as f32,
            epsilon_at: match config.epsilon_rule {
                EpsilonRule::AfterCorrection => AdamEpsilon::Corrected,
                EpsilonRule::BeforeCorrection => AdamEpsilon::Raw,
            },
        };
        let (w, moments) = burn_ops::adam(rule, update.t, w, g, [m, v]);
        return (w, moments.into());
    }
    let m = m.mul_scalar(config.beta_1) + g.clone().mul_scalar(1.0 - config.beta_1);
    let v = v.mul_scalar(config.beta_2) + g.clone().mul(g).mul_scalar(1.0 - config.beta_2);
    let t = update.t as f64;
    let (c1, c2) = (1.0 - config.beta_1.powf(t), (1.0 - config.beta_2.powf(t)).sqrt());
    // w -= rate / c1 * m / (sqrt(v) / c2 + eps), with numerator and denominator times c2.
    let eps = match config.epsilon_rule {
        EpsilonRule::AfterCorrection => config.epsilon * c2,
        EpsilonRule::BeforeCorrection => config.epsilon,
    };
    let root = v.clone().sqrt().add_scalar(eps);
    let step = m.clone().mul_scalar(rate * c2 / c1).div(root);
    (w - step, vec![m, v])
}

/// Weight and, with momentum, direction after a step of gradient descent.
pub(super) fn sgd(config: SgdConfig, mut update: Update) -> (Tensor<1>, Vec<Tensor<1>>) {
    let (rate, w, mut g) = (update.rate, update.weight, update.gradient);
    if config.weight_decay > 0.0 {
        g = g + w.clone().mul_scalar(config.weight_decay);
    }
    let Some(v) = update.state.pop() else {
        return (w - g.mul_scalar(rate), update.state);
    };
    if update.fused {
        let rule = Sgd {
            learning_rate: rate as f32,
            momentum: config.momentum as f32,
        };
        let (w, v) = burn_ops::sgd(rule, w, g, v);
        return (w, vec![v]);
    }
    let v = v.mul_scalar(config.momentum) + g;
    (w - v.clone().mul_scalar(rate), vec![v])
}

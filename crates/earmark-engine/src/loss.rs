//! Losses on logits with soft targets, and the scores that belong to them.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// `[train.loss]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Each class by itself, for clips with any number of labels: mean over batch and classes of the binary cross-entropy.
    /// Scores are sigmoids.
    SigmoidCrossEntropy {
        /// `a` in `y (1 - a) + a / 2`, as the DCASE 2019 baseline smooths; 0 is off.
        #[serde(default, rename = "label-smoothing")]
        label_smoothing: f64,
    },
    /// One class against the others, for clips with exactly one label: mean over the batch. Scores are a softmax.
    SoftmaxCrossEntropy {
        /// `a` in `y (1 - a) + a / classes` (Szegedy et al. 2016); 0 is off.
        #[serde(default, rename = "label-smoothing")]
        label_smoothing: f64,
    },
}

impl Default for Loss {
    fn default() -> Self {
        Self::SigmoidCrossEntropy { label_smoothing: 0.0 }
    }
}

impl Loss {
    /// The smoothing share.
    pub fn label_smoothing(&self) -> f64 {
        match *self {
            Self::SigmoidCrossEntropy { label_smoothing } | Self::SoftmaxCrossEntropy { label_smoothing } => {
                label_smoothing
            }
        }
    }

    /// The mean loss of logits `[B, C]` against soft targets `[B, C]`, as a tensor of one element.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let [batch, classes] = logits.dims();
        let a = self.label_smoothing();
        let smooth = |rest: f64| {
            if a == 0.0 {
                targets.clone()
            } else {
                targets.clone().mul_scalar(1.0 - a).add_scalar(a * rest)
            }
        };
        match self {
            Self::SigmoidCrossEntropy { .. } => {
                let y = smooth(0.5);
                // max(x, 0) - x y + ln(1 + exp(-|x|)) never overflows.
                let x = logits;
                let soft = x.clone().abs().neg().exp().log1p();
                (activation::relu(x.clone()) - x * y + soft).mean()
            }
            Self::SoftmaxCrossEntropy { .. } => {
                let y = smooth(1.0 / classes as f64);
                (activation::log_softmax(logits, 1) * y)
                    .sum()
                    .div_scalar(-(batch as f64))
            }
        }
    }

    /// Scores in 0 to 1 of logits `[B, C]`.
    pub fn scores(&self, logits: Tensor<2>) -> Tensor<2> {
        match self {
            Self::SigmoidCrossEntropy { .. } => activation::sigmoid(logits),
            Self::SoftmaxCrossEntropy { .. } => activation::softmax(logits, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use earmark_models::vars::to_host;

    const LOGITS: [[f32; 3]; 2] = [[2.0, -1.0, 0.5], [-30.0, 40.0, 0.0]];
    const TARGETS: [[f32; 3]; 2] = [[1.0, 0.0, 0.25], [0.0, 0.5, 1.0]];

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{a} against {b}");
    }

    fn value(loss: Loss) -> f64 {
        let d = Device::flex();
        f64::from(to_host(loss.forward(Tensor::from_data(LOGITS, &d), Tensor::from_data(TARGETS, &d)))[0])
    }

    #[test]
    fn sigmoid_matches_its_definition() {
        for a in [0.0, 0.3] {
            let mut sum = 0.0;
            for (x, y) in LOGITS.iter().flatten().zip(TARGETS.iter().flatten()) {
                let (x, y) = (f64::from(*x), f64::from(*y) * (1.0 - a) + a / 2.0);
                // -ln sigmoid(x) = ln(1 + e^-x), -ln(1 - sigmoid(x)) = ln(1 + e^x)
                sum += y * (-x).exp().ln_1p() + (1.0 - y) * x.exp().ln_1p();
            }
            close(value(Loss::SigmoidCrossEntropy { label_smoothing: a }), sum / 6.0);
        }
    }

    #[test]
    fn softmax_matches_its_definition() {
        for a in [0.0, 0.1] {
            let mut sum = 0.0;
            for (row, target) in LOGITS.iter().zip(&TARGETS) {
                let z: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
                for (x, y) in row.iter().zip(target) {
                    sum -= (f64::from(*y) * (1.0 - a) + a / 3.0) * (f64::from(*x) - z.ln());
                }
            }
            close(value(Loss::SoftmaxCrossEntropy { label_smoothing: a }), sum / 2.0);
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let d = Device::flex().autodiff();
        for loss in [
            Loss::SigmoidCrossEntropy { label_smoothing: 0.2 },
            Loss::SoftmaxCrossEntropy { label_smoothing: 0.2 },
        ] {
            let x = Tensor::<2>::from_data([[0.3f32, -0.7, 1.1]], &d).require_grad();
            let y = Tensor::<2>::from_data([[1.0f32, 0.0, 0.0]], &d);
            let grads = loss.forward(x.clone(), y.clone()).backward();
            let grad = to_host(x.grad(&grads).expect("a tracked leaf"));
            for i in 0..3 {
                let at = |h: f32| {
                    let mut v = [0.3f32, -0.7, 1.1];
                    v[i] += h;
                    let x = Tensor::<2>::from_data([v], &d);
                    to_host(loss.forward(x, y.clone()).inner())[0]
                };
                let numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!(
                    (grad[i] - numeric).abs() < 1e-3,
                    "{loss:?} {i}: {} against {numeric}",
                    grad[i]
                );
            }
        }
    }
}

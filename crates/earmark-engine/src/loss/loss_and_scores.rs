//! The loss of a batch, and the scores of its logits.

use super::by_subset::loss_by_subset;
use super::class_weights::weigh;
use super::config::Loss;
use super::cross_entropy::{cross_entropy, softmax_cross_entropy};
use super::focal::focal;
use super::label_smoothing::smooth;
use super::lq::lq;
use super::lsep::lsep;
use super::outliers::mean_without_outliers;
use super::soft_bootstrap::soft_bootstrap;
use burn::tensor::{Tensor, activation};

impl Loss {
    /// The mean loss of logits `[B, C]` against soft targets `[B, C]`, as a tensor of one element. `noisy` says for each row
    /// whether its labels are noisy; rows beyond its end are not.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>, noisy: &[bool]) -> Tensor<1> {
        let [batch, classes] = logits.dims();
        match self {
            Self::SigmoidCrossEntropy {
                label_smoothing,
                class_weights,
            } => {
                let losses = cross_entropy(logits, smooth(targets.clone(), *label_smoothing, 0.5)); // [B, C]
                weigh(losses, &targets, class_weights.as_ref()).mean()
            }
            Self::SoftmaxCrossEntropy {
                label_smoothing,
                class_weights,
            } => {
                let smoothed = smooth(targets.clone(), *label_smoothing, 1.0 / classes as f64);
                let losses = softmax_cross_entropy(logits, smoothed); // [B, C]
                let losses = weigh(losses, &targets, class_weights.as_ref());
                losses.sum().div_scalar(batch as f64)
            }
            &Self::SoftBootstrap { beta } => soft_bootstrap(logits, targets, beta).mean(),
            &Self::Lq { q } => lq(logits, targets, q).mean(),
            &Self::Focal {
                gamma,
                positive_weight,
            } => focal(logits, targets, gamma, positive_weight).mean(),
            Self::Lsep {} => lsep(logits, targets).mean(),
            &Self::OutlierCrossEntropy { share } => {
                mean_without_outliers(cross_entropy(logits, targets), share, noisy)
            }
            Self::BySubset {
                curated,
                noisy: other,
                curated_weight,
                noisy_weight,
            } => loss_by_subset(
                logits,
                targets,
                noisy,
                [(curated, *curated_weight), (other, *noisy_weight)],
            ),
        }
    }

    /// Scores in 0 to 1 of logits `[B, C]`.
    pub fn scores(&self, logits: Tensor<2>) -> Tensor<2> {
        if self.is_single_label() {
            activation::softmax(logits, 1)
        } else {
            activation::sigmoid(logits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use earmark_models::to_host;

    const LOGITS: [[f32; 3]; 2] = [[2.0, -1.0, 0.5], [-30.0, 40.0, 0.0]];
    const TARGETS: [[f32; 3]; 2] = [[1.0, 0.0, 0.25], [0.0, 0.5, 1.0]];

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{a} against {b}");
    }

    fn value(loss: Loss) -> f64 {
        let d = Device::flex();
        let (x, y) = (Tensor::from_data(LOGITS, &d), Tensor::from_data(TARGETS, &d));
        f64::from(to_host(loss.forward(x, y, &[]))[0])
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
            close(value(Loss::sigmoid(a)), sum / 6.0);
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
            close(value(Loss::softmax(a)), sum / 2.0);
        }
    }

    #[test]
    fn a_focal_loss_without_focus_is_cross_entropy() {
        let focal = Loss::Focal {
            gamma: 0.0,
            positive_weight: None,
        };
        close(value(focal), value(Loss::default()));
    }
}

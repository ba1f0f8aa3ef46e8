//! Losses on logits with soft targets, and the scores that belong to them.

use super::class_weights::{ClassWeights, weigh};
use super::formulas::{cross_entropy, focal, lq, lsep, soft_bootstrap, softmax_cross_entropy};
use super::noisy_labels;
use crate::refusal::Refusal;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// `[train.loss]` of a recipe. Each is a mean over batch and classes, but for those that say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Loss {
    /// Each class by itself, for clips with any number of labels: binary cross-entropy. Scores are sigmoids.
    SigmoidCrossEntropy {
        /// `a` in `y (1 - a) + a / 2`, as the DCASE 2019 baseline smooths; 0 is off.
        #[serde(default)]
        label_smoothing: f64,
        /// How much an example's classes make it count; without this key all count alike.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<ClassWeights>,
    },
    /// One class against the others, for clips with exactly one label: mean over the batch. Scores are a softmax.
    SoftmaxCrossEntropy {
        /// `a` in `y (1 - a) + a / classes` (Szegedy et al. 2016); 0 is off.
        #[serde(default)]
        label_smoothing: f64,
        /// How much an example's classes make it count; without this key all count alike.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<ClassWeights>,
    },
    /// Soft bootstrapping, for labels that may be wrong (Reed et al. 2015; argus-2019's Lsoft): binary cross-entropy against
    /// `beta y + (1 - beta) p`, of which the second half is what the network says itself. Scores are sigmoids.
    SoftBootstrap {
        /// Share of the label in the target.
        #[serde(default = "beta")]
        beta: f64,
    },
    /// The Lq loss, for labels that may be wrong (Zhang and Sabuncu 2018; argus-2019's, per class): `(1 - (p y + 1e-7)^q) / q`.
    /// Scores are sigmoids.
    Lq {
        /// Near 0 it is cross-entropy, at 1 the mean absolute error.
        #[serde(default = "half")]
        q: f64,
    },
    /// The focal loss (Lin et al. 2017): what is right already counts less. Scores are sigmoids.
    Focal {
        /// How much less; 0 is plain cross-entropy.
        #[serde(default = "gamma")]
        gamma: f64,
        /// Weight of labels, that of their absence being the rest to 1; without this key both count in full.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        positive_weight: Option<f64>,
    },
    /// Pairwise ranking (log-sum-exp, Li, Song and Luo 2017): each label shall score above each class that is none. Mean over the
    /// batch. It knows only differences: scores (sigmoids) rank well and are no probabilities.
    Lsep {},
    /// Binary cross-entropy that leaves out the clips of `train.noisy-parts` whose loss is above a share of the batch's greatest
    /// (argus-2019): their labels are taken to be wrong. Mean over what remains. Scores are sigmoids.
    OutlierCrossEntropy {
        /// The share.
        #[serde(default = "outlier_share")]
        share: f64,
    },
    /// One loss for clips of `train.noisy-parts` and another for the others, each weighted by its share of the batch (argus-2019).
    ByPart {
        /// For clips whose labels are trusted.
        curated: Box<Loss>,
        /// For clips of `train.noisy-parts`.
        noisy: Box<Loss>,
        /// Factor of the first. Quirk(argus): both are 0.5 there, which halves the loss.
        #[serde(default = "one")]
        curated_weight: f64,
        /// Factor of the second.
        #[serde(default = "one")]
        noisy_weight: f64,
    },
}

fn beta() -> f64 {
    0.7
}

fn half() -> f64 {
    0.5
}

fn gamma() -> f64 {
    2.0
}

fn outlier_share() -> f64 {
    0.8
}

fn one() -> f64 {
    1.0
}

impl Default for Loss {
    fn default() -> Self {
        Self::SigmoidCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        }
    }
}

impl Loss {
    /// The mean loss of logits `[B, C]` against soft targets `[B, C]`, as a tensor of one element. `noisy` says for each row
    /// whether its labels are noisy; rows beyond its end are not.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>, noisy: &[bool]) -> Tensor<1> {
        let classes = logits.dims()[1];
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
                let (batch, rest) = (logits.dims()[0] as f64, 1.0 / classes as f64);
                let losses = softmax_cross_entropy(logits, smooth(targets.clone(), *label_smoothing, rest)); // [B, C]
                weigh(losses, &targets, class_weights.as_ref())
                    .sum()
                    .div_scalar(batch)
            }
            &Self::SoftBootstrap { beta } => soft_bootstrap(logits, targets, beta).mean(),
            &Self::Lq { q } => lq(logits, targets, q).mean(),
            &Self::Focal {
                gamma,
                positive_weight,
            } => focal(logits, targets, gamma, positive_weight).mean(),
            Self::Lsep {} => lsep(logits, targets).mean(),
            &Self::OutlierCrossEntropy { share } => {
                noisy_labels::without_outliers(cross_entropy(logits, targets), share, noisy)
            }
            Self::ByPart {
                curated,
                noisy: other,
                curated_weight,
                noisy_weight,
            } => noisy_labels::by_part(
                [curated, other],
                [*curated_weight, *noisy_weight],
                logits,
                targets,
                noisy,
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

    /// Whether a clip has exactly one label: scores are a softmax.
    pub fn is_single_label(&self) -> bool {
        match self {
            Self::SoftmaxCrossEntropy { .. } => true,
            Self::ByPart { curated, .. } => curated.is_single_label(),
            _ => false,
        }
    }

    /// Whether it treats clips of `train.noisy-parts` otherwise.
    pub fn knows_noise(&self) -> bool {
        matches!(self, Self::OutlierCrossEntropy { .. } | Self::ByPart { .. })
    }

    /// Refuses values that can't work; keys are below `loss`.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let refuse = |key: &str, value: f64, remedy| Err((key.to_owned(), value.to_string(), remedy));
        match *self {
            Self::SigmoidCrossEntropy {
                label_smoothing: a,
                ref class_weights,
            }
            | Self::SoftmaxCrossEntropy {
                label_smoothing: a,
                ref class_weights,
            } => match class_weights {
                _ if !(0.0..=1.0).contains(&a) => refuse("label-smoothing", a, "choose a share from 0 to 1"),
                Some(weights) => weights.check(),
                None => Ok(()),
            },
            Self::SoftBootstrap { beta } if !(0.0..=1.0).contains(&beta) => {
                refuse("beta", beta, "choose a share from 0 to 1, such as 0.7")
            }
            Self::Lq { q } if !(q > 0.0 && q <= 1.0) => {
                refuse("q", q, "choose a number above 0, at most 1, such as 0.5")
            }
            Self::Focal { gamma, .. } if !(0.0..=100.0).contains(&gamma) => {
                refuse("gamma", gamma, "choose a number from 0 to 100; 2 is usual")
            }
            Self::Focal {
                positive_weight: Some(w),
                ..
            } if !(w > 0.0 && w < 1.0) => refuse(
                "positive-weight",
                w,
                "choose a share between 0 and 1, or leave it out",
            ),
            Self::OutlierCrossEntropy { share } if !(share > 0.0 && share < 1.0) => {
                refuse("share", share, "choose a share between 0 and 1, such as 0.8")
            }
            Self::ByPart {
                ref curated,
                ref noisy,
                curated_weight,
                noisy_weight,
            } => noisy_labels::check_by_part([curated, noisy], [curated_weight, noisy_weight]),
            _ => Ok(()),
        }
    }
}

/// `y (1 - a) + a rest`.
fn smooth(y: Tensor<2>, a: f64, rest: f64) -> Tensor<2> {
    if a == 0.0 {
        y
    } else {
        y.mul_scalar(1.0 - a).add_scalar(a * rest)
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

    fn sigmoid(label_smoothing: f64) -> Loss {
        Loss::SigmoidCrossEntropy {
            label_smoothing,
            class_weights: None,
        }
    }

    fn softmax(label_smoothing: f64) -> Loss {
        Loss::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights: None,
        }
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
            close(value(sigmoid(a)), sum / 6.0);
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
            close(value(softmax(a)), sum / 2.0);
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

    #[test]
    fn recipes_name_losses_and_their_defaults() {
        let read = |text: &str| serde_json::from_str::<Loss>(text);
        assert_eq!(
            read(r#"{ "kind": "soft-bootstrap" }"#).unwrap(),
            Loss::SoftBootstrap { beta: 0.7 }
        );
        assert_eq!(read(r#"{ "kind": "lq" }"#).unwrap(), Loss::Lq { q: 0.5 });
        assert_eq!(read(r#"{ "kind": "lsep" }"#).unwrap(), Loss::Lsep {});
        let text = r#"{ "kind": "by-part", "curated": { "kind": "sigmoid-cross-entropy" },
            "noisy": { "kind": "soft-bootstrap" }, "curated-weight": 0.5, "noisy-weight": 0.5 }"#;
        let by_part = read(text).unwrap();
        assert!(by_part.check().is_ok() && by_part.knows_noise() && !by_part.is_single_label());
        assert_eq!(read(&serde_json::to_string(&by_part).unwrap()).unwrap(), by_part);
        assert!(
            read(r#"{ "kind": "lsep", "beta": 1 }"#)
                .unwrap_err()
                .to_string()
                .contains("beta")
        );
    }

    #[test]
    fn what_can_not_work_is_refused_by_key() {
        let trusted = || Box::new(Loss::default());
        let by_part = |curated: Box<Loss>, noisy: Box<Loss>, w: f64| Loss::ByPart {
            curated,
            noisy,
            curated_weight: w,
            noisy_weight: 0.0,
        };
        let unlike = Box::new(softmax(0.0));
        let nested = Box::new(by_part(trusted(), trusted(), 1.0));
        for (loss, key) in [
            (sigmoid(1.5), "label-smoothing"),
            (softmax(-0.1), "label-smoothing"),
            (Loss::SoftBootstrap { beta: f64::NAN }, "beta"),
            (Loss::Lq { q: 0.0 }, "q"),
            (
                Loss::Focal {
                    gamma: -1.0,
                    positive_weight: None,
                },
                "gamma",
            ),
            (
                Loss::Focal {
                    gamma: 2.0,
                    positive_weight: Some(1.0),
                },
                "positive-weight",
            ),
            (Loss::OutlierCrossEntropy { share: 1.0 }, "share"),
            (by_part(trusted(), trusted(), 0.0), "curated-weight"),
            (by_part(trusted(), trusted(), f64::INFINITY), "curated-weight"),
            (by_part(trusted(), unlike, 1.0), "noisy.kind"),
            (by_part(trusted(), nested, 1.0), "noisy.kind"),
            (by_part(trusted(), Box::new(Loss::Lq { q: 2.0 }), 1.0), "noisy.q"),
            (
                by_part(Box::new(Loss::OutlierCrossEntropy { share: 0.8 }), trusted(), 1.0),
                "curated.kind",
            ),
        ] {
            assert_eq!(loss.check().unwrap_err().0, key, "{loss:?}");
        }
    }
}

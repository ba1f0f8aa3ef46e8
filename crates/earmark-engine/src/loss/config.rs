//! `[train.loss]` of a recipe: which losses there are, and their settings.

use super::class_weights::ClassWeights;
use earmark_core::{Check, ConfigError, Within};
use serde::{Deserialize, Serialize};

/// `[train.loss]` of a recipe. Each is a mean over batch and classes, except where it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
        /// Weights of the classes: how much an example counts. Without this key all count alike.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<ClassWeights>,
    },
    /// One class against the others, for clips with exactly one label: mean over the batch. Scores are a softmax.
    SoftmaxCrossEntropy {
        /// `a` in `y (1 - a) + a / classes` (Szegedy et al. 2016); 0 is off.
        #[serde(default)]
        label_smoothing: f64,
        /// Weights of the classes: how much an example counts. Without this key all count alike.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<ClassWeights>,
    },
    /// Soft bootstrapping, for labels that may be wrong (Reed et al. 2015; argus-2019's Lsoft): binary cross-entropy against
    /// `beta y + (1 - beta) p`, whose second term is the network's own output. Scores are sigmoids.
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
    /// The focal loss (Lin et al. 2017): classes that are right already count less. Scores are sigmoids.
    Focal {
        /// How much less; 0 is plain cross-entropy.
        #[serde(default = "gamma")]
        gamma: f64,
        /// Weight of classes with the label; those without weigh the rest to 1. Without this key both count in full.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        positive_weight: Option<f64>,
    },
    /// Pairwise ranking (log-sum-exp, Li, Song and Luo 2017): every label should score above every other class. Mean over the
    /// batch. It compares scores only with each other: scores (sigmoids) rank well and are not probabilities.
    Lsep {},
    /// Binary cross-entropy that leaves out the clips of `train.noisy-subsets` whose loss is above a share of the batch's greatest
    /// (argus-2019): their labels are taken to be wrong. Mean over the rest. Scores are sigmoids.
    OutlierCrossEntropy {
        /// Share of the greatest loss of the batch.
        #[serde(default = "outlier_share")]
        share: f64,
    },
    /// One loss for clips of `train.noisy-subsets` and another for the others, each weighted by its share of the batch (argus-2019).
    #[serde(alias = "by-part")]
    BySubset {
        /// For clips whose labels are trusted.
        curated: Box<Loss>,
        /// For clips of `train.noisy-subsets`.
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
    /// Whether a clip has exactly one label: scores are a softmax.
    pub fn is_single_label(&self) -> bool {
        match self {
            Self::SoftmaxCrossEntropy { .. } => true,
            Self::BySubset { curated, .. } => curated.is_single_label(),
            _ => false,
        }
    }

    /// Whether it treats clips of `train.noisy-subsets` differently from others.
    pub fn uses_noisy_flags(&self) -> bool {
        matches!(self, Self::OutlierCrossEntropy { .. } | Self::BySubset { .. })
    }

    /// The same loss with a weight for each class in place of the rule that gives them; `counts` are the training clips of each class.
    ///
    /// # Errors
    ///
    /// When a class is named that the data does not have; the key is relative to `loss`.
    pub fn with_class_weights(&self, classes: &[String], counts: &[usize]) -> Result<Self, ConfigError> {
        let mut loss = self.clone();
        match &mut loss {
            Self::SigmoidCrossEntropy {
                class_weights: Some(weights),
                ..
            }
            | Self::SoftmaxCrossEntropy {
                class_weights: Some(weights),
                ..
            } => *weights = ClassWeights::Each(weights.each(classes, counts).within("class-weights")?),
            Self::BySubset { curated, noisy, .. } => {
                for (subset, loss) in [("curated", curated), ("noisy", noisy)] {
                    **loss = loss.with_class_weights(classes, counts).within(subset)?;
                }
            }
            _ => {}
        }
        Ok(loss)
    }

    /// Each class's weight in the loss; `None` before [`with_class_weights`](Self::with_class_weights), or where all count alike. Of a
    /// loss by subset those of its curated loss, else those of the noisy one.
    pub fn class_weights(&self) -> Option<&[f64]> {
        match self {
            Self::SigmoidCrossEntropy { class_weights, .. }
            | Self::SoftmaxCrossEntropy { class_weights, .. } => match class_weights {
                Some(ClassWeights::Each(each)) => Some(each),
                _ => None,
            },
            Self::BySubset { curated, noisy, .. } => {
                curated.class_weights().or_else(|| noisy.class_weights())
            }
            _ => None,
        }
    }
}

impl Check for Loss {
    fn check(&self) -> Result<(), ConfigError> {
        let unless = |ok, key, value: f64, remedy| ConfigError::unless(ok, key, value, remedy);
        let share = |key, value: f64, remedy| ConfigError::check_range(key, value, 0.0..=1.0, remedy);
        match self {
            Self::SigmoidCrossEntropy {
                label_smoothing: a,
                class_weights,
            }
            | Self::SoftmaxCrossEntropy {
                label_smoothing: a,
                class_weights,
            } => {
                share("label-smoothing", *a, "choose a share from 0 to 1")?;
                class_weights.check().within("class-weights")
            }
            Self::SoftBootstrap { beta } => {
                let remedy = "choose a share from 0 to 1, such as 0.7";
                share("beta", *beta, remedy)
            }
            Self::Lq { q } => {
                let remedy = "choose a number above 0, at most 1, such as 0.5";
                unless(*q > 0.0 && *q <= 1.0, "q", *q, remedy)
            }
            Self::Focal {
                gamma,
                positive_weight,
            } => {
                let remedy = "choose a number from 0 to 100; 2 is usual";
                unless((0.0..=100.0).contains(gamma), "gamma", *gamma, remedy)?;
                let remedy = "choose a share between 0 and 1, or leave it out";
                let w = positive_weight.unwrap_or(0.5);
                unless(w > 0.0 && w < 1.0, "positive-weight", w, remedy)
            }
            Self::Lsep {} => Ok(()),
            Self::OutlierCrossEntropy { share } => {
                let remedy = "choose a share between 0 and 1, such as 0.8";
                unless(*share > 0.0 && *share < 1.0, "share", *share, remedy)
            }
            Self::BySubset {
                curated,
                noisy,
                curated_weight,
                noisy_weight,
            } => check_by_subset([curated, noisy], [*curated_weight, *noisy_weight]),
        }
    }
}

/// Refuses two losses that can't be combined.
fn check_by_subset(losses: [&Loss; 2], weights: [f64; 2]) -> Result<(), ConfigError> {
    for ((name, loss), weight) in ["curated", "noisy"].into_iter().zip(losses).zip(weights) {
        let kind = |value, remedy| Err(ConfigError::new(format!("{name}.kind"), value, remedy));
        match loss {
            Loss::BySubset { .. } => {
                let remedy = "a subset can't be divided again; choose another loss";
                return kind("by-subset", remedy);
            }
            Loss::OutlierCrossEntropy { .. } if name == "curated" => {
                let remedy =
                    "it leaves out noisy clips only, and these are curated; choose sigmoid-cross-entropy";
                return kind("outlier-cross-entropy", remedy);
            }
            _ => loss.check().within(name)?,
        }
        let (key, remedy) = (format!("{name}-weight"), "choose 0 or a positive number");
        ConfigError::check_range(&key, weight, 0.0..f64::INFINITY, remedy)?;
    }
    let remedy = "one of the two weights must be above 0";
    ConfigError::unless(weights != [0.0, 0.0], "curated-weight", 0, remedy)?;
    let remedy = "softmax and sigmoid losses give different scores; choose two of one kind";
    let alike = losses[0].is_single_label() == losses[1].is_single_label();
    ConfigError::unless(alike, "noisy.kind", "of another kind than curated", remedy)
}

/// What tests of losses name by its smoothing alone.
#[cfg(test)]
impl Loss {
    pub(super) fn sigmoid(label_smoothing: f64) -> Self {
        Self::SigmoidCrossEntropy {
            label_smoothing,
            class_weights: None,
        }
    }

    pub(super) fn softmax(label_smoothing: f64) -> Self {
        Self::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_name_losses_and_their_defaults() {
        let read = |text: &str| serde_json::from_str::<Loss>(text);
        assert_eq!(
            read(r#"{ "kind": "soft-bootstrap" }"#).unwrap(),
            Loss::SoftBootstrap { beta: 0.7 }
        );
        assert_eq!(read(r#"{ "kind": "lq" }"#).unwrap(), Loss::Lq { q: 0.5 });
        assert_eq!(read(r#"{ "kind": "lsep" }"#).unwrap(), Loss::Lsep {});
        let text = r#"{ "kind": "by-subset", "curated": { "kind": "sigmoid-cross-entropy" },
            "noisy": { "kind": "soft-bootstrap" }, "curated-weight": 0.5, "noisy-weight": 0.5 }"#;
        let by_subset = read(text).unwrap();
        assert!(by_subset.check().is_ok() && by_subset.uses_noisy_flags() && !by_subset.is_single_label());
        assert_eq!(
            read(&serde_json::to_string(&by_subset).unwrap()).unwrap(),
            by_subset
        );
        let older = text.replace("by-subset", "by-part");
        assert_eq!(read(&older).unwrap(), by_subset);
        assert!(
            read(r#"{ "kind": "lsep", "beta": 1 }"#)
                .unwrap_err()
                .to_string()
                .contains("beta")
        );
    }

    #[test]
    fn values_that_can_not_work_are_refused_by_key() {
        let trusted = || Box::new(Loss::default());
        let by_subset = |curated: Box<Loss>, noisy: Box<Loss>, w: f64| Loss::BySubset {
            curated,
            noisy,
            curated_weight: w,
            noisy_weight: 0.0,
        };
        let unlike = Box::new(Loss::softmax(0.0));
        let nested = Box::new(by_subset(trusted(), trusted(), 1.0));
        for (loss, key) in [
            (Loss::sigmoid(1.5), "label-smoothing"),
            (Loss::softmax(-0.1), "label-smoothing"),
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
            (by_subset(trusted(), trusted(), 0.0), "curated-weight"),
            (by_subset(trusted(), trusted(), f64::INFINITY), "curated-weight"),
            (by_subset(trusted(), unlike, 1.0), "noisy.kind"),
            (by_subset(trusted(), nested, 1.0), "noisy.kind"),
            (
                by_subset(trusted(), Box::new(Loss::Lq { q: 2.0 }), 1.0),
                "noisy.q",
            ),
            (
                by_subset(Box::new(Loss::OutlierCrossEntropy { share: 0.8 }), trusted(), 1.0),
                "curated.kind",
            ),
        ] {
            assert_eq!(loss.check().unwrap_err().key, key, "{loss:?}");
        }
    }
}

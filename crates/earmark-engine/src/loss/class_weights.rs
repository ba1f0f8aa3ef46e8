//! Class weights: how much an example counts in the loss, by its classes.

use burn::tensor::{Tensor, TensorData};
use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `class-weights` of a loss. An example weighs the mean of its classes' weights, in proportion to its labels before they are
/// smoothed; an example without any label weighs 1. The loss of a batch is the sum of its examples' losses, each times its
/// weight, over their number, not over the sum of their weights.
///
/// With one label per example this is what `class_weight` does in Keras (2 and 3). Where labels are soft (mixed examples) Keras takes
/// the weight of the greatest label, which would jump where two are equal; the mean does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", rename_all = "kebab-case")]
pub enum ClassWeights {
    /// `"balanced"`: labels / (classes x labels of the class), over the training clips, as scikit-learn's
    /// `compute_class_weight("balanced")`: all classes count alike, and the mean weight of a label is 1. Classes without clips
    /// are left out of the count.
    Balanced,
    /// A weight by class name; classes that are not named weigh 1.
    #[serde(untagged)]
    Named(BTreeMap<String, f64>),
    /// A weight for each class in order: what the other two become once the training clips are known.
    #[serde(untagged)]
    Each(Vec<f64>),
}

/// [`ClassWeights::Balanced`] in recipes.
const BALANCED: &str = "balanced";

impl Check for ClassWeights {
    fn check(&self) -> Result<(), ConfigError> {
        let check = |key: &str, w: f64| {
            let remedy = "choose a positive number; 1 is the weight of classes that are not named";
            ConfigError::check_positive(key, w, remedy)
        };
        match self {
            Self::Balanced => Ok(()),
            Self::Named(named) if named.is_empty() => {
                let remedy = "name a class and its weight, such as { Bark = 2.0 }, or leave it out";
                Err(ConfigError::new("", "{}", remedy))
            }
            Self::Named(named) => named.iter().try_for_each(|(class, w)| check(class, *w)),
            Self::Each(each) => each.iter().try_for_each(|w| check("", *w)),
        }
    }
}

impl ClassWeights {
    /// A weight for each class; `counts` are the training clips of each.
    pub(super) fn each(&self, classes: &[String], counts: &[usize]) -> Result<Vec<f64>, ConfigError> {
        match self {
            Self::Each(each) if each.len() == classes.len() => Ok(each.clone()),
            Self::Each(each) => {
                let found = format!("{} numbers for {} classes", each.len(), classes.len());
                let remedy = "give a weight for each class of the data, in their order, or name classes: { Bark = 2.0 }";
                Err(ConfigError::new("", found, remedy))
            }
            Self::Balanced => {
                let labels: usize = counts.iter().sum();
                let present = counts.iter().filter(|n| **n > 0).count();
                let weight = |n: &usize| match n {
                    0 => 1.0,
                    n => labels as f64 / (present * n) as f64,
                };
                Ok(counts.iter().map(weight).collect())
            }
            Self::Named(named) => {
                if let Some((class, weight)) = named.iter().find(|(name, _)| !classes.contains(name)) {
                    let remedy =
                        "the data has no such class; `earmark data classes DIR` lists the classes it has";
                    return Err(ConfigError::new(class, weight, remedy));
                }
                let weight = |name: &String| named.get(name).copied().unwrap_or(1.0);
                Ok(classes.iter().map(weight).collect())
            }
        }
    }
}

/// Losses `[B, C]`, each row times the weight of its example by its `targets` `[B, C]`. Until the weight of each class is known, all
/// classes weigh 1 (as where speed is measured on noise).
pub(super) fn weigh(losses: Tensor<2>, targets: &Tensor<2>, weights: Option<&ClassWeights>) -> Tensor<2> {
    let Some(ClassWeights::Each(each)) = weights else {
        return losses;
    };
    let each: Vec<f32> = each.iter().map(|w| *w as f32).collect();
    let shape = [1, each.len()];
    let each = Tensor::<2>::from_data(TensorData::new(each, shape), &losses.device());
    let labels = targets.clone().sum_dim(1); // [B, 1]
    let none = labels.clone().lower_equal_elem(0.0);
    let sum = (targets.clone() * each).sum_dim(1); // [B, 1]
    let mean = sum / labels.mask_fill(none.clone(), 1.0);
    losses * mean.mask_fill(none, 1.0)
}

/// How [`ClassWeights`] are written in recipes.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"balanced\", or a table of classes and their weights such as { Bark = 2.0 }"
)]
enum Written {
    Word(String),
    Named(BTreeMap<String, f64>),
    Each(Vec<f64>),
}

impl TryFrom<Written> for ClassWeights {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Word(word) if word == BALANCED => Ok(Self::Balanced),
            Written::Word(word) => Err(format!(
                "invalid value: string {word:?}, expected \"{BALANCED}\", or a table of classes and their weights such as {{ Bark = 2.0 }}"
            )),
            Written::Named(named) => Ok(Self::Named(named)),
            Written::Each(each) => Ok(Self::Each(each)),
        }
    }
}

impl schemars::JsonSchema for ClassWeights {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "const": BALANCED, "description": "All classes count alike, as in scikit-learn." },
            {
                "type": "object",
                "description": "A weight per class, such as `{ Bark = 2.0 }`; the others weigh 1.",
                "additionalProperties": { "type": "number" },
            },
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Loss;

    fn read(text: &str) -> Loss {
        let text = format!(r#"{{ "kind": "softmax-cross-entropy", "class-weights": {text} }}"#);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn classes() -> Vec<String> {
        ["cow", "dog", "cat", "owl"].map(String::from).into()
    }

    /// `sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 6 + [1] * 3 + [2])` of scikit-learn
    /// 1.9.1 is 0.55555556, 1.11111111, 3.33333333.
    #[test]
    fn balanced_classes_count_alike() {
        let loss = read("\"balanced\"")
            .with_class_weights(&classes(), &[6, 3, 1, 0])
            .unwrap();
        let weights = loss.class_weights().unwrap();
        for (got, want) in weights.iter().zip([5.0 / 9.0, 10.0 / 9.0, 10.0 / 3.0, 1.0]) {
            assert!((got - want).abs() < 1e-12, "{weights:?}");
        }
        assert_eq!(
            loss.with_class_weights(&classes(), &[1, 1, 1, 1]).unwrap(),
            loss,
            "it stays the same"
        );
    }

    #[test]
    fn weights_are_named_and_the_rest_weighs_1() {
        let loss = read(r#"{ "dog": 2.5, "owl": 0.5 }"#);
        let weighted = loss.with_class_weights(&classes(), &[0; 4]).unwrap();
        assert_eq!(weighted.class_weights(), Some(&[1.0, 2.5, 1.0, 0.5][..]));
        let error = read(r#"{ "dgo": 2 }"#)
            .with_class_weights(&classes(), &[0; 4])
            .unwrap_err();
        assert_eq!((&*error.key, &*error.value), ("class-weights.dgo", "2"));
        let error = read("[1, 2]")
            .with_class_weights(&classes(), &[0; 4])
            .unwrap_err();
        assert_eq!(
            (&*error.key, &*error.value),
            ("class-weights", "2 numbers for 4 classes")
        );
        let by_subset = r#"{ "kind": "by-subset", "curated": { "kind": "sigmoid-cross-entropy" },
            "noisy": { "kind": "sigmoid-cross-entropy", "class-weights": { "pig": 2 } } }"#;
        let by_subset: Loss = serde_json::from_str(by_subset).unwrap();
        let error = by_subset.with_class_weights(&classes(), &[0; 4]).unwrap_err();
        assert_eq!(error.key, "noisy.class-weights.pig");
    }

    #[test]
    fn recipes_say_balanced_or_a_table_and_nothing_else() {
        for text in ["\"balanced\"", r#"{"dog":2.0}"#, "[1.0,2.0]"] {
            let loss = read(text);
            assert_eq!(
                serde_json::from_str::<Loss>(&serde_json::to_string(&loss).unwrap()).unwrap(),
                loss
            );
            assert!(loss.check().is_ok());
        }
        let text = r#"{ "kind": "softmax-cross-entropy", "class-weights": "balance" }"#;
        let message = serde_json::from_str::<Loss>(text).unwrap_err().to_string();
        assert!(
            message.contains("\"balance\", expected \"balanced\", or a table of classes"),
            "{message}"
        );
        for (text, key) in [
            ("{}", "class-weights"),
            (r#"{ "dog": 0 }"#, "class-weights.dog"),
            (r#"{ "dog": -1 }"#, "class-weights.dog"),
            ("[1, 0]", "class-weights"),
        ] {
            assert_eq!(read(text).check().unwrap_err().key, key, "{text}");
        }
    }
}

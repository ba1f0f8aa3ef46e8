//! How much an example's classes make it count in the loss.

use super::config::Loss;
use crate::refusal::Refusal;
use burn::tensor::{Tensor, TensorData};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// `class-weights` of a loss. An example weighs the mean of its classes' weights, each as much as its label says, before labels are
/// smoothed; an example without any label weighs 1. The loss of a batch is the sum of its examples' losses, each times its
/// weight, over their number, not over the sum of their weights.
///
/// With one label an example this is what `class_weight` does in Keras (2 and 3). Where labels are soft (mixed examples) Keras takes
/// the weight of the greatest label, which would jump where two are equal; the mean does not.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassWeights {
    /// `"balanced"`: labels / (classes x labels of the class), over the clips trained on, as scikit-learn's
    /// `compute_class_weight("balanced")`: all classes count alike, and the mean weight of a label is 1. Classes that no clip has
    /// are left out of the count.
    Balanced,
    /// A weight by class name; classes that are not named weigh 1.
    Named(BTreeMap<String, f64>),
    /// What the others became: a weight for each class in order.
    Each(Vec<f64>),
}

/// The word for it in recipes.
const BALANCED: &str = "balanced";

impl ClassWeights {
    /// Refuses weights that can't work; the key is below the loss.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let named = match self {
            Self::Balanced => return Ok(()),
            Self::Named(named) => named,
            Self::Each(each) => {
                return match each.iter().find(|w| !positive(**w)) {
                    None => Ok(()),
                    Some(w) => Err(("class-weights".into(), w.to_string(), POSITIVE)),
                };
            }
        };
        if named.is_empty() {
            let remedy = "name a class and its weight, such as { Bark = 2.0 }, or leave it out";
            return Err(("class-weights".into(), "{}".into(), remedy));
        }
        match named.iter().find(|(_, w)| !positive(**w)) {
            None => Ok(()),
            Some((class, w)) => Err((format!("class-weights.{class}"), w.to_string(), POSITIVE)),
        }
    }

    /// A weight for each class, whose clips to train on are counted in `counts`.
    fn each(&self, classes: &[String], counts: &[usize]) -> Result<Vec<f64>, Refusal> {
        match self {
            Self::Each(each) if each.len() == classes.len() => Ok(each.clone()),
            Self::Each(each) => {
                let remedy = "give a weight for each class of the data, in their order, or name classes: { Bark = 2.0 }";
                Err((
                    "class-weights".into(),
                    format!("{} numbers for {} classes", each.len(), classes.len()),
                    remedy,
                ))
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
                if let Some(class) = named.keys().find(|name| !classes.contains(name)) {
                    let remedy = "the data has no such class; `earmark data classes DIR` lists those it has";
                    return Err((format!("class-weights.{class}"), named[class].to_string(), remedy));
                }
                let weight = |name: &String| named.get(name).copied().unwrap_or(1.0);
                Ok(classes.iter().map(weight).collect())
            }
        }
    }
}

const POSITIVE: &str = "choose a positive number; 1 is the weight of classes that are not named";

fn positive(weight: f64) -> bool {
    weight > 0.0 && weight.is_finite()
}

impl Loss {
    /// The same loss with the weight of each class in place of a rule for them; `counts` are the clips of each class among those
    /// trained on.
    ///
    /// # Errors
    /// If a class is named that is not there; the key is below `loss`.
    pub fn weighed(&self, classes: &[String], counts: &[usize]) -> Result<Self, Refusal> {
        let mut loss = self.clone();
        match &mut loss {
            Self::SigmoidCrossEntropy {
                class_weights: Some(weights),
                ..
            }
            | Self::SoftmaxCrossEntropy {
                class_weights: Some(weights),
                ..
            } => *weights = ClassWeights::Each(weights.each(classes, counts)?),
            Self::ByPart { curated, noisy, .. } => {
                for (part, loss) in [("curated", curated), ("noisy", noisy)] {
                    **loss = loss
                        .weighed(classes, counts)
                        .map_err(|(key, value, remedy)| (format!("{part}.{key}"), value, remedy))?;
                }
            }
            _ => {}
        }
        Ok(loss)
    }

    /// Each class's weight in the loss, where there are any: of [`weighed`](Self::weighed) losses alone. Of a loss by part, those of
    /// its trusted half, else those of the other.
    pub fn class_weights(&self) -> Option<&[f64]> {
        match self {
            Self::SigmoidCrossEntropy { class_weights, .. }
            | Self::SoftmaxCrossEntropy { class_weights, .. } => match class_weights {
                Some(ClassWeights::Each(each)) => Some(each),
                _ => None,
            },
            Self::ByPart { curated, noisy, .. } => curated.class_weights().or_else(|| noisy.class_weights()),
            _ => None,
        }
    }
}

/// Losses `[B, C]`, each row times the weight of its example, as `targets` `[B, C]` say. Until [`Loss::weighed`] has seen the clips, all
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

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Balanced => to.serialize_str(BALANCED),
            Self::Named(named) => named.serialize(to),
            Self::Each(each) => each.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = ClassWeights;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("\"balanced\", or a table of classes and their weights such as { Bark = 2.0 }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ClassWeights, E> {
        match text {
            BALANCED => Ok(ClassWeights::Balanced),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClassWeights, A::Error> {
        BTreeMap::deserialize(de::value::MapAccessDeserializer::new(map)).map(ClassWeights::Named)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<ClassWeights, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(ClassWeights::Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let loss = read("\"balanced\"").weighed(&classes(), &[6, 3, 1, 0]).unwrap();
        let weights = loss.class_weights().unwrap();
        for (got, want) in weights.iter().zip([5.0 / 9.0, 10.0 / 9.0, 10.0 / 3.0, 1.0]) {
            assert!((got - want).abs() < 1e-12, "{weights:?}");
        }
        assert_eq!(loss.weighed(&classes(), &[1, 1, 1, 1]).unwrap(), loss, "it stays");
    }

    #[test]
    fn weights_are_named_and_the_rest_weighs_1() {
        let loss = read(r#"{ "dog": 2.5, "owl": 0.5 }"#);
        let weighed = loss.weighed(&classes(), &[0; 4]).unwrap();
        assert_eq!(weighed.class_weights(), Some(&[1.0, 2.5, 1.0, 0.5][..]));
        let (key, value, _) = read(r#"{ "dgo": 2 }"#).weighed(&classes(), &[0; 4]).unwrap_err();
        assert_eq!((&*key, &*value), ("class-weights.dgo", "2"));
        let (key, value, _) = read("[1, 2]").weighed(&classes(), &[0; 4]).unwrap_err();
        assert_eq!((&*key, &*value), ("class-weights", "2 numbers for 4 classes"));
        let by_part = r#"{ "kind": "by-part", "curated": { "kind": "sigmoid-cross-entropy" },
            "noisy": { "kind": "sigmoid-cross-entropy", "class-weights": { "pig": 2 } } }"#;
        let by_part: Loss = serde_json::from_str(by_part).unwrap();
        let (key, ..) = by_part.weighed(&classes(), &[0; 4]).unwrap_err();
        assert_eq!(key, "noisy.class-weights.pig");
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
            assert_eq!(read(text).check().unwrap_err().0, key, "{text}");
        }
    }
}

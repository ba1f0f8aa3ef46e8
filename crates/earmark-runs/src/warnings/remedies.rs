//! What can be advised to a training whose results are weak: nothing that it has, or that its recipe can't have.

use crate::run_dir::RunDir;
use earmark_engine::{Loss, TrainConfig};
use earmark_models::NetworkConfig;
use earmark_recipe::{AnyRecipe, Recipe};

/// What a training does not have yet and could. By default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remedies {
    /// To begin with a trained network.
    pub trained_network: bool,
    /// `train.batch-norm-warm-up`.
    pub batch_norm_warm_up: bool,
    /// `train.loss.class-weights`.
    pub class_weights: bool,
}

impl Remedies {
    /// Those of a training on audio, which may have begun with the weights of another model.
    pub fn of_audio(recipe: &Recipe, begun_with_model: bool) -> Self {
        let without_batch_norm = match &recipe.network {
            NetworkConfig::FcNet(_) | NetworkConfig::Perceptron(_) | NetworkConfig::Onnx(_) => true,
            NetworkConfig::MobileNetV1(network) => !network.batch_norm,
            _ => false,
        };
        Self {
            trained_network: !begun_with_model,
            batch_norm_warm_up: !without_batch_norm && !recipe.train.batch_norm_warm_up,
            ..Self::of_stack(&recipe.train)
        }
    }

    /// Those of a training on the scores of other models.
    pub fn of_stack(train: &TrainConfig) -> Self {
        let class_weights = match &train.loss {
            Loss::SigmoidCrossEntropy { class_weights, .. }
            | Loss::SoftmaxCrossEntropy { class_weights, .. } => class_weights.is_none(),
            // Other losses have no such key.
            _ => false,
        };
        Self {
            class_weights,
            ..Self::default()
        }
    }

    /// Those of a run of either kind.
    pub fn of_run(run: &RunDir<AnyRecipe>) -> Self {
        match &run.recipe {
            AnyRecipe::Audio(recipe) => Self::of_audio(recipe, run.info.init_from.is_some()),
            AnyRecipe::Stacked(recipe) => Self::of_stack(&recipe.train),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_advised_that_a_recipe_has() {
        let of = |overrides: &[&str], begun_with_model: bool| {
            let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
            Remedies::of_audio(&Recipe::load("folder", &overrides).unwrap(), begun_with_model)
        };
        let own = of(&[], false);
        assert!(own.trained_network && !own.batch_norm_warm_up, "{own:?}");
        assert!(of(&["train.batch-norm-warm-up=false"], false).batch_norm_warm_up);
        assert!(!of(&[], true).trained_network);
        let baseline = |overrides: &[String]| {
            let recipe = Recipe::load("dcase2019-baseline/1-noisy", overrides).unwrap();
            Remedies::of_audio(&recipe, false).batch_norm_warm_up
        };
        assert!(baseline(&[]));
        assert!(!baseline(&["network.batch-norm=false".to_owned()]));
        let cross_entropy = "train.loss={kind=\"softmax-cross-entropy\"}";
        assert!(of(&[cross_entropy], false).class_weights);
        let balanced = "train.loss={kind=\"softmax-cross-entropy\",class-weights=\"balanced\"}";
        assert!(!of(&[balanced], false).class_weights);
        assert!(
            !of(&["train.loss={kind=\"focal\"}"], false).class_weights,
            "it has no such key"
        );
    }
}

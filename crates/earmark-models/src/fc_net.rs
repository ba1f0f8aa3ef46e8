//! The second-level network of argus-2019, first in the public FSDKaggle2019 competition: what several first-level networks say of a clip,
//! weighed against each other, goes through two hidden layers.

use crate::blocks::{Dense, Prelu};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_drop_prob, check_init, check_range};
use crate::summary::{LayerRow, Summary, human_count};
use crate::vars::VarBuilder;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// Recipe keys of [`FcNet`]; the defaults are those of the original's class, its three published settings came from a random search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FcNetConfig {
    /// Features of the second hidden layer; the first has twice as many.
    pub base: usize,
    /// How many times fewer features the bottleneck has that weighs the inputs.
    pub reduction: usize,
    /// Probability that a feature is dropped after each hidden layer in training.
    pub drop_prob: f64,
    /// Start of all weights.
    pub init: WeightInit,
}

impl Default for FcNetConfig {
    fn default() -> Self {
        Self {
            base: 64,
            reduction: 8,
            drop_prob: 0.25,
            init: WeightInit::FanInUniform,
        }
    }
}

impl FcNetConfig {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        check_range(
            "base",
            self.base,
            1..=8192,
            "choose 1 to 8192; 512 is a published one",
        )?;
        check_range(
            "reduction",
            self.reduction,
            1..=1024,
            "choose 1 to 1024; 1 is a published one",
        )?;
        check_drop_prob(
            self.drop_prob,
            "choose a probability from 0 (no dropout) to below 1; 0.166 is a published one",
        )?;
        check_init(self.init)
    }
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct FcNet {
    config: FcNetConfig,
    features: usize,
    classes: usize,
    reduce: Dense,
    expand: Dense,
    hidden: [(Dense, Prelu); 2],
    logits: Dense,
}

impl FcNet {
    /// Declares `scale.reduce`, `scale.expand`, `dense1`, `dense2` (with `prelu`) and `logits`.
    pub fn declare(b: &mut VarBuilder, config: FcNetConfig, features: usize, classes: usize) -> Self {
        let c = &config;
        let narrow = (features / c.reduction).max(1);
        let dense = |b: &mut VarBuilder, scope: &str, from, to| Dense::declare(b, scope, from, to, c.init);
        let reduce = dense(b, "scale.reduce", features, narrow);
        let expand = dense(b, "scale.expand", narrow, features);
        let hidden =
            [("dense1", features, 2 * c.base), ("dense2", 2 * c.base, c.base)].map(|(scope, from, to)| {
                let layer = dense(b, scope, from, to);
                (layer, Prelu::declare(b, &format!("{scope}.prelu")))
            });
        let logits = dense(b, "logits", c.base, classes);
        Self {
            config,
            features,
            classes,
            reduce,
            expand,
            hidden,
            logits,
        }
    }

    /// `[B, features, 1, 1]` to what the last layer sees, `[B, base]`.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = x.flatten::<2>(1, 3); // [B, features]
        let narrow = activation::relu(self.reduce.forward(x.clone(), ctx)); // [B, features / reduction]
        let scale = activation::sigmoid(self.expand.forward(narrow, ctx)); // [B, features]
        let mut x = x * scale;
        for (dense, prelu) in &self.hidden {
            x = dense.forward(x, ctx); // [B, 2 base], then [B, base]
            x = prelu.forward(x, ctx);
            x = ctx.dropout(x, self.config.drop_prob);
        }
        x
    }

    /// What [`FcNet::embed`] gives to logits `[B, classes]`.
    pub fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.logits.forward(x, ctx)
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// The table of the layers.
    pub fn summary(&self) -> Summary {
        let row = |name: String, layer: &Dense, more: usize| {
            let weights = layer.input * layer.output;
            LayerRow {
                name,
                activation: vec![layer.output],
                weights: weights + more,
                multiplies: weights,
            }
        };
        let mut rows = vec![LayerRow {
            name: "Input".into(),
            activation: vec![self.features],
            weights: 0,
            multiplies: 0,
        }];
        let narrow = self.reduce.output;
        rows.push(row(format!("scale Dense({narrow}), ReLU"), &self.reduce, 0));
        rows.push(row(
            format!("scale Dense({}), sigmoid", self.features),
            &self.expand,
            0,
        ));
        for (dense, _) in &self.hidden {
            // The slope is a weight of its own.
            rows.push(row(format!("Dense({}), PReLU", dense.output), dense, 1));
        }
        rows.push(row(format!("Dense({})", self.classes), &self.logits, 0));
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!("FcNet, base {}, {macs} multiplies a clip", self.config.base),
            rows,
        }
    }
}

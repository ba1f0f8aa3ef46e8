//! The meta-model of argus-2019, first in the public FSDKaggle2019 competition: the scores that several models give a clip are
//! weighed against each other and go through two hidden layers.

use crate::architecture::{Architecture, ArchitectureConfig, NetworkInput};
use crate::blocks::{Dense, Prelu};
use crate::config_checks::{check_drop_prob, check_init};
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::{Tensor, activation};
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of the meta-model; the defaults are those of the original's class. Its three published settings came from a random
/// search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FcNetConfig {
    /// Features of the second hidden layer; the first has twice as many.
    pub base: usize,
    /// Number of inputs per feature of the bottleneck that weighs the inputs.
    pub reduction: usize,
    /// Probability that a feature after a hidden layer is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// How all weights are initialised.
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

impl Check for FcNetConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 1 to 8192; 512 is a published value";
        ConfigError::check_range("base", self.base, 1..=8192, remedy)?;
        let remedy = "choose 1 to 1024; 1 is a published value";
        ConfigError::check_range("reduction", self.reduction, 1..=1024, remedy)?;
        check_drop_prob(self.drop_prob, "; 0.166 is a published value")?;
        check_init(self.init)
    }
}

/// The network: a bottleneck that weighs the inputs, two hidden layers, a dense layer.
#[derive(Clone, Debug)]
struct FcNet {
    config: FcNetConfig,
    reduce: Dense,
    expand: Dense,
    hidden: [(Dense, Prelu); 2],
    logits: Dense,
}

impl ArchitectureConfig for FcNetConfig {
    /// Declares `scale.reduce`, `scale.expand`, `dense1`, `dense2` (with `prelu`) and `logits`.
    fn declare(&self, b: &mut VarBuilder, features: usize, classes: usize) -> Arc<dyn Architecture> {
        let (base, narrow) = (self.base, (features / self.reduction).max(1));
        let dense =
            |b: &mut VarBuilder, prefix: &str, from, to| Dense::declare(b, prefix, from, to, self.init);
        Arc::new(FcNet {
            config: *self,
            reduce: dense(b, "scale.reduce", features, narrow),
            expand: dense(b, "scale.expand", narrow, features),
            hidden: [("dense1", features, 2 * base), ("dense2", 2 * base, base)].map(|(prefix, from, to)| {
                let layer = dense(b, prefix, from, to);
                (layer, Prelu::declare(b, &format!("{prefix}.prelu")))
            }),
            logits: dense(b, "logits", base, classes),
        })
    }

    fn input(&self) -> NetworkInput {
        NetworkInput::Scores
    }
}

impl Architecture for FcNet {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
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

    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// Weights without biases.
    fn layer_table(&self, _: usize, _: usize, _: usize) -> LayerTable {
        let mut table = LayerTableBuilder::vector_input(self.reduce.input);
        table.dense_then("scale", &self.reduce, ", ReLU", 0);
        table.dense_then("scale", &self.expand, ", sigmoid", 0);
        for (layer, _) in &self.hidden {
            // The slope is a weight, too.
            table.dense_then("", layer, ", PReLU", 1);
        }
        table.dense("", &self.logits);
        table.finish(format!("FcNet, base {}", self.config.base))
    }

    fn add_to_onnx(&self, _: &mut Builder, _: &Vars, _: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let remedy = "export the models that are stacked instead";
        Err(ConfigError::new("network.kind", "fc-net", remedy)
            .because("a meta-model takes the scores of other models, not sound"))
    }
}

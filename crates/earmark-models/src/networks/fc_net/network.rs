//! The layers of the meta-model and its passes.

use crate::architecture::{Architecture, ArchitectureConfig, NetworkInput};
use crate::blocks::dense::Dense;
use crate::blocks::prelu::Prelu;
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::fc_net::config::FcNetConfig;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::{Tensor, activation};
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// The network: a bottleneck that weighs the inputs, two hidden layers, a dense layer.
#[derive(Clone, Debug)]
pub(super) struct FcNet {
    pub(super) config: FcNetConfig,
    pub(super) reduce: Dense,
    pub(super) expand: Dense,
    pub(super) hidden: [(Dense, Prelu); 2],
    pub(super) logits: Dense,
}

impl FcNet {
    /// Declares `scale.reduce`, `scale.expand`, `dense1`, `dense2` (with `prelu`) and `logits`.
    pub(super) fn declare(b: &mut VarBuilder, config: FcNetConfig, features: usize, classes: usize) -> Self {
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
            reduce,
            expand,
            hidden,
            logits,
        }
    }
}

impl ArchitectureConfig for FcNetConfig {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(FcNet::declare(b, *self, channels, classes))
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

    fn layer_table(&self, _: usize, _: usize, _: usize) -> LayerTable {
        self.table()
    }

    fn add_to_onnx(&self, _: &mut Builder, _: &Vars, _: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let remedy = "export the models that are stacked instead";
        Err(ConfigError::new("network.kind", "fc-net", remedy)
            .because("a meta-model takes the scores of other models, not sound"))
    }
}

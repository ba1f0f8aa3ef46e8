//! The layers of the perceptron and its passes.

use crate::architecture::{Architecture, ArchitectureConfig, NetworkInput};
use crate::blocks::dense::Dense;
use crate::blocks::input_scaler::{InputScaler, InputScalerSpec};
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::perceptron::config::PerceptronConfig;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::{Tensor, activation};
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// The network: the scaler, perhaps a hidden layer, a dense layer.
#[derive(Clone, Debug)]
pub(super) struct Perceptron {
    pub(super) config: PerceptronConfig,
    pub(super) input: InputScaler,
    pub(super) hidden: Option<Dense>,
    pub(super) logits: Dense,
}

impl Perceptron {
    /// Declares all variables: the buffers `standardise.mean`, `standardise.deviation`, `pca.mean` and `pca.components`, then `hidden.*`
    /// and `logits.*`.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: PerceptronConfig,
        inputs: usize,
        classes: usize,
    ) -> Self {
        let spec = InputScalerSpec {
            prefix: "",
            compress: config.compress,
            limit: config.limit,
            components: config.components,
            key: "network.components",
            scales_clip_features: false,
        };
        let input = InputScaler::declare(b, spec, inputs);
        let width = input.outputs();
        let hidden =
            (config.hidden > 0).then(|| Dense::declare(b, "hidden", width, config.hidden, config.init));
        let width = hidden.as_ref().map_or(width, |dense| dense.output);
        Self {
            config,
            input,
            hidden,
            logits: Dense::declare(b, "logits", width, classes, config.init),
        }
    }
}

impl ArchitectureConfig for PerceptronConfig {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(Perceptron::declare(b, *self, channels, classes))
    }

    fn input(&self) -> NetworkInput {
        NetworkInput::HandcraftedFeatures
    }
}

impl Architecture for Perceptron {
    /// One channel per input, averaged over its plane, to what the classifier sees: `[B, hidden]` or `[B, components]`.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let [batch, channels, bands, frames] = x.dims();
        let x = x.reshape([batch, channels, bands * frames]).mean_dim(2);
        let x = self.input.forward(x.reshape([batch, channels]), ctx);
        match &self.hidden {
            None => x,
            Some(hidden) => {
                let x = ctx.dropout(x, self.config.drop_prob);
                activation::relu(hidden.forward(x, ctx)) // [B, hidden]
            }
        }
    }

    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [bands, frames])
    }

    fn add_to_onnx(&self, _: &mut Builder, _: &Vars, _: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let remedy = "use `earmark predict`";
        Err(ConfigError::new("network.kind", "perceptron", remedy)
            .because("it takes handcrafted clip features, which a graph can't compute"))
    }

    fn input_scaler(&self) -> Option<&InputScalerSpec> {
        Some(self.input.spec())
    }
}

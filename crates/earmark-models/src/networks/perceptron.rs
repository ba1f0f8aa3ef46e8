//! A classifier on handcrafted clip features: they are standardised and projected on their principal components, then one dense
//! layer gives the logits (a multinomial logistic regression), or two with a ReLU between them.
//!
//! The scaler is fitted on the training clips before the first step and kept in buffers, so that a model file holds all that a
//! prediction needs.

use crate::architecture::{Architecture, ArchitectureConfig, NetworkInput};
use crate::blocks::{Dense, InputScaler, InputScalerSpec};
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

/// Settings of the perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PerceptronConfig {
    /// Inputs go through `asinh(compress x)` first: linear near zero, logarithmic far from it. 0 leaves them as they are.
    pub compress: f64,
    /// Standardised inputs are clipped to this number of standard deviations; 0 clips nothing.
    pub limit: f64,
    /// Principal components to keep; 0 leaves the standardised inputs as they are.
    pub components: usize,
    /// Features of a hidden layer; 0 for none.
    pub hidden: usize,
    /// Probability that an input of a dense layer is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for PerceptronConfig {
    fn default() -> Self {
        Self {
            compress: 0.0,
            limit: 5.0,
            components: 0,
            hidden: 0,
            drop_prob: 0.0,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl Check for PerceptronConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor up to 1000000, such as 100; 0 leaves inputs as they are";
        ConfigError::check_range("compress", self.compress, 0.0..=1e6, remedy)?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 clips nothing";
        ConfigError::check_range("limit", self.limit, 0.0..=1e6, remedy)?;
        let remedy = "choose 0 (none) to 65536, at most the number of training clips";
        ConfigError::check_range("components", self.components, 0..=65_536, remedy)?;
        let remedy = "choose 0 (none) to 65536 features";
        ConfigError::check_range("hidden", self.hidden, 0..=65_536, remedy)?;
        check_drop_prob(self.drop_prob, "")?;
        check_init(self.init)
    }
}

/// The network: the scaler, perhaps a hidden layer, a dense layer.
#[derive(Clone, Debug)]
struct Perceptron {
    config: PerceptronConfig,
    input: InputScaler,
    hidden: Option<Dense>,
    logits: Dense,
}

impl ArchitectureConfig for PerceptronConfig {
    /// Declares all variables: the buffers `standardise.mean`, `standardise.deviation`, `pca.mean` and `pca.components`, then `hidden.*`
    /// and `logits.*`.
    fn declare(&self, b: &mut VarBuilder, inputs: usize, classes: usize) -> Arc<dyn Architecture> {
        let spec = InputScalerSpec {
            prefix: "",
            compress: self.compress,
            limit: self.limit,
            components: self.components,
            key: "network.components",
            scales_clip_features: false,
        };
        let input = InputScaler::declare(b, spec, inputs);
        let width = input.outputs();
        let hidden = (self.hidden > 0).then(|| Dense::declare(b, "hidden", width, self.hidden, self.init));
        let width = hidden.as_ref().map_or(width, |dense| dense.output);
        Arc::new(Perceptron {
            config: *self,
            input,
            hidden,
            logits: Dense::declare(b, "logits", width, classes, self.init),
        })
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
        let Some(hidden) = &self.hidden else { return x };
        let x = ctx.dropout(x, self.config.drop_prob);
        activation::relu(hidden.forward(x, ctx)) // [B, hidden]
    }

    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// Weights of dense layers, without biases.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        let (inputs, components) = (self.input.inputs, self.config.components);
        table.vector("Standardise", inputs, 0, inputs);
        if components > 0 {
            table.vector(format!("PCA({components})"), components, 0, components * inputs);
        }
        for dense in self.hidden.iter().chain([&self.logits]) {
            table.dense("", dense);
        }
        table.finish(format!("perceptron of {inputs} inputs"))
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

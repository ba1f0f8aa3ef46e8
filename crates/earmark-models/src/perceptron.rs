//! A classifier on numbers about a whole clip: they are standardised and turned to their principal components, then one dense layer
//! gives the logits (a multinomial logistic regression), or two with a ReLU between them.
//!
//! What standardises and turns is fitted on the training clips before the first step and kept in buffers, so that a model file
//! holds all that a prediction needs.

use crate::blocks::{Dense, FittedInput, InputFit};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_drop_prob, check_init, check_range};
use crate::summary::{LayerRow, Summary, human_count};
use crate::vars::VarBuilder;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// Recipe keys of [`Perceptron`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PerceptronConfig {
    /// Inputs go through `asinh(compress x)` first, which is x times this near zero and a logarithm with a sign far from it; 0 leaves
    /// them as they are.
    pub compress: f64,
    /// Standardised inputs are cut off beyond so many standard deviations; 0 cuts nothing.
    pub limit: f64,
    /// Principal components that go on; 0 leaves the standardised inputs as they are.
    pub components: usize,
    /// Features of a layer between; 0 for none.
    pub hidden: usize,
    /// Probability that an input of a dense layer is dropped in training.
    pub drop_prob: f64,
    /// Start of the weights.
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

impl PerceptronConfig {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        let fine = |x: f64| (0.0..=1e6).contains(&x);
        let remedy = "choose a factor up to 1000000, such as 100; 0 leaves inputs as they are";
        ModelError::unless(fine(self.compress), "compress", self.compress, remedy)?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 cuts nothing";
        ModelError::unless(fine(self.limit), "limit", self.limit, remedy)?;
        let remedy = "choose 0 (none) to 65536, and not more than there are clips to train on";
        check_range("components", self.components, 0..=65_536, remedy)?;
        check_range(
            "hidden",
            self.hidden,
            0..=65_536,
            "choose 0 (none) to 65536 features",
        )?;
        check_drop_prob(
            self.drop_prob,
            "choose a probability from 0 (no dropout) to below 1",
        )?;
        check_init(self.init)
    }
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct Perceptron {
    config: PerceptronConfig,
    input: FittedInput,
    hidden: Option<Dense>,
    logits: Dense,
}

impl Perceptron {
    /// Declares all variables: the buffers `standardise.mean`, `standardise.deviation`, `pca.mean` and `pca.components`, then `hidden.*`
    /// and `logits.*`. Until they are fitted, the buffers leave inputs as they are, but for components, of which they give none.
    pub fn declare(b: &mut VarBuilder, config: PerceptronConfig, inputs: usize, classes: usize) -> Self {
        let fit = InputFit {
            scope: "",
            compress: config.compress,
            limit: config.limit,
            components: config.components,
            key: "network.components",
            beside: false,
        };
        let input = FittedInput::declare(b, fit, inputs);
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

    /// What is fitted before training, and how.
    pub fn input_fit(&self) -> &InputFit {
        self.input.fit()
    }

    /// `[B, channels, bands, frames]`, with a channel for each input and the mean of what lies behind it, to what the classifier sees,
    /// `[B, hidden]` or `[B, components]`.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
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

    /// What [`Perceptron::embed`] gives to logits `[B, classes]`.
    pub fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// Activation shapes, weights (of dense layers, without biases) and multiplies of each layer.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut rows = vec![LayerRow::new("Input", [bands, frames, input_channels], 0, 0)];
        let mut vector = |name: String, width: usize, weights: usize, multiplies: usize| {
            rows.push(LayerRow {
                name,
                activation: vec![width],
                weights,
                multiplies,
            });
        };
        vector("Standardise".into(), self.input.inputs, 0, self.input.inputs);
        let count = self.config.components;
        if count > 0 {
            vector(format!("PCA({count})"), count, 0, count * self.input.inputs);
        }
        for dense in self.hidden.iter().chain([&self.logits]) {
            let weights = dense.input * dense.output;
            vector(format!("Dense({})", dense.output), dense.output, weights, weights);
        }
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!(
                "perceptron of {} inputs, {macs} multiplies an example",
                self.input.inputs
            ),
            rows,
        }
    }
}

//! The closed set of networks a recipe can name.

use crate::forward::Forward;
use crate::mobilenet_v1::{MobileNetV1, MobileNetV1Config};
use crate::summary::Summary;
use crate::vars::{VarBuilder, VarSpec};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// `[network]` of a recipe: the kind and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// The DCASE 2019 baseline's MobileNet v1.
    #[serde(rename = "mobilenet-v1")]
    MobileNetV1(MobileNetV1Config),
}

/// Why a network can't be built.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ModelError {
    /// A key has a value that no network can have.
    #[error("network.{key} = {value}: {remedy}")]
    Value {
        /// Key below `[network]`.
        key: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        remedy: &'static str,
    },
}

impl NetworkConfig {
    /// Refuses values that can't work, before anything is built.
    pub fn check(&self) -> Result<(), ModelError> {
        let Self::MobileNetV1(c) = self;
        let refuse = |key, value: f64, remedy| Err(ModelError::Value { key, value: value.to_string(), remedy });
        if !(c.width > 0.0 && c.width <= 16.0) {
            return refuse("width", c.width, "choose a factor above 0, at most 16; 1 is the published network");
        }
        if !(0.0..1.0).contains(&c.drop_prob) {
            return refuse(
                "drop-prob",
                c.drop_prob,
                "choose a probability from 0 (no dropout) to below 1; the original's `dropout` is the KEEP probability, 1 minus this",
            );
        }
        if !(0.0..1.0).contains(&c.batch_norm_decay) {
            return refuse("batch-norm-decay", c.batch_norm_decay, "choose a share from 0 to below 1, such as 0.99");
        }
        if c.batch_norm_epsilon.is_nan() || c.batch_norm_epsilon <= 0.0 {
            return refuse("batch-norm-epsilon", c.batch_norm_epsilon, "choose a small positive number, such as 0.001");
        }
        if let crate::init::WeightInit::TruncatedNormal { standard_deviation } = c.init
            && !(standard_deviation > 0.0 && standard_deviation.is_finite())
        {
            return refuse("init.standard-deviation", standard_deviation, "choose a positive number, such as 0.05");
        }
        Ok(())
    }
}

/// A built network: layer handles, no values.
#[derive(Clone, Debug)]
pub enum Network {
    /// See [`MobileNetV1`].
    MobileNetV1(MobileNetV1),
}

impl Network {
    /// Builds the network for inputs of `channels` and logits of `classes`; returns it with its variables' declarations.
    pub fn build(config: &NetworkConfig, channels: usize, classes: usize) -> Result<(Self, Vec<VarSpec>), ModelError> {
        config.check()?;
        let mut b = VarBuilder::default();
        let network = match *config {
            NetworkConfig::MobileNetV1(c) => Self::MobileNetV1(MobileNetV1::declare(&mut b, c, channels, classes)),
        };
        Ok((network, b.finish()))
    }

    /// `[B, channels, bands, frames]` to logits `[B, classes]`.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        match self {
            Self::MobileNetV1(n) => n.forward(x, ctx),
        }
    }

    /// Layers, weights and multiplies for inputs of this size.
    pub fn summary(&self, channels: usize, bands: usize, frames: usize) -> Summary {
        match self {
            Self::MobileNetV1(n) => n.summary(channels, bands, frames),
        }
    }
}

//! The closed set of networks a recipe can name.

use crate::aux_skip_attention::{AuxSkipAttention, AuxSkipAttentionConfig};
use crate::blocks::InputFit;
use crate::efficientat::{EfficientAt, EfficientAtConfig};
use crate::fc_net::{FcNet, FcNetConfig};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::mobilenet_v1::{MobileNetV1, MobileNetV1Config};
use crate::mobilenet_v2::{MobileNetV2, MobileNetV2Config};
use crate::panns::{Panns, PannsConfig};
use crate::perceptron::{Perceptron, PerceptronConfig};
use crate::starter_2018::{Starter2018, Starter2018Config};
use crate::summary::Summary;
use crate::vars::{VarBuilder, VarSpec};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// `[network]` of a recipe: the kind and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// The DCASE 2019 baseline's MobileNet v1.
    #[serde(rename = "mobilenet-v1")]
    MobileNetV1(MobileNetV1Config),
    /// The network of argus-2019.
    AuxSkipAttention(AuxSkipAttentionConfig),
    /// The network of mobilenetv2-pca-2018.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2(MobileNetV2Config),
    /// The network of starter-2018.
    #[serde(rename = "starter-2018")]
    Starter2018(Starter2018Config),
    /// The MobileNetV3 of EfficientAT.
    #[serde(rename = "efficientat-mn")]
    EfficientAt(EfficientAtConfig),
    /// The second-level network of argus-2019.
    FcNet(FcNetConfig),
    /// Dense layers on numbers about a whole clip.
    Perceptron(PerceptronConfig),
    /// One of PANNs' networks.
    Panns(PannsConfig),
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

impl ModelError {
    /// Refuses `value` of `key` unless it is `fine`.
    pub(crate) fn unless(
        fine: bool,
        key: &'static str,
        value: impl Display,
        remedy: &'static str,
    ) -> Result<(), Self> {
        if fine {
            Ok(())
        } else {
            Err(Self::Value {
                key,
                value: value.to_string(),
                remedy,
            })
        }
    }
}

/// Checks a count.
pub(crate) fn check_range(
    key: &'static str,
    value: usize,
    range: RangeInclusive<usize>,
    remedy: &'static str,
) -> Result<(), ModelError> {
    ModelError::unless(range.contains(&value), key, value, remedy)
}

/// Checks `drop-prob`.
pub(crate) fn check_drop_prob(drop_prob: f64, remedy: &'static str) -> Result<(), ModelError> {
    ModelError::unless((0.0..1.0).contains(&drop_prob), "drop-prob", drop_prob, remedy)
}

/// Checks `batch-norm-decay` and `batch-norm-epsilon`.
pub(crate) fn check_batch_norm(decay: f64, epsilon: f64) -> Result<(), ModelError> {
    let remedy = "choose a share from 0 to below 1, such as 0.99";
    ModelError::unless((0.0..1.0).contains(&decay), "batch-norm-decay", decay, remedy)?;
    let remedy = "choose a small positive number, such as 0.001";
    ModelError::unless(
        epsilon > 0.0 && epsilon.is_finite(),
        "batch-norm-epsilon",
        epsilon,
        remedy,
    )
}

/// Checks `init`.
pub(crate) fn check_init(init: WeightInit) -> Result<(), ModelError> {
    match init {
        WeightInit::TruncatedNormal {
            standard_deviation: s,
        } => {
            let remedy = "choose a positive number, such as 0.05";
            ModelError::unless(s > 0.0 && s.is_finite(), "init.standard-deviation", s, remedy)
        }
        WeightInit::GlorotUniform | WeightInit::KaimingNormal | WeightInit::FanInUniform => Ok(()),
    }
}

impl NetworkConfig {
    /// Refuses values that can't work, before anything is built.
    ///
    /// # Errors
    /// Names the first such value.
    pub fn check(&self) -> Result<(), ModelError> {
        match self {
            Self::MobileNetV1(c) => {
                let remedy = "choose a factor above 0, at most 16; 1 is the published network";
                ModelError::unless(c.width > 0.0 && c.width <= 16.0, "width", c.width, remedy)?;
                let remedy = "choose a probability from 0 (no dropout) to below 1; the original's `dropout` is the KEEP probability, 1 minus this";
                check_drop_prob(c.drop_prob, remedy)?;
                check_batch_norm(c.batch_norm_decay, c.batch_norm_epsilon)?;
                check_init(c.init)
            }
            Self::AuxSkipAttention(c) => c.check(),
            Self::MobileNetV2(c) => c.check(),
            Self::Starter2018(c) => c.check(),
            Self::EfficientAt(c) => c.check(),
            Self::FcNet(c) => c.check(),
            Self::Perceptron(c) => c.check(),
            Self::Panns(c) => c.check(),
        }
    }

    /// Bands that the front end must have; `None` where any will do.
    pub fn bands(&self) -> Option<usize> {
        match self {
            Self::Panns(c) => Some(c.bands),
            Self::MobileNetV1(_)
            | Self::AuxSkipAttention(_)
            | Self::MobileNetV2(_)
            | Self::Starter2018(_)
            | Self::EfficientAt(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => None,
        }
    }
}

/// A built network: layer handles, no values.
#[derive(Clone, Debug)]
pub enum Network {
    /// See [`MobileNetV1`].
    MobileNetV1(Box<MobileNetV1>),
    /// See [`AuxSkipAttention`].
    AuxSkipAttention(Box<AuxSkipAttention>),
    /// See [`MobileNetV2`].
    MobileNetV2(Box<MobileNetV2>),
    /// See [`Starter2018`].
    Starter2018(Box<Starter2018>),
    /// See [`EfficientAt`].
    EfficientAt(Box<EfficientAt>),
    /// See [`FcNet`].
    FcNet(Box<FcNet>),
    /// See [`Perceptron`].
    Perceptron(Box<Perceptron>),
    /// See [`Panns`].
    Panns(Box<Panns>),
}

impl Network {
    /// Builds the network for inputs of `channels` and logits of `classes`; returns it with its variables' declarations.
    pub fn build(
        config: &NetworkConfig,
        channels: usize,
        classes: usize,
    ) -> Result<(Self, Vec<VarSpec>), ModelError> {
        config.check()?;
        let remedy = "there is nothing to tell apart; a model file without classes is a body to start a training from (train.start)";
        ModelError::unless(classes > 0, "classes", classes, remedy)?;
        let mut b = VarBuilder::default();
        let network = match *config {
            NetworkConfig::MobileNetV1(c) => {
                Self::MobileNetV1(Box::new(MobileNetV1::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::AuxSkipAttention(c) => {
                Self::AuxSkipAttention(Box::new(AuxSkipAttention::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::MobileNetV2(c) => {
                Self::MobileNetV2(Box::new(MobileNetV2::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::Starter2018(c) => {
                Self::Starter2018(Box::new(Starter2018::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::EfficientAt(c) => {
                Self::EfficientAt(Box::new(EfficientAt::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::FcNet(c) => Self::FcNet(Box::new(FcNet::declare(&mut b, c, channels, classes))),
            NetworkConfig::Perceptron(c) => {
                Self::Perceptron(Box::new(Perceptron::declare(&mut b, c, channels, classes)))
            }
            NetworkConfig::Panns(c) => Self::Panns(Box::new(Panns::declare(&mut b, c, channels, classes))),
        };
        Ok((network, b.finish()))
    }

    /// `[B, channels, bands, frames]` to the logits that count, `[B, classes]`: what is predicted and judged.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let embedding = self.embed(x, ctx);
        self.classify(embedding, ctx)
    }

    /// `[B, channels, bands, frames]` to embeddings `[B, E]`: the features, pooled over the plane, that the last dense layers
    /// classify. [`Network::forward`] is this and [`Network::classify`].
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        match self {
            Self::MobileNetV1(n) => n.embed(x, ctx),
            Self::AuxSkipAttention(n) => n.embed(x, ctx),
            Self::EfficientAt(n) => n.embed(x, ctx),
            Self::Panns(n) => n.embed(x, ctx),
            Self::MobileNetV2(n) => n.embed(x, ctx),
            Self::Starter2018(n) => n.embed(x, ctx),
            Self::FcNet(n) => n.embed(x, ctx),
            Self::Perceptron(n) => n.embed(x, ctx),
        }
    }

    /// Embeddings `[B, E]` to the logits that count, `[B, classes]`.
    pub fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        match self {
            Self::MobileNetV1(n) => n.classify(embedding, ctx),
            Self::AuxSkipAttention(n) => n.classify(embedding, ctx),
            Self::EfficientAt(n) => n.classify(embedding, ctx),
            Self::Panns(n) => n.classify(embedding, ctx),
            Self::MobileNetV2(n) => n.classify(embedding, ctx),
            Self::Starter2018(n) => n.classify(embedding, ctx),
            Self::FcNet(n) => n.classify(embedding, ctx),
            Self::Perceptron(n) => n.classify(embedding, ctx),
        }
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        match self {
            Self::MobileNetV1(n) => n.embedding_len(),
            Self::AuxSkipAttention(n) => n.embedding_len(),
            Self::EfficientAt(n) => n.embedding_len(),
            Self::Panns(n) => n.embedding_len(),
            Self::MobileNetV2(n) => n.embedding_len(),
            Self::Starter2018(n) => n.embedding_len(),
            Self::FcNet(n) => n.embedding_len(),
            Self::Perceptron(n) => n.embedding_len(),
        }
    }

    /// Scopes of the variables that [`Network::classify`] reads: the head; what stands in no such scope is the body.
    pub fn head_scopes(&self) -> &'static [&'static str] {
        match self {
            Self::MobileNetV1(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => &["logits."],
            Self::AuxSkipAttention(_) => &["main."],
            Self::EfficientAt(_) => &["hidden.", "logits."],
            Self::MobileNetV2(_) => &["dense1.", "dense2.", "logits."],
        }
    }

    /// Scopes of the layers whose outputs are the classes: their shapes differ between class maps, and no other's do.
    pub fn class_scopes(&self) -> &'static [&'static str] {
        match self {
            Self::MobileNetV1(_)
            | Self::EfficientAt(_)
            | Self::MobileNetV2(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => &["logits."],
            Self::AuxSkipAttention(_) => &["main.logits.", "aux1.logits.", "aux2.logits.", "aux3.logits."],
        }
    }

    /// All outputs `[B, classes]`, for training: first what [`Network::forward`] gives, then the auxiliary ones.
    pub fn outputs(&self, x: Tensor<4>, ctx: &mut Forward) -> Vec<Tensor<2>> {
        match self {
            Self::AuxSkipAttention(n) => n.forward_all(x, ctx),
            Self::MobileNetV1(_)
            | Self::EfficientAt(_)
            | Self::MobileNetV2(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => {
                vec![self.forward(x, ctx)]
            }
        }
    }

    /// Length of the vector about the clip that a pass takes besides the image ([`Forward::with_side`]); 0 for none.
    pub fn side_inputs(&self) -> usize {
        match self {
            Self::MobileNetV2(n) => n.side_inputs(),
            Self::MobileNetV1(_)
            | Self::AuxSkipAttention(_)
            | Self::EfficientAt(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => 0,
        }
    }

    /// What is to be fitted on the training clips before the first step, for a network that standardises its input itself, or what is
    /// known of the clip besides.
    pub fn input_fit(&self) -> Option<&InputFit> {
        match self {
            Self::Perceptron(n) => Some(n.input_fit()),
            Self::MobileNetV2(n) => n.side_fit(),
            Self::MobileNetV1(_)
            | Self::AuxSkipAttention(_)
            | Self::EfficientAt(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_) => None,
        }
    }

    /// What the loss of each of [`Network::outputs`] counts.
    pub fn output_weights(&self) -> Vec<f64> {
        match self {
            Self::AuxSkipAttention(n) => n.output_weights(),
            Self::MobileNetV1(_)
            | Self::EfficientAt(_)
            | Self::MobileNetV2(_)
            | Self::Starter2018(_)
            | Self::Panns(_)
            | Self::FcNet(_)
            | Self::Perceptron(_) => {
                vec![1.0]
            }
        }
    }

    /// Layers, weights and multiplies for inputs of this size.
    pub fn summary(&self, channels: usize, bands: usize, frames: usize) -> Summary {
        match self {
            Self::MobileNetV1(n) => n.summary(channels, bands, frames),
            Self::AuxSkipAttention(n) => n.summary(channels, bands, frames),
            Self::MobileNetV2(n) => n.summary(channels, bands, frames),
            Self::Starter2018(n) => n.summary(channels, bands, frames),
            Self::EfficientAt(n) => n.summary(channels, bands, frames),
            Self::FcNet(n) => n.summary(),
            Self::Perceptron(n) => n.summary(channels, bands, frames),
            Self::Panns(n) => n.summary(channels, bands, frames),
        }
    }
}

//! The closed set of networks that a recipe can name, and how one is built.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::imported_graphs::GraphRunner;
use crate::layer_table::short_count;
use crate::networks::aux_skip_attention::AuxSkipAttentionConfig;
use crate::networks::efficientat::EfficientAtConfig;
use crate::networks::fc_net::FcNetConfig;
use crate::networks::imported_graph::ImportedGraphConfig;
use crate::networks::mobilenet_v1::MobileNetV1Config;
use crate::networks::mobilenet_v2::MobileNetV2Config;
use crate::networks::panns::PannsConfig;
use crate::networks::perceptron::PerceptronConfig;
use crate::networks::rnn_aux_skip_attention::RnnAuxSkipAttentionConfig;
use crate::networks::skip_attention::SkipAttentionConfig;
use crate::networks::starter_2018::Starter2018Config;
use crate::params::{VarBuilder, VarSpec};
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::sync::Arc;

/// The network: its `kind` and the settings of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// MobileNet v1 as in the DCASE 2019 Task 2 baseline.
    #[serde(rename = "mobilenet-v1")]
    MobileNetV1(MobileNetV1Config),
    /// The convolutional network of argus-2019, with skips, attention and auxiliary outputs.
    AuxSkipAttention(AuxSkipAttentionConfig),
    /// MobileNet v2 as in mobilenetv2-pca-2018, optionally with clip-level features.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2(MobileNetV2Config),
    /// The small convolutional network of starter-2018.
    #[serde(rename = "starter-2018")]
    Starter2018(Starter2018Config),
    /// The MobileNetV3 of EfficientAT.
    #[serde(rename = "efficientat-mn")]
    EfficientAt(EfficientAtConfig),
    /// The meta-model of argus-2019, for stacking.
    FcNet(FcNetConfig),
    /// Dense layers on handcrafted clip features.
    Perceptron(PerceptronConfig),
    /// One of PANNs' networks.
    Panns(PannsConfig),
    /// The network of argus-2019 without auxiliary outputs, as in two of its experiments.
    SkipAttention(SkipAttentionConfig),
    /// The network of argus-2019 with LSTMs over time before the main output, as in one of its experiments.
    RnnAuxSkipAttention(RnnAuxSkipAttentionConfig),
    /// An imported ONNX graph, as `earmark models import` describes it. It can't be trained; its embeddings can be
    /// probed.
    Onnx(ImportedGraphConfig),
}

impl NetworkConfig {
    /// The settings of the kind: the one place that knows every network.
    pub fn architecture(&self) -> &dyn ArchitectureConfig {
        match self {
            Self::MobileNetV1(c) => c,
            Self::AuxSkipAttention(c) => c,
            Self::MobileNetV2(c) => c,
            Self::Starter2018(c) => c,
            Self::EfficientAt(c) => c,
            Self::FcNet(c) => c,
            Self::Perceptron(c) => c,
            Self::Panns(c) => c,
            Self::SkipAttention(c) => c,
            Self::RnnAuxSkipAttention(c) => c,
            Self::Onnx(c) => c,
        }
    }
}

impl NetworkConfig {
    /// Whether it is an imported graph, which can't be trained.
    pub fn is_graph(&self) -> bool {
        matches!(self, Self::Onnx(_))
    }

    /// The same network with a linear layer of this program's own before the classes, where the classes of an imported
    /// graph are its own.
    #[must_use]
    pub fn with_linear_head(self) -> Self {
        match self {
            Self::Onnx(graph) => Self::Onnx(ImportedGraphConfig {
                linear_head: true,
                ..graph
            }),
            others => others,
        }
    }
}

impl Check for NetworkConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.architecture().check()
    }
}

/// Most parameters of a network: 4 GiB, and four times that in training. The largest published ones here have 80
/// million.
pub const MOST_PARAMETERS: usize = 1 << 30;

/// A built network: an [`Architecture`], cheap to clone.
#[derive(Clone, Debug)]
pub struct Network(Arc<dyn Architecture>);

impl Deref for Network {
    type Target = dyn Architecture;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Network {
    /// Builds the network for inputs of `channels` and logits of `classes`; returns it with the declarations of its
    /// variables. No variable has memory yet.
    ///
    /// # Errors
    /// If a setting can't work, there are no classes, or more than [`MOST_PARAMETERS`]; keys begin with `network`.
    pub fn build(
        config: &NetworkConfig,
        channels: usize,
        classes: usize,
    ) -> Result<(Self, Vec<VarSpec>), ConfigError> {
        Self::build_with_graph(config, channels, classes, None)
    }

    /// As [`Self::build`], for a training or a measurement of one.
    ///
    /// # Errors
    /// As [`Self::build`], and for an imported graph.
    pub fn build_to_train(
        config: &NetworkConfig,
        channels: usize,
        classes: usize,
    ) -> Result<(Self, Vec<VarSpec>), ConfigError> {
        let remedy = "fit a linear probe on its embeddings (`earmark probe`), or choose another network";
        ConfigError::unless(!config.is_graph(), "network.kind", "onnx", remedy)
            .map_err(|error| error.because("is an imported graph, which can't be trained"))?;
        Self::build(config, channels, classes)
    }

    /// As [`Self::build`], with what computes an imported graph. Without it, the outputs of one are NaN.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_with_graph(
        config: &NetworkConfig,
        channels: usize,
        classes: usize,
        graph: Option<Arc<dyn GraphRunner>>,
    ) -> Result<(Self, Vec<VarSpec>), ConfigError> {
        config.check().within("network")?;
        let remedy = "give at least one class; a model file without classes is a backbone to start training from \
                      (train.start)";
        ConfigError::check_range("network.classes", classes, 1.., remedy)?;
        let mut b = VarBuilder::default();
        let network = match config {
            NetworkConfig::Onnx(imported) => imported.with_graph(&mut b, classes, graph),
            others => others.architecture().declare(&mut b, channels, classes),
        };
        let specs = b.finish();
        let parameters = specs.iter().map(VarSpec::len).fold(0, usize::saturating_add);
        let remedy = format!(
            "at most {MOST_PARAMETERS} are possible; make it narrower, for example with a smaller network.width, base \
             or hidden"
        );
        let size = format!("(of {} parameters)", short_count(parameters));
        ConfigError::unless(parameters <= MOST_PARAMETERS, "network", size, remedy)?;
        Ok((Self(network), specs))
    }
}

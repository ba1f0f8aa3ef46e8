//! The layers of PANNs' networks and their passes.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::dense::Dense;
use crate::blocks::norm::BatchNorm;
use crate::blocks::pool::without_plane;
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::panns::backbone::Backbone;
use crate::networks::panns::config::{PannsBackbone, PannsConfig, SHRINKS};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::{Tensor, activation};
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// The network; see the module.
#[derive(Clone, Debug)]
pub(super) struct Panns {
    pub(super) config: PannsConfig,
    pub(super) input: BatchNorm,
    pub(super) backbone: Backbone,
    pub(super) hidden: Dense,
    pub(super) logits: Dense,
}

impl Panns {
    /// Declares all variables: `input.bn.*`; `block1.conv1.*`, `block1.conv2.*`, ... of Cnn14 and Cnn10; `conv0.*`, `dw1.*`, `pw1.*`, ...
    /// of MobileNet v1; `conv0.*`, `block1.depthwise.*`, ... `last.*` of MobileNet v2; `hidden.*`, `logits.*`.
    pub(super) fn declare(b: &mut VarBuilder, config: PannsConfig, input: usize, classes: usize) -> Self {
        let norm = BatchNorm::declare(b, "input.bn", config.bands, config.norm());
        let backbone = Backbone::declare(b, &config, input);
        let (channels, hidden) = (backbone.channels, backbone.hidden);
        Self {
            hidden: Dense::declare(b, "hidden", channels, hidden, config.init),
            logits: Dense::declare(b, "logits", hidden, classes, config.init),
            config,
            input: norm,
            backbone: backbone.layers,
        }
    }
}

impl ArchitectureConfig for PannsConfig {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(Panns::declare(b, *self, channels, classes))
    }

    fn bands(&self) -> Option<usize> {
        Some(self.bands)
    }
}

impl Architecture for Panns {
    /// Any number of frames to the hidden layer, as published.
    ///
    /// # Panics
    /// If the number of bands differs from the configuration's.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.input.forward(x.swap_dims(1, 2), ctx); // [B, bands, channels, frames]
        // The original's images are frames high and bands wide.
        let x = lengthened(x.permute([0, 2, 3, 1])); // [B, channels, frames, bands]
        let x = self.backbone.forward(x, self.config.block_drop_prob, ctx);
        let x = x.mean_dim(3); // [B, C, T', 1]
        let x = without_plane(x.clone().max_dim(2) + x.mean_dim(2)); // [B, C]
        // The original's MobileNet v2 leaves this dropout out.
        let x = match self.config.backbone {
            PannsBackbone::MobileNetV2 => x,
            _ => ctx.dropout(x, self.config.drop_prob),
        };
        activation::relu(self.hidden.forward(x, ctx)) // [B, E]
    }

    /// The original's dropout before this layer affects the embedding that it returns and does not reach the logits.
    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.logits.forward(embedding, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.hidden.output
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [frames, bands])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        Ok(self.graph(g, vars, x))
    }
}

/// Repeats the last frame until there are as many as a backbone shrinks to one.
fn lengthened(x: Tensor<4>) -> Tensor<4> {
    let [_, _, frames, _] = x.dims();
    if frames == 0 || frames >= SHRINKS {
        return x;
    }
    let last = x.clone().narrow(2, frames - 1, 1);
    let missing = last.repeat_dim(2, SHRINKS - frames);
    Tensor::cat(vec![x, missing], 2)
}

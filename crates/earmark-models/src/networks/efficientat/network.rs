//! The layers of EfficientAT's network and its passes.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::activation::activate;
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::{conv_chain, conv_chain_pooled};
use crate::blocks::conv_spec::{ConvPadding, ConvSpec};
use crate::blocks::dense::Dense;
use crate::blocks::inverted_residual::InvertedResidual;
use crate::blocks::pool::{Pool, PoolSpec, without_plane};
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::efficientat::config::{EfficientAtConfig, HS, LAST, STEM};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::init::WeightInit;
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::Tensor;
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// How the dense layers are initialised: the original draws them from a normal distribution of this deviation.
const DENSE: WeightInit = WeightInit::TruncatedNormal {
    standard_deviation: 0.01,
};

/// The network: a convolution, fifteen inverted residuals, a convolution, the mean over each plane (the embedding), two dense
/// layers.
#[derive(Clone, Debug)]
pub(super) struct EfficientAt {
    pub(super) config: EfficientAtConfig,
    pub(super) stem: Conv,
    pub(super) blocks: Vec<InvertedResidual>,
    pub(super) last: Conv,
    pub(super) hidden: Dense,
    pub(super) logits: Dense,
}

impl EfficientAt {
    /// Declares all variables: `stem.*`, `block1.depthwise.*`, `block1.project.*`, `block2.expand.*`, ... `block15.*`, `last.*`,
    /// `hidden.*`, `logits.*`.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: EfficientAtConfig,
        input: usize,
        classes: usize,
    ) -> Self {
        let norm = config.norm();
        let stem = ConvSpec {
            padding: ConvPadding::Symmetric([1, 1]),
            activation: HS,
            ..ConvSpec::same3(input, config.channels(STEM), 2)
        };
        let stem = Conv::declare(b, "stem", stem, Some(norm), config.init);
        let specs = config.blocks();
        let inits = [config.init, DENSE];
        let blocks = (1..)
            .zip(specs)
            .map(|(n, spec)| InvertedResidual::declare(b, &format!("block{n}"), spec, norm, inits))
            .collect();
        let depth = specs[14].output;
        let last = ConvSpec {
            activation: HS,
            ..ConvSpec::pointwise(depth, LAST * depth)
        };
        let last = Conv::declare(b, "last", last, Some(norm), config.init);
        let width = config.channels(config.head);
        Self {
            hidden: Dense::declare(b, "hidden", LAST * depth, width, DENSE),
            logits: Dense::declare(b, "logits", width, classes, DENSE),
            config,
            stem,
            blocks,
            last,
        }
    }
}

impl ArchitectureConfig for EfficientAtConfig {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(EfficientAt::declare(b, *self, channels, classes))
    }
}

impl Architecture for EfficientAt {
    /// Any number of bands and frames to what the published network returns in addition to the logits.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let mut x = conv_chain(&[&self.stem], x, ctx); // [B, 16 w, F/2, T/2]
        for block in &self.blocks {
            x = block.forward(x, ctx);
        } // [B, 160 w, F/32, T/32]
        let pool = PoolSpec::global(Pool::Mean);
        without_plane(conv_chain_pooled(&[&self.last], Some(pool), x, ctx)) // [B, 960 w]
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = activate(HS, self.hidden.forward(embedding, ctx)); // [B, 1280 w]
        let x = ctx.dropout(x, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.hidden.input
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [bands, frames])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        Ok(self.graph(g, vars, x))
    }

    fn head_prefixes(&self) -> &'static [&'static str] {
        &["hidden.", "logits."]
    }
}

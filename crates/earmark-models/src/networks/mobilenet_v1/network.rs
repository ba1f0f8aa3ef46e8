//! The layers of MobileNet v1 and its passes.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::conv_chain_pooled;
use crate::blocks::conv_spec::ConvSpec;
use crate::blocks::dense::Dense;
use crate::blocks::pool::{PoolSpec, without_plane};
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::mobilenet_v1::config::MobileNetV1Config;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::Tensor;
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// Stride and depth of the thirteen separable convolutions at width 1.
const SEPARABLE: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];

/// The network: a convolution, thirteen depthwise-pointwise pairs, global pooling, a dense layer.
#[derive(Clone, Debug)]
pub(super) struct MobileNetV1 {
    pub(super) config: MobileNetV1Config,
    pub(super) first: Conv,
    /// Depthwise and pointwise convolution of each pair.
    pub(super) pairs: Vec<(Conv, Conv)>,
    pub(super) logits: Dense,
}

impl MobileNetV1 {
    /// Declares all variables: `conv0.*`, `dw1.*`, `pw1.*`, ... `pw13.*`, `logits.*`.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: MobileNetV1Config,
        input: usize,
        classes: usize,
    ) -> Self {
        let mut conv =
            |name: String, spec: ConvSpec| Conv::declare(b, &name, spec, config.norm(), config.init);
        let mut depth = config.channels(16);
        let first = conv("conv0".into(), ConvSpec::same3(input, depth, 1));
        let mut pairs = Vec::with_capacity(SEPARABLE.len());
        for (i, (stride, out)) in (1..).zip(SEPARABLE) {
            let out = config.channels(out);
            let depthwise = conv(format!("dw{i}"), ConvSpec::depthwise3(depth, stride));
            pairs.push((depthwise, conv(format!("pw{i}"), ConvSpec::pointwise(depth, out))));
            depth = out;
        }
        let logits = Dense::declare(b, "logits", depth, classes, config.init);
        Self {
            config,
            first,
            pairs,
            logits,
        }
    }
}

impl ArchitectureConfig for MobileNetV1Config {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(MobileNetV1::declare(b, *self, channels, classes))
    }
}

impl Architecture for MobileNetV1 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        // The original's images are frames high and bands wide.
        let x = x.swap_dims(2, 3); // [B, C, frames, bands]
        let pairs = self.pairs.iter().flat_map(|(d, p)| [d, p]);
        let convs: Vec<&Conv> = [&self.first].into_iter().chain(pairs).collect();
        let pool = PoolSpec::global(self.config.global_pool.pool());
        without_plane(conv_chain_pooled(&convs, Some(pool), x, ctx)) // [B, 1024]
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(embedding, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [frames, bands])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        Ok(self.graph(g, vars, x))
    }
}

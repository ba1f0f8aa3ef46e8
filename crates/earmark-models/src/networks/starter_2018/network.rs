//! The layers of the starter-2018 network and its passes.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::conv_chain_pooled;
use crate::blocks::conv_spec::ConvSpec;
use crate::blocks::dense::Dense;
use crate::blocks::pool::{Pool, PoolSpec, PoolWindow, global_mean};
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::starter_2018::config::Starter2018Config;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::Tensor;
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// Windows of the max pools.
pub(super) const POOL: usize = 2;

/// The network: three convolutions with max pools, the mean over the plane, a dense layer.
#[derive(Clone, Debug)]
pub(super) struct Starter2018 {
    pub(super) config: Starter2018Config,
    pub(super) convs: [Conv; 3],
    pub(super) logits: Dense,
}

impl Starter2018 {
    /// Declares all variables: `conv1.*`, `conv2.*`, `conv3.*`, `logits.*`. BatchNorm shifts and does not scale.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: Starter2018Config,
        input: usize,
        classes: usize,
    ) -> Self {
        let mut depth = input;
        let convs = [1, 2, 3].map(|n| {
            let spec = ConvSpec {
                kernel: [config.kernel_bands, config.kernel_frames],
                ..ConvSpec::same3(depth, config.base << (n - 1), 1)
            };
            depth = spec.output;
            Conv::declare(b, &format!("conv{n}"), spec, Some(config.norm()), config.init).unscaled(b)
        });
        // The original's 1x1 convolution of a single position is a dense layer.
        let logits = Dense::declare(b, "logits", depth, classes, config.init);
        Self {
            config,
            convs,
            logits,
        }
    }
}

impl ArchitectureConfig for Starter2018Config {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(Starter2018::declare(b, *self, channels, classes))
    }
}

impl Architecture for Starter2018 {
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let pool = PoolSpec {
            pool: Pool::Max,
            window: PoolWindow::Square(POOL),
        };
        let x = self.convs.iter().fold(x, |x, conv| {
            let x = ctx.dropout(x, self.config.drop_prob);
            conv_chain_pooled(&[conv], Some(pool), x, ctx) // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
        });
        global_mean(x, ctx) // [B, 4 base]
    }

    fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.head_drop_prob);
        self.logits.forward(x, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.logits.input
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [bands, frames])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        Ok(self.graph(g, vars, x))
    }
}

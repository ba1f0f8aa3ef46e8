//! The layers of the argus-2019 network and its passes.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::attention::{Attention, AttentionSpec};
use crate::blocks::conv::Conv;
use crate::blocks::conv_chain::{conv_chain, conv_chain_pooled};
use crate::blocks::conv_spec::ConvSpec;
use crate::blocks::head::{Head, HeadSpec};
use crate::blocks::pool::{PoolSpec, average_pool, global_mean};
use crate::forward::Forward;
use crate::layer_table::LayerTable;
use crate::networks::aux_skip_attention::config::AuxSkipAttentionConfig;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::init::WeightInit;
use crate::params::spec::VarBuilder;
use crate::params::vars::Vars;
use burn::tensor::Tensor;
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// Windows of the pools before the skips: after its own pool by 2, each block's output has the size of the last block's.
const SKIP_POOLS: [usize; 3] = [8, 4, 2];

/// How the layers are initialised that the original leaves to PyTorch.
const PLAIN: WeightInit = WeightInit::FanInUniform;

/// A skip: pooled, convolved, perhaps with an auxiliary output.
#[derive(Clone, Debug)]
pub(super) struct Skip {
    /// Window of the pool.
    pub(super) pool: usize,
    pub(super) conv: Conv,
    /// The auxiliary output.
    pub(super) head: Option<Head>,
}

/// One of the four blocks.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) convs: [Conv; 2],
    /// The last block has none.
    pub(super) skip: Option<Skip>,
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub(super) struct AuxSkipAttention {
    pub(super) config: AuxSkipAttentionConfig,
    pub(super) blocks: Vec<Block>,
    pub(super) attention: Option<Attention>,
    pub(super) merge: Conv,
    pub(super) head: Head,
}

impl AuxSkipAttention {
    /// Declares all variables: `block1.conv1.*`, `block1.conv2.*`, `skip1.*`, `aux1.*`, ... `block4.*`, `attention.*`, `merge.*`,
    /// `main.*`.
    pub(super) fn declare(
        b: &mut VarBuilder,
        config: AuxSkipAttentionConfig,
        input: usize,
        classes: usize,
    ) -> Self {
        let c = &config;
        let head = |b: &mut VarBuilder, scope: &str, input| {
            let spec = HeadSpec {
                input,
                hidden: c.last_fc * c.base,
                classes,
                drop_prob: c.drop_prob,
                batch_norm: c.norm(),
            };
            Head::declare(b, scope, spec, PLAIN)
        };
        let conv3 = |b: &mut VarBuilder, scope: &str, from, to, init| {
            Conv::declare(b, scope, ConvSpec::same3(from, to, 1), Some(c.norm()), init)
        };
        let mut blocks = Vec::with_capacity(4);
        let (mut depth, wide) = (input, 8 * c.base);
        for (i, pool) in SKIP_POOLS.map(Some).into_iter().chain([None]).enumerate() {
            let (n, out) = (i + 1, c.base << i);
            let convs = [("conv1", depth), ("conv2", out)]
                .map(|(name, from)| conv3(b, &format!("block{n}.{name}"), from, out, c.init));
            let skip = pool.filter(|_| c.skips || c.aux).map(|pool| Skip {
                pool,
                conv: conv3(b, &format!("skip{n}"), out, wide, PLAIN),
                head: c.aux.then(|| head(b, &format!("aux{n}"), wide)),
            });
            blocks.push(Block { convs, skip });
            depth = out;
        }
        let channels = c.joined();
        let spec = AttentionSpec {
            channels,
            bottleneck: channels / c.ratio,
            kernel: c.kernel,
        };
        let attention = c
            .attention
            .then(|| Attention::declare(b, "attention", spec, PLAIN));
        let last = c.last_filters * c.base;
        let merge = conv3(b, "merge", channels, last, PLAIN);
        let head = head(b, "main", last);
        Self {
            config,
            blocks,
            attention,
            merge,
            head,
        }
    }

    /// The merged planes before the main head. With auxiliary outputs, `aux` is called with each skip's head and activation.
    fn merged(
        &self,
        x: Tensor<4>,
        ctx: &mut Forward,
        with_aux: bool,
        mut aux: impl FnMut(&Head, Tensor<4>, &mut Forward),
    ) -> Tensor<4> {
        let mut x = x;
        let mut skips = Vec::with_capacity(4);
        for block in &self.blocks {
            let [first, second] = &block.convs;
            x = conv_chain_pooled(&[first, second], Some(PoolSpec::mean(2)), x, ctx); // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
            if let Some(skip) = &block.skip {
                if !self.config.skips && !with_aux {
                    continue; // it leads only to an auxiliary output, which is not needed
                }
                let s = conv_chain(&[&skip.conv], average_pool(x.clone(), skip.pool, ctx), ctx); // [B, 8 base, F/16, T/16]
                if let Some(head) = skip.head.as_ref().filter(|_| with_aux) {
                    aux(head, s.clone(), ctx);
                }
                if self.config.skips {
                    skips.push(s);
                }
            }
        }
        skips.insert(0, x);
        let mut x = Tensor::cat(skips, 1); // [B, 32 base, F/16, T/16]; [B, 8 base, F/16, T/16] without skips
        if let Some(attention) = &self.attention {
            x = attention.forward(x, ctx);
        }
        conv_chain(&[&self.merge], x, ctx) // [B, last filters x base, F/16, T/16]
    }
}

impl ArchitectureConfig for AuxSkipAttentionConfig {
    fn declare(&self, b: &mut VarBuilder, channels: usize, classes: usize) -> Arc<dyn Architecture> {
        Arc::new(AuxSkipAttention::declare(b, *self, channels, classes))
    }
}

impl Architecture for AuxSkipAttention {
    /// The auxiliary heads are left out, their moving statistics too.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.merged(x, ctx, false, |_, _, _| {});
        global_mean(x, ctx)
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.head.classify(embedding, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.head.spec.input
    }

    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        self.table(channels, [bands, frames])
    }

    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        Ok(self.graph(g, vars, x))
    }

    fn head_prefixes(&self) -> &'static [&'static str] {
        &["main."]
    }

    fn class_prefixes(&self) -> &'static [&'static str] {
        &["main.logits.", "aux1.logits.", "aux2.logits.", "aux3.logits."]
    }

    /// The main logits, then the auxiliary ones of skip 3, 2 and 1, if there are any.
    fn outputs(&self, x: Tensor<4>, ctx: &mut Forward) -> Vec<Tensor<2>> {
        let mut outputs = Vec::with_capacity(4);
        let merged = self.merged(x, ctx, true, |head, skip, ctx| {
            outputs.push(head.forward(skip, ctx));
        });
        outputs.push(self.head.forward(merged, ctx));
        outputs.reverse();
        outputs
    }

    fn output_weights(&self) -> Vec<f64> {
        let outputs = if self.config.aux { 4 } else { 1 };
        self.config.output_weights[..outputs].to_vec()
    }
}

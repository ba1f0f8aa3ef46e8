//! The layers of argus-2019's networks, their passes, table and graph.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::{
    Attention, AttentionSpec, Conv, ConvSpec, Head, HeadSpec, Pool, PoolSpec, conv_chain, conv_chain_pooled,
    global_mean,
};
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::aux_skip_attention::config::AuxSkipAttentionConfig;
use crate::networks::aux_skip_attention::over_time::OverTime;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::Tensor;
use earmark_core::ConfigError;
use earmark_onnx::Builder;
use std::sync::Arc;

/// The pool after each block.
const POOL: PoolSpec = PoolSpec::new(Pool::Mean, 2);

/// Windows of the pools before the skips: after its own pool by 2, each block's output has the size of the last
/// block's.
const SKIP_POOLS: [usize; 3] = [8, 4, 2];

/// How the layers are initialised that the original leaves to PyTorch.
const PLAIN: WeightInit = WeightInit::FanInUniform;

/// One of argus-2019's networks.
#[derive(Clone, Copy, Debug)]
pub(in crate::networks) struct Variant {
    /// Its name in the table of its layers.
    pub name: &'static str,
    /// What it is made of.
    pub config: AuxSkipAttentionConfig,
    /// Whether LSTMs run over time before the main head.
    pub recurrent: bool,
}

impl ArchitectureConfig for AuxSkipAttentionConfig {
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let variant = Variant {
            name: "AuxSkipAttention",
            config: *self,
            recurrent: false,
        };
        variant.declare(b, input, classes)
    }
}

/// A skip: pooled, convolved, perhaps with an auxiliary output.
#[derive(Clone, Debug)]
struct Skip {
    pool: PoolSpec,
    conv: Conv,
    /// The auxiliary output.
    head: Option<Head>,
}

/// One of the four blocks.
#[derive(Clone, Debug)]
struct Block {
    convs: [Conv; 2],
    /// The last block has none.
    skip: Option<Skip>,
}

/// The network; see the module.
#[derive(Clone, Debug)]
struct AuxSkipAttention {
    name: &'static str,
    config: AuxSkipAttentionConfig,
    blocks: Vec<Block>,
    attention: Option<Attention>,
    merge: Conv,
    /// In place of the global mean.
    over_time: Option<OverTime>,
    head: Head,
}

impl Variant {
    /// Declares all variables: `block1.conv1.*`, `block1.conv2.*`, `skip1.*`, `aux1.*`, ... `block4.*`, `attention.*`,
    /// `merge.*`, `rnn.*`, `main.*`.
    pub fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let c = &self.config;
        let head = |b: &mut VarBuilder, prefix: &str, input| {
            let spec = HeadSpec {
                input,
                hidden: c.last_fc * c.base,
                classes,
                drop_prob: c.drop_prob,
                batch_norm: c.norm(),
            };
            Head::declare(b, prefix, spec, PLAIN)
        };
        let conv3 = |b: &mut VarBuilder, prefix: &str, from, to, init| {
            Conv::declare(b, prefix, ConvSpec::same3(from, to, 1), Some(c.norm()), init)
        };
        let mut blocks = Vec::with_capacity(4);
        let (mut depth, wide) = (input, 8 * c.base);
        for (i, pool) in SKIP_POOLS.map(Some).into_iter().chain([None]).enumerate() {
            let (n, out) = (i + 1, c.base << i);
            let convs = [("conv1", depth), ("conv2", out)]
                .map(|(name, from)| conv3(b, &format!("block{n}.{name}"), from, out, c.init));
            let skip = pool.filter(|_| c.skips || c.aux).map(|pool| Skip {
                pool: PoolSpec::new(Pool::Mean, pool),
                conv: conv3(b, &format!("skip{n}"), out, wide, PLAIN),
                head: c.aux.then(|| head(b, &format!("aux{n}"), wide)),
            });
            blocks.push(Block { convs, skip });
            depth = out;
        }
        let (channels, last) = (c.joined(), c.last_filters * c.base);
        let spec = AttentionSpec {
            channels,
            bottleneck: channels / c.ratio,
            kernel: c.kernel,
        };
        let attention = c.attention;
        Arc::new(AuxSkipAttention {
            name: self.name,
            config: *c,
            blocks,
            attention: attention.then(|| Attention::declare(b, "attention", spec, PLAIN)),
            merge: conv3(b, "merge", channels, last, PLAIN),
            over_time: self.recurrent.then(|| OverTime::declare(b, last, PLAIN)),
            head: head(b, "main", last),
        })
    }
}

impl AuxSkipAttention {
    /// The features of the main head, `[B, last filters x base]`. The logits of the auxiliary outputs, in the order of
    /// the skips, go to `aux`, if they are wanted.
    fn features(
        &self,
        mut x: Tensor<4>,
        ctx: &mut Forward,
        mut aux: Option<&mut Vec<Tensor<2>>>,
    ) -> Tensor<2> {
        let mut skips = Vec::with_capacity(4);
        for block in &self.blocks {
            let [first, second] = &block.convs;
            x = conv_chain_pooled(&[first, second], Some(POOL), x, ctx); // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
            if let Some(skip) = &block.skip {
                if !self.config.skips && aux.is_none() {
                    continue; // it leads only to an auxiliary output, which is not needed
                }
                let s = conv_chain(&[&skip.conv], skip.pool.forward(x.clone(), ctx), ctx); // [B, 8 base, F/16, T/16]
                if let (Some(head), Some(aux)) = (&skip.head, &mut aux) {
                    aux.push(head.forward(s.clone(), ctx));
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
        let x = conv_chain(&[&self.merge], x, ctx); // [B, last filters x base, F/16, T/16]
        match &self.over_time {
            Some(over_time) => over_time.forward(x, ctx),
            None => global_mean(x, ctx),
        }
    }
}

impl Architecture for AuxSkipAttention {
    /// The auxiliary heads are left out, their moving statistics too.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        self.features(x, ctx, None)
    }

    fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.head.classify(embedding, ctx)
    }

    fn embedding_len(&self) -> usize {
        self.head.spec.input
    }

    /// Weights without BatchNorm, in the order of the data.
    fn layer_table(&self, channels: usize, bands: usize, frames: usize) -> LayerTable {
        let mut table = LayerTableBuilder::image_input([bands, frames], channels);
        for (n, block) in (1..).zip(&self.blocks) {
            for conv in &block.convs {
                table.conv(&format!("block{n}"), conv);
            }
            table.pool(format!("block{n} AvgPool(2)"), block.convs[1].spec.output, 2);
            if let Some(skip) = &block.skip {
                let (backbone, window) = (table.size, skip.pool.window);
                table.pool(format!("skip{n} AvgPool({window})"), skip.conv.spec.input, window);
                table.conv(&format!("skip{n}"), &skip.conv);
                if let Some(head) = &skip.head {
                    let prefix = format!("aux{n}");
                    add_mean(&mut table, &prefix, head);
                    add_head(&mut table, &prefix, head);
                }
                table.size = backbone;
            }
        }
        if self.config.skips {
            table.plane("Concat", self.config.joined(), 0, 0);
        }
        if let Some(attention) = &self.attention {
            add_attention(&mut table, &attention.spec);
        }
        table.conv("merge", &self.merge);
        match &self.over_time {
            Some(over_time) => over_time.add_rows(&mut table),
            None => add_mean(&mut table, "main", &self.head),
        }
        add_head(&mut table, "main", &self.head);
        table.finish(format!("{}, base {}", self.name, self.config.base))
    }

    /// Without the auxiliary outputs.
    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> Result<OnnxOutputs, ConfigError> {
        let mut x = x;
        let mut skips = Vec::with_capacity(4);
        for block in &self.blocks {
            for conv in &block.convs {
                x = conv.add_to_onnx(g, vars, &x);
            }
            x = x.pool(g, POOL); // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
            if let Some(skip) = block.skip.as_ref().filter(|_| self.config.skips) {
                let small = x.pool(g, skip.pool);
                skips.push(skip.conv.add_to_onnx(g, vars, &small)); // [B, 8 base, F/16, T/16]
            }
        }
        let planes: Vec<_> = [&x].into_iter().chain(&skips).map(|p| &p.value).collect();
        let mut all = OnnxPlanes {
            value: g.concat(&planes, 1), // [B, 32 base, F/16, T/16]; [B, 8 base, F/16, T/16] without skips
            channels: x.channels + skips.iter().map(|s| s.channels).sum::<usize>(),
            ..x
        };
        if let Some(attention) = &self.attention {
            all = attention.add_to_onnx(g, vars, &all);
        }
        let merged = self.merge.add_to_onnx(g, vars, &all);
        let embedding = match &self.over_time {
            Some(over_time) => over_time.add_to_onnx(g, vars, &merged),
            None => merged.mean(g),
        }; // [B, last filters x base]
        let logits = self.head.add_to_onnx(g, vars, &embedding);
        Ok(OnnxOutputs { logits, embedding })
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
        let features = self.features(x, ctx, Some(&mut outputs));
        outputs.push(self.head.classify(features, ctx));
        outputs.reverse();
        outputs
    }

    fn output_weights(&self) -> Vec<f64> {
        let outputs = if self.config.aux { 4 } else { 1 };
        self.config.output_weights[..outputs].to_vec()
    }
}

fn add_attention(table: &mut LayerTableBuilder, a: &AttentionSpec) {
    let (channel, spatial) = (2 * a.channels * a.bottleneck, 2 * a.kernel * a.kernel);
    // Mean and maximum go through the first layer one by one, through the second together.
    let multiplies = channel + a.channels * a.bottleneck;
    let name = format!("Channel attention({})", a.bottleneck);
    table.plane(name, a.channels, channel, multiplies);
    let name = format!("Spatial attention({0}x{0})", a.kernel);
    let multiplies = spatial * table.size[0] * table.size[1];
    table.plane(name, a.channels, spatial, multiplies);
}

/// The global mean before a head.
fn add_mean(table: &mut LayerTableBuilder, prefix: &str, head: &Head) {
    table.vector(format!("{prefix} ReduceMean"), head.spec.input, 0, 0);
}

/// The two dense layers of a head.
fn add_head(table: &mut LayerTableBuilder, prefix: &str, head: &Head) {
    // The slope is a weight, too.
    table.dense_then(prefix, &head.hidden, ", PReLU", 1);
    table.dense(prefix, &head.logits);
}

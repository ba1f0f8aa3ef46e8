//! The network of argus-2019, first in the public FSDKaggle2019 competition: four blocks of two convolutions, whose outputs skip to
//! the end, where attention weighs them; each of the first three also has an auxiliary output.
//!
//! Its simpler variants leave out the auxiliary outputs, the skips, the attention, or all of them (a plain stack of convolutions):
//! `aux`, `skips` and `attention`. The layers that remain keep their names and their initial weights.
//!
//! Everything except the blocks' convolutions is initialised with PyTorch's defaults.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::blocks::{
    Attention, AttentionSpec, BatchNormConfig, Conv, ConvSpec, Head, HeadSpec, Pool, PoolSpec, conv_chain,
    conv_chain_pooled, global_mean,
};
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init};
use crate::forward_pass::Forward;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::Tensor;
use earmark_core::{Check, ConfigError};
use earmark_onnx::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The pool after each block.
const POOL: PoolSpec = PoolSpec::new(Pool::Mean, 2);

/// Windows of the pools before the skips: after its own pool by 2, each block's output has the size of the last block's.
const SKIP_POOLS: [usize; 3] = [8, 4, 2];

/// How the layers are initialised that the original leaves to PyTorch.
const PLAIN: WeightInit = WeightInit::FanInUniform;

/// Settings of the argus-2019 network; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuxSkipAttentionConfig {
    /// Channels of the first block; the others have 2, 4 and 8 times as many, the skips 8 times.
    pub base: usize,
    /// Probability that a feature before a head's hidden layer is dropped in training; before its logits it is half of that.
    pub drop_prob: f64,
    /// Whether the first three blocks' outputs skip to the end and are concatenated with the last one's.
    pub skips: bool,
    /// Whether attention weighs channels and positions before the last convolution.
    pub attention: bool,
    /// Whether each of the first three blocks has an auxiliary output, with `skips` or without.
    pub aux: bool,
    /// Number of channels per channel of the attention's bottleneck; it weighs `32 base` channels (`8 base` without skips).
    pub ratio: usize,
    /// Rows and columns of the attention's window over positions; odd.
    pub kernel: usize,
    /// Channels of the last convolution, in units of `base`.
    pub last_filters: usize,
    /// Features of each head's hidden layer, in units of `base`.
    pub last_fc: usize,
    /// Weights of the outputs' losses: main, then the third, second and first skip (used with `aux`).
    pub output_weights: [f64; 4],
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the blocks' convolutions are initialised.
    pub init: WeightInit,
}

impl Default for AuxSkipAttentionConfig {
    fn default() -> Self {
        Self {
            base: 64,
            drop_prob: 0.4,
            skips: true,
            attention: true,
            aux: true,
            ratio: 16,
            kernel: 7,
            last_filters: 8,
            last_fc: 4,
            output_weights: [1.0, 0.4, 0.2, 0.1],
            batch_norm_decay: 0.9,
            batch_norm_epsilon: 1e-5,
            init: WeightInit::KaimingNormal,
        }
    }
}

impl AuxSkipAttentionConfig {
    /// Channels before the last convolution: the fourth block's, and with skips as many of each.
    fn joined(&self) -> usize {
        if self.skips { 32 * self.base } else { 8 * self.base }
    }

    fn norm(&self) -> BatchNormConfig {
        BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon)
    }
}

impl Check for AuxSkipAttentionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 1 to 1024 channels; 64 is the published network";
        ConfigError::check_range("base", self.base, 1..=1024, remedy)?;
        check_drop_prob(self.drop_prob, "; 0.4 is the published value")?;
        let remedy = "choose 1 to 32 times `base` (8 times without skips), so that at least one channel remains; 16 is the published network";
        ConfigError::check_range("ratio", self.ratio, 1..=self.joined(), remedy)?;
        let odd = (1..=31).contains(&self.kernel) && self.kernel % 2 == 1;
        let remedy = "choose an odd number from 1 to 31; 7 is the published network";
        ConfigError::unless(odd, "kernel", self.kernel, remedy)?;
        let remedy = "choose 1 to 64; 8 is the published network";
        ConfigError::check_range("last-filters", self.last_filters, 1..=64, remedy)?;
        let remedy = "choose 1 to 64; 4 is the published network";
        ConfigError::check_range("last-fc", self.last_fc, 1..=64, remedy)?;
        let w = self.output_weights;
        let ok = w[0] > 0.0 && w.iter().all(|w| *w >= 0.0 && w.is_finite());
        let remedy = "choose four numbers: above 0 for the main output, 0 or more for the three others";
        ConfigError::unless(ok, "output-weights", format!("{w:?}"), remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
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
    config: AuxSkipAttentionConfig,
    blocks: Vec<Block>,
    attention: Option<Attention>,
    merge: Conv,
    head: Head,
}

impl ArchitectureConfig for AuxSkipAttentionConfig {
    /// Declares all variables: `block1.conv1.*`, `block1.conv2.*`, `skip1.*`, `aux1.*`, ... `block4.*`, `attention.*`, `merge.*`,
    /// `main.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let c = self;
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
            config: *self,
            blocks,
            attention: attention.then(|| Attention::declare(b, "attention", spec, PLAIN)),
            merge: conv3(b, "merge", channels, last, PLAIN),
            head: head(b, "main", last),
        })
    }
}

impl AuxSkipAttention {
    /// The merged planes before the main head. The logits of the auxiliary outputs, in the order of the skips, go to `aux`, if they
    /// are wanted.
    fn merged(&self, mut x: Tensor<4>, ctx: &mut Forward, mut aux: Option<&mut Vec<Tensor<2>>>) -> Tensor<4> {
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
        conv_chain(&[&self.merge], x, ctx) // [B, last filters x base, F/16, T/16]
    }
}

impl Architecture for AuxSkipAttention {
    /// The auxiliary heads are left out, their moving statistics too.
    fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.merged(x, ctx, None);
        global_mean(x, ctx)
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
                    add_head(&mut table, &format!("aux{n}"), head);
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
        add_head(&mut table, "main", &self.head);
        table.finish(format!("AuxSkipAttention, base {}", self.config.base))
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
        let embedding = self.merge.add_to_onnx(g, vars, &all).mean(g); // [B, last filters x base]
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
        let merged = self.merged(x, ctx, Some(&mut outputs));
        outputs.push(self.head.forward(merged, ctx));
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

/// The global mean and the two dense layers of a head.
fn add_head(table: &mut LayerTableBuilder, prefix: &str, head: &Head) {
    table.vector(format!("{prefix} ReduceMean"), head.spec.input, 0, 0);
    // The slope is a weight, too.
    table.dense_then(prefix, &head.hidden, ", PReLU", 1);
    table.dense(prefix, &head.logits);
}

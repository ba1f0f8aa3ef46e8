//! The network of argus-2019, first in the public FSDKaggle2019 competition: four blocks of two convolutions, whose outputs skip to
//! the end, where attention weighs them; each of the first three also answers by itself (auxiliary outputs).
//!
//! Its simpler relatives leave out the auxiliary outputs, the skips, the attention, or all of them (a plain stack of convolutions):
//! `aux`, `skips` and `attention`. The layers that remain keep their names and their start.
//!
//! Everything but the blocks' convolutions starts as PyTorch starts it.

mod onnx;
mod summary;

use crate::blocks::{
    Attention, AttentionSpec, BatchNormConfig, Conv, ConvSpec, Head, HeadSpec, Tail, average_pool,
    conv_chain, conv_chain_pooled, global_mean,
};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_batch_norm, check_drop_prob, check_init, check_range};
use crate::vars::VarBuilder;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Windows of the pools before the skips: after its own pool by 2, each block's output reaches the size of the last one's.
const SKIP_POOLS: [usize; 3] = [8, 4, 2];

/// Start of what the original leaves to PyTorch.
const PLAIN: WeightInit = WeightInit::FanInUniform;

/// Recipe keys of [`AuxSkipAttention`]; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuxSkipAttentionConfig {
    /// Channels of the first block; the others have 2, 4 and 8 times as many, and so have the skips (8 times).
    pub base: usize,
    /// Probability that a feature before a head's hidden layer is dropped in training; before its logits it is half of this.
    pub drop_prob: f64,
    /// Whether the first three blocks' outputs skip to the end and are joined to the last one's.
    pub skips: bool,
    /// Whether channels and places are weighed before the last convolution.
    pub attention: bool,
    /// Whether each skip answers by itself, too. Without `skips` it does so alone: what it convolves goes nowhere else.
    pub aux: bool,
    /// How many times fewer channels the attention's bottleneck has than the `32 base` channels it weighs (`8 base` without skips).
    pub ratio: usize,
    /// Rows and columns of the attention's window over places; odd.
    pub kernel: usize,
    /// Channels of the last convolution, in units of `base`.
    pub last_filters: usize,
    /// Features of each head's hidden layer, in units of `base`.
    pub last_fc: usize,
    /// Weights of the losses of the outputs: main, then those of the third, second and first skip (which count where there is `aux`).
    pub output_weights: [f64; 4],
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// Start of the blocks' convolutions.
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
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        check_range(
            "base",
            self.base,
            1..=1024,
            "choose 1 to 1024 channels; 64 is the published network",
        )?;
        check_drop_prob(
            self.drop_prob,
            "choose a probability from 0 (no dropout) to below 1; 0.4 is the published one",
        )?;
        let remedy = "choose 1 to 32 times `base` (8 times without skips), so that a channel remains; 16 is the published network";
        check_range("ratio", self.ratio, 1..=self.joined(), remedy)?;
        let odd = (1..=31).contains(&self.kernel) && self.kernel % 2 == 1;
        ModelError::unless(
            odd,
            "kernel",
            self.kernel,
            "choose an odd number from 1 to 31; 7 is the published network",
        )?;
        check_range(
            "last-filters",
            self.last_filters,
            1..=64,
            "choose 1 to 64; 8 is the published network",
        )?;
        check_range(
            "last-fc",
            self.last_fc,
            1..=64,
            "choose 1 to 64; 4 is the published network",
        )?;
        let w = self.output_weights;
        let fine = w[0] > 0.0 && w.iter().all(|w| *w >= 0.0 && w.is_finite());
        let remedy = "choose four numbers: above 0 for the main output, 0 or more for the three others";
        ModelError::unless(fine, "output-weights", format!("{w:?}"), remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }

    /// Channels before the last convolution: the fourth block's, and with skips as many of each.
    fn joined(&self) -> usize {
        if self.skips { 32 * self.base } else { 8 * self.base }
    }
}

/// A skip: pooled, convolved, judged.
#[derive(Clone, Debug)]
struct Skip {
    /// Window of the pool.
    pool: usize,
    conv: Conv,
    /// The auxiliary output.
    head: Option<Head>,
}

/// One of the four blocks.
#[derive(Clone, Debug)]
struct Block {
    convs: [Conv; 2],
    /// What leaves the block besides its output; the last has none.
    skip: Option<Skip>,
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct AuxSkipAttention {
    config: AuxSkipAttentionConfig,
    blocks: Vec<Block>,
    attention: Option<Attention>,
    merge: Conv,
    head: Head,
}

impl AuxSkipAttention {
    /// Declares all variables: `block1.conv1.*`, `block1.conv2.*`, `skip1.*`, `aux1.*`, ... `block4.*`, `attention.*`, `merge.*`,
    /// `main.*`.
    pub fn declare(
        b: &mut VarBuilder,
        config: AuxSkipAttentionConfig,
        input_channels: usize,
        classes: usize,
    ) -> Self {
        let c = &config;
        let bn = BatchNormConfig {
            decay: c.batch_norm_decay,
            epsilon: c.batch_norm_epsilon,
        };
        let wide = 8 * c.base;
        let head = |b: &mut VarBuilder, scope: &str, input| {
            let (hidden, drop_prob) = (c.last_fc * c.base, c.drop_prob);
            Head::declare(
                b,
                scope,
                HeadSpec {
                    input,
                    hidden,
                    classes,
                    drop_prob,
                    batch_norm: bn,
                },
                PLAIN,
            )
        };
        let mut blocks = Vec::with_capacity(4);
        let mut depth = input_channels;
        for (i, pool) in SKIP_POOLS.map(Some).into_iter().chain([None]).enumerate() {
            let (n, out) = (i + 1, c.base << i);
            let convs = [("conv1", depth), ("conv2", out)].map(|(name, from)| {
                Conv::declare(
                    b,
                    &format!("block{n}.{name}"),
                    ConvSpec::same3(from, out, 1),
                    Some(bn),
                    c.init,
                )
            });
            let skip = pool.filter(|_| c.skips || c.aux).map(|pool| Skip {
                pool,
                conv: Conv::declare(
                    b,
                    &format!("skip{n}"),
                    ConvSpec::same3(out, wide, 1),
                    Some(bn),
                    PLAIN,
                ),
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
        let merge = Conv::declare(b, "merge", ConvSpec::same3(channels, last, 1), Some(bn), PLAIN);
        let head = head(b, "main", last);
        Self {
            config,
            blocks,
            attention,
            merge,
            head,
        }
    }

    /// `[B, channels, bands, frames]` to the main logits `[B, classes]` alone; the auxiliary heads are left out, their moving
    /// statistics too.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let embedding = self.embed(x, ctx);
        self.classify(embedding, ctx)
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.head.spec.input
    }

    /// `[B, channels, bands, frames]` to the means of the merged planes `[B, E]`.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let x = self.run(x, ctx, false, |_, _, _| {});
        global_mean(x, ctx)
    }

    /// Embeddings `[B, E]` to the main logits `[B, classes]`.
    pub fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        self.head.classify(embedding, ctx)
    }

    /// `[B, channels, bands, frames]` to four logits `[B, classes]`: main, then the auxiliary ones of skip 3, 2 and 1. Without
    /// auxiliary outputs the main ones alone.
    pub fn forward_all(&self, x: Tensor<4>, ctx: &mut Forward) -> Vec<Tensor<2>> {
        let mut outputs = Vec::with_capacity(4);
        let merged = self.run(x, ctx, true, |head, skip, ctx| {
            outputs.push(head.forward(skip, ctx));
        });
        outputs.push(self.head.forward(merged, ctx));
        outputs.reverse();
        outputs
    }

    /// The way to the merged planes before the main head; with auxiliary outputs, `aux` meets each skip's head and activation.
    fn run(
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
            x = conv_chain_pooled(&[first, second], Some(Tail::mean(2)), x, ctx); // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
            if let Some(skip) = &block.skip {
                if !self.config.skips && !with_aux {
                    continue; // it leads to its auxiliary output alone, which nobody asks for
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

    /// Weights of the outputs' losses, in the order of [`AuxSkipAttention::forward_all`].
    pub fn output_weights(&self) -> Vec<f64> {
        let outputs = if self.config.aux { 4 } else { 1 };
        self.config.output_weights[..outputs].to_vec()
    }
}

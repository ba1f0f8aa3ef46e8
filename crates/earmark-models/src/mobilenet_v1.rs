//! MobileNet v1 (Howard et al. 2017, arXiv:1704.04861) as the DCASE 2019 Task 2 baseline uses it: first stride 1 instead of 2,
//! BatchNorm and ReLU after every convolution, TensorFlow's SAME padding.

mod onnx;

use crate::blocks::{BatchNormConfig, Conv, ConvSpec, Dense, Pool, Tail, conv_chain_pooled};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::summary::{LayerRow, Summary, human_count};
use crate::vars::VarBuilder;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::iter;

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

/// Reduction of the last activation over time and frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum GlobalPool {
    /// Average.
    #[default]
    Mean,
    /// Largest value.
    Max,
}

/// Recipe keys of [`MobileNetV1`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV1Config {
    /// Factor on every layer's channels, of which at least 8 remain.
    pub width: f64,
    /// Reduction before the classifier.
    pub global_pool: GlobalPool,
    /// Probability that a feature before the classifier is dropped in training; 0 leaves dropout out.
    pub drop_prob: f64,
    /// BatchNorm after every convolution; `false` gives the convolutions biases instead.
    pub batch_norm: bool,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// Start of the weights.
    pub init: WeightInit,
}

impl Default for MobileNetV1Config {
    fn default() -> Self {
        let bn = BatchNormConfig::default();
        Self {
            width: 1.0,
            global_pool: GlobalPool::Mean,
            drop_prob: 0.0,
            batch_norm: true,
            batch_norm_decay: bn.decay,
            batch_norm_epsilon: bn.epsilon,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV1Config {
    fn channels(&self, at_width_1: usize) -> usize {
        ((at_width_1 as f64 * self.width) as usize).max(8)
    }
}

/// The network: a convolution, thirteen depthwise-pointwise pairs, global pooling, a dense layer.
#[derive(Clone, Debug)]
pub struct MobileNetV1 {
    config: MobileNetV1Config,
    first: Conv,
    /// Depthwise and pointwise convolution of each pair.
    pairs: Vec<(Conv, Conv)>,
    logits: Dense,
}

impl MobileNetV1 {
    /// Declares all variables: `conv0.*`, `dw1.*`, `pw1.*`, ... `pw13.*`, `logits.*`.
    pub fn declare(
        b: &mut VarBuilder,
        config: MobileNetV1Config,
        input_channels: usize,
        classes: usize,
    ) -> Self {
        let bn = config.batch_norm.then_some(BatchNormConfig {
            decay: config.batch_norm_decay,
            epsilon: config.batch_norm_epsilon,
        });
        let mut depth = config.channels(16);
        let first = Conv::declare(
            b,
            "conv0",
            ConvSpec::same3(input_channels, depth, 1),
            bn,
            config.init,
        );
        let mut pairs = Vec::with_capacity(SEPARABLE.len());
        for (i, (stride, out)) in SEPARABLE.into_iter().enumerate() {
            let (i, out) = (i + 1, config.channels(out));
            let dw = Conv::declare(
                b,
                &format!("dw{i}"),
                ConvSpec::depthwise3(depth, stride),
                bn,
                config.init,
            );
            let pw = Conv::declare(
                b,
                &format!("pw{i}"),
                ConvSpec::pointwise(depth, out),
                bn,
                config.init,
            );
            pairs.push((dw, pw));
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

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// `[B, channels, bands, frames]` to the pooled features `[B, E]`.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        // The original's images are frames high and bands wide.
        let x = x.swap_dims(2, 3); // [B, C, frames, bands]
        let body: Vec<&Conv> = iter::once(&self.first)
            .chain(self.pairs.iter().flat_map(|(d, p)| [d, p]))
            .collect();
        let pool = match self.config.global_pool {
            GlobalPool::Mean => Pool::Mean,
            GlobalPool::Max => Pool::Max,
        };
        let x = conv_chain_pooled(&body, Some(Tail::global(pool)), x, ctx); // [B, 1024, 1, 1]
        x.flatten::<3>(2, 3).squeeze_dim(2) // [B, 1024]
    }

    /// Pooled features `[B, E]` to logits `[B, classes]`.
    pub fn classify(&self, embedding: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(embedding, self.config.drop_prob);
        self.logits.forward(x, ctx)
    }

    /// The table of the seed: activation shapes, weights (without BatchNorm) and multiplies of each layer.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut size = [frames, bands];
        let mut rows = vec![LayerRow::new("Input", [size[0], size[1], input_channels], 0, 0)];
        let s = &self.first.spec;
        rows.push(LayerRow::new(
            format!("C(3x3, {}, 1)", s.output),
            [s.output_size(size)[0], s.output_size(size)[1], s.output],
            s.weights(),
            s.multiplies(size),
        ));
        size = s.output_size(size);
        for (dw, pw) in &self.pairs {
            let (d, p) = (&dw.spec, &pw.spec);
            let after = d.output_size(size);
            rows.push(LayerRow::new(
                format!("SC(3x3, {}, {})", p.output, d.stride[0]),
                [after[0], after[1], p.output],
                d.weights() + p.weights(),
                d.multiplies(size) + p.multiplies(after),
            ));
            size = after;
        }
        let pool = match self.config.global_pool {
            GlobalPool::Mean => "ReduceMean",
            GlobalPool::Max => "ReduceMax",
        };
        rows.push(LayerRow::new(pool, [1, 1, self.logits.input], 0, 0));
        let dense = self.logits.input * self.logits.output;
        rows.push(LayerRow {
            name: format!("Dense({})", self.logits.output),
            activation: vec![self.logits.output],
            weights: dense,
            multiplies: dense,
        });
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!(
                "MobileNet v1, width {}, {macs} multiplies an example",
                self.config.width
            ),
            rows,
        }
    }
}

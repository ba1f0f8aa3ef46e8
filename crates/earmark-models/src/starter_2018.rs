//! The network of starter-2018, a public kernel for FSDKaggle2018: three times dropout, a convolution that is wide in frequency and
//! a max pool; then the mean over all places and a linear classifier.

mod onnx;

use crate::blocks::{BatchNormConfig, Conv, ConvSpec, Dense, Padding, Pool, PoolWindow, Tail};
use crate::blocks::{conv_chain_pooled, global_mean, pooled_size};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::network::{ModelError, check_batch_norm, check_drop_prob, check_init, check_range};
use crate::summary::{LayerRow, Summary, human_count};
use crate::vars::VarBuilder;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Windows of the max pools.
const POOL: usize = 2;

/// Recipe keys of [`Starter2018`]; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Starter2018Config {
    /// Channels of the first convolution; the others have 2 and 4 times as many.
    pub base: usize,
    /// Bands (or bins) that a convolution's kernel spans.
    pub kernel_bands: usize,
    /// Frames that it spans.
    pub kernel_frames: usize,
    /// Probability that an input of a convolution is dropped in training.
    pub drop_prob: f64,
    /// Probability that a feature before the classifier is dropped in training. The original's `keep_prob` is 1 minus this.
    pub head_drop_prob: f64,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// Start of the weights.
    pub init: WeightInit,
}

impl Default for Starter2018Config {
    fn default() -> Self {
        Self {
            base: 16,
            kernel_bands: 11,
            kernel_frames: 3,
            drop_prob: 0.1,
            head_drop_prob: 0.2,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl Starter2018Config {
    /// Refuses values that no such network can have.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(&self) -> Result<(), ModelError> {
        check_range(
            "base",
            self.base,
            1..=1024,
            "choose 1 to 1024 channels; 16 is the published network",
        )?;
        let remedy = "choose 1 to 31; the published kernel spans 11 bands and 3 frames";
        check_range("kernel-bands", self.kernel_bands, 1..=31, remedy)?;
        check_range("kernel-frames", self.kernel_frames, 1..=31, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; the original has 0.1";
        check_drop_prob(self.drop_prob, remedy)?;
        ModelError::unless(
            (0.0..1.0).contains(&self.head_drop_prob),
            "head-drop-prob",
            self.head_drop_prob,
            "choose a probability from 0 (no dropout) to below 1; the original keeps 0.8, which is 0.2 here",
        )?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

/// The network; see the module.
#[derive(Clone, Debug)]
pub struct Starter2018 {
    config: Starter2018Config,
    convs: [Conv; 3],
    logits: Dense,
}

impl Starter2018 {
    /// Declares all variables: `conv1.*`, `conv2.*`, `conv3.*`, `logits.*`. BatchNorm shifts and does not scale.
    pub fn declare(
        b: &mut VarBuilder,
        config: Starter2018Config,
        input_channels: usize,
        classes: usize,
    ) -> Self {
        let bn = BatchNormConfig {
            decay: config.batch_norm_decay,
            epsilon: config.batch_norm_epsilon,
        };
        let mut depth = input_channels;
        let convs = [1, 2, 3].map(|n| {
            let out = config.base << (n - 1);
            let spec = ConvSpec {
                kernel: [config.kernel_bands, config.kernel_frames],
                padding: Padding::Same,
                ..ConvSpec::same3(depth, out, 1)
            };
            depth = out;
            Conv::declare(b, &format!("conv{n}"), spec, Some(bn), config.init).unscaled(b)
        });
        // A 1x1 convolution of one place is a dense layer.
        let logits = Dense::declare(b, "logits", depth, classes, config.init);
        Self {
            config,
            convs,
            logits,
        }
    }

    /// `[B, channels, bands, frames]` to the means over all places, `[B, 4 base]`; any number of frames.
    pub fn embed(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        let tail = Tail {
            pool: Pool::Max,
            window: PoolWindow::Square(POOL),
        };
        let x = self.convs.iter().fold(x, |x, conv| {
            let x = ctx.dropout(x, self.config.drop_prob);
            conv_chain_pooled(&[conv], Some(tail), x, ctx) // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
        });
        global_mean(x, ctx)
    }

    /// What [`Starter2018::embed`] gives to logits `[B, classes]`.
    pub fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.config.head_drop_prob);
        self.logits.forward(x, ctx)
    }

    /// Features of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.logits.input
    }

    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each layer.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut size = [bands, frames];
        let mut rows = vec![LayerRow::new("Input", [bands, frames, input_channels], 0, 0)];
        for conv in &self.convs {
            let s = &conv.spec;
            let [kb, kf] = s.kernel;
            rows.push(LayerRow::new(
                format!("C({kb}x{kf}, {}, 1)", s.output),
                [size[0], size[1], s.output],
                s.weights(),
                s.multiplies(size),
            ));
            size = pooled_size(size, POOL);
            rows.push(LayerRow::new(
                format!("MaxPool({POOL})"),
                [size[0], size[1], s.output],
                0,
                0,
            ));
        }
        rows.push(LayerRow::new("ReduceMean", [1, 1, self.logits.input], 0, 0));
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
                "starter-2018, base {}, {macs} multiplies an example",
                self.config.base
            ),
            rows,
        }
    }
}

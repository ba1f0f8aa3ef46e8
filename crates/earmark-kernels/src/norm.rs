//! Normalisation that is put off until its result is read.
//!
//! A convolution writes its raw sums and, while they are still in the cache, their mean and
//! variance. The next operation normalises and activates each value as it reads it
//! ([`Input`]), so that the activated tensor never exists in memory. The way back is alike: an
//! operation writes the gradient of the *normalised* values with the two sums that the batch
//! statistics need, and the operation before finishes it as it reads ([`OutputGrad`]).
//! Only the raw tensor, the mean and the deviation are kept for the way back.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::memory::Workspace;
use crate::rows::{Moments, RowGrad, RowMap, back_row, grad_row, map_row};

/// `(x - mean) * scale + shift` for each channel, with what its gradient needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    mean: Vec<f32>,
    rstd: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// Values a channel if mean and deviation came from this batch (and so have gradients).
    batch: Option<f64>,
}

impl Norm {
    /// Batch normalisation with the statistics of this batch (Ioffe and Szegedy, 2015): biased
    /// variance, `gamma` and `beta` of one value a channel.
    pub fn batch(moments: &[Moments], gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let c = moments.len();
        assert!(
            gamma.len() == c && beta.len() == c,
            "gamma and beta need one value for each of {c} channels"
        );
        let rstd: Vec<f32> = moments
            .iter()
            .map(|m| (1.0 / (m.variance() + f64::from(epsilon)).sqrt()) as f32)
            .collect();
        Self {
            mean: moments.iter().map(|m| m.mean as f32).collect(),
            scale: gamma.iter().zip(&rstd).map(|(g, r)| g * r).collect(),
            rstd,
            shift: beta.to_vec(),
            batch: moments.first().map(|m| m.count),
        }
    }

    /// Normalisation with given statistics, as in evaluation: no gradient flows through them.
    pub fn fixed(mean: &[f32], variance: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let c = mean.len();
        assert!(
            variance.len() == c && gamma.len() == c && beta.len() == c,
            "variance, gamma and beta need one value for each of {c} channels"
        );
        let rstd: Vec<f32> = variance
            .iter()
            .map(|&v| (1.0 / (f64::from(v) + f64::from(epsilon)).sqrt()) as f32)
            .collect();
        Self {
            mean: mean.to_vec(),
            scale: gamma.iter().zip(&rstd).map(|(g, r)| g * r).collect(),
            rstd,
            shift: beta.to_vec(),
            batch: None,
        }
    }

    /// Only a bias for each channel: what a convolution without normalisation has.
    pub fn bias(bias: &[f32]) -> Self {
        let c = bias.len();
        Self {
            mean: vec![0.0; c],
            rstd: vec![1.0; c],
            scale: vec![1.0; c],
            shift: bias.to_vec(),
            batch: None,
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The mean of each channel, rounded to f32.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// One over the standard deviation (with epsilon inside the root) of each channel.
    pub fn rstd(&self) -> &[f32] {
        &self.rstd
    }

    /// Folds a normalisation with fixed statistics into the weights of the convolution before it
    /// (`[O, ...]`, one kernel after the other): returns weights and biases that give the same.
    ///
    /// # Panics
    /// If the weights are not one kernel for each channel.
    pub fn fold(&self, weight: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let c = self.channels();
        assert!(
            c > 0 && weight.len().is_multiple_of(c),
            "weights must be one kernel for each of {c} channels"
        );
        let kernels = weight.chunks(weight.len() / c).zip(&self.scale);
        let folded = kernels
            .flat_map(|(kernel, scale)| kernel.iter().map(move |w| w * scale))
            .collect();
        let bias = (0..c)
            .map(|i| self.shift[i] - self.mean[i] * self.scale[i])
            .collect();
        (folded, bias)
    }

    pub(crate) fn row(&self, channel: usize, act: Activation) -> RowMap {
        RowMap {
            mean: self.mean[channel],
            scale: self.scale[channel],
            shift: self.shift[channel],
            act,
        }
    }

    /// The gradients of gamma (or of nothing, for a bias) and beta, and how to finish the gradient of the raw values, from the sums of [`InputGrad`].
    pub fn backward(&self, sums: &[(f64, f64)]) -> NormGrad {
        let c = self.channels();
        assert_eq!(sums.len(), c, "sums need one pair for each of {c} channels");
        let mut rows = Vec::with_capacity(c);
        let (mut gamma, mut beta) = (Vec::with_capacity(c), Vec::with_capacity(c));
        for (i, &(s1, s2)) in sums.iter().enumerate() {
            let (scale, rstd) = (f64::from(self.scale[i]), f64::from(self.rstd[i]));
            gamma.push((s2 * rstd) as f32);
            beta.push(s1 as f32);
            let (k2, k3) = match self.batch {
                Some(n) => (-scale * rstd * rstd * s2 / n, -scale * s1 / n),
                None => (0.0, 0.0),
            };
            rows.push(RowGrad {
                k1: self.scale[i],
                k2: k2 as f32,
                k3: k3 as f32,
                mean: self.mean[i],
            });
        }
        NormGrad { gamma, beta, rows }
    }
}

/// Gradients of a normalisation's parameters and the coefficients that finish the gradient of its input.
#[derive(Clone, Debug)]
pub struct NormGrad {
    /// Gradient of gamma, one value a channel.
    pub gamma: Vec<f32>,
    /// Gradient of beta, one value a channel.
    pub beta: Vec<f32>,
    rows: Vec<RowGrad>,
}

/// A tensor `[C, N]` as an operation reads it: raw values, and what is still to be done to them.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Raw values, channels outermost.
    pub raw: &'a [f32],
    /// Normalisation still to be applied, if any.
    pub norm: Option<&'a Norm>,
    /// Activation still to be applied.
    pub act: Activation,
}

impl<'a> Input<'a> {
    /// A tensor that is used as it is.
    pub fn plain(raw: &'a [f32]) -> Self {
        Self {
            raw,
            norm: None,
            act: Activation::Identity,
        }
    }

    /// A tensor that is normalised and activated as it is read.
    pub fn pending(raw: &'a [f32], norm: &'a Norm, act: Activation) -> Self {
        Self {
            raw,
            norm: Some(norm),
            act,
        }
    }

    pub(crate) fn map(&self, channel: usize) -> RowMap {
        match self.norm {
            Some(norm) => norm.row(channel, self.act),
            None => RowMap {
                mean: 0.0,
                scale: 1.0,
                shift: 0.0,
                act: self.act,
            },
        }
    }

    pub(crate) fn check(&self, channels: usize, n: usize) {
        assert_eq!(self.raw.len(), channels * n, "input must be [{channels}, {n}]");
        if let Some(norm) = self.norm {
            assert_eq!(
                norm.channels(),
                channels,
                "the pending normalisation has another number of channels"
            );
        }
    }

    /// Writes the normalised and activated values to `out`: `[C, N]`.
    pub fn materialise(&self, ws: &Workspace, channels: usize, out: &mut [f32]) {
        assert!(
            channels > 0 && self.raw.len().is_multiple_of(channels),
            "input is no [{channels}, N]"
        );
        let n = self.raw.len() / channels;
        self.check(channels, n);
        assert_eq!(out.len(), self.raw.len(), "output must be as long as the input");
        if n == 0 {
            return;
        }
        out.par_chunks_mut(n)
            .zip(self.raw.par_chunks(n))
            .enumerate()
            .for_each(|(c, (out, raw))| {
                map_row(ws.isa(), out, raw, self.map(c));
            });
    }

    /// The way back of [`Input::materialise`]: turns `g`, the gradient of the activated values, into that
    /// of the normalised ones, in place, and returns the sums for [`Norm::backward`].
    pub fn materialise_backward(&self, ws: &Workspace, channels: usize, g: &mut [f32]) -> Vec<(f64, f64)> {
        assert!(
            channels > 0 && self.raw.len().is_multiple_of(channels),
            "input is no [{channels}, N]"
        );
        let n = self.raw.len() / channels;
        self.check(channels, n);
        assert_eq!(g.len(), self.raw.len(), "gradient must be as long as the input");
        if n == 0 {
            return vec![(0.0, 0.0); channels];
        }
        g.par_chunks_mut(n)
            .zip(self.raw.par_chunks(n))
            .enumerate()
            .map(|(c, (g, raw))| {
                // In pieces, so that f32 sums stay short.
                g.chunks_mut(PIECE)
                    .zip(raw.chunks(PIECE))
                    .fold((0.0, 0.0), |(a, b), (g, raw)| {
                        let (s1, s2) = back_row(ws.isa(), g, raw, self.map(c));
                        (a + s1, b + s2)
                    })
            })
            .collect()
    }

    /// The gradient of the slope of a pending [`Activation::Prelu`], from the gradient `g` of the activated values;
    /// to be asked before [`Input::materialise_backward`] overwrites `g`.
    ///
    /// # Panics
    /// If `g` is not as long as the input.
    pub fn prelu_gradient(&self, channels: usize, g: &[f32]) -> f64 {
        assert_eq!(g.len(), self.raw.len(), "gradient must be as long as the input");
        let n = g.len() / channels.max(1);
        let per_channel =
            g.chunks(n.max(1))
                .zip(self.raw.chunks(n.max(1)))
                .enumerate()
                .map(|(c, (g, raw))| {
                    let map = self.map(c);
                    let below = |x: f32| f64::from(((x - map.mean) * map.scale + map.shift).min(0.0));
                    g.iter()
                        .zip(raw)
                        .map(|(&g, &x)| f64::from(g) * below(x))
                        .sum::<f64>()
                });
        per_channel.sum()
    }
}

/// Longest stretch that is summed in f32 before it is added in f64.
const PIECE: usize = 8192;

/// Mean and variance of each channel of a tensor `[C, N]`.
pub fn channel_moments(ws: &Workspace, raw: &[f32], channels: usize) -> Vec<Moments> {
    assert!(
        channels > 0 && raw.len().is_multiple_of(channels),
        "tensor is no [{channels}, N]"
    );
    let n = raw.len() / channels;
    if n == 0 {
        return vec![Moments::default(); channels];
    }
    raw.par_chunks(n)
        .map(|row| {
            let pieces = row
                .chunks(PIECE)
                .map(|piece| crate::rows::moments(ws.isa(), piece));
            pieces.fold(Moments::default(), Moments::merge)
        })
        .collect()
}

/// The gradient of an operation's raw output `[C, N]` as the operation's way back reads it.
#[derive(Clone, Copy, Debug)]
pub struct OutputGrad<'a> {
    /// Gradient of the normalised output (or of the raw output, if nothing is pending).
    pub g: &'a [f32],
    /// The raw output and the normalisation's gradient that finishes `g`.
    pub pending: Option<(&'a [f32], &'a NormGrad)>,
}

impl<'a> OutputGrad<'a> {
    /// A gradient that is used as it is.
    pub fn plain(g: &'a [f32]) -> Self {
        Self { g, pending: None }
    }

    /// A gradient that still has to pass the normalisation of `raw`.
    pub fn pending(g: &'a [f32], raw: &'a [f32], grad: &'a NormGrad) -> Self {
        Self {
            g,
            pending: Some((raw, grad)),
        }
    }

    pub(crate) fn check(&self, channels: usize, n: usize) {
        assert_eq!(
            self.g.len(),
            channels * n,
            "output gradient must be [{channels}, {n}]"
        );
        if let Some((raw, grad)) = self.pending {
            assert_eq!(raw.len(), channels * n, "raw output must be [{channels}, {n}]");
            assert_eq!(
                grad.rows.len(),
                channels,
                "the pending normalisation has another number of channels"
            );
        }
    }

    /// Reads part of one channel of a tensor with `n` values a channel, starting at value `at`.
    #[inline]
    pub(crate) fn read(&self, ws: &Workspace, channel: usize, n: usize, at: usize, dst: &mut [f32]) {
        let range = channel * n + at..channel * n + at + dst.len();
        match self.pending {
            Some((raw, grad)) => {
                grad_row(
                    ws.isa(),
                    dst,
                    &self.g[range.clone()],
                    &raw[range],
                    grad.rows[channel],
                );
            }
            None => dst.copy_from_slice(&self.g[range]),
        }
    }
}

/// The gradient that an operation's way back gives to its input.
///
/// `sums[c]` are the sums over the channel of `g` and of `g (x - mean)`, for [`Norm::backward`].
#[derive(Clone, Debug, Default)]
pub struct InputGrad {
    /// One pair for each input channel.
    pub sums: Vec<(f64, f64)>,
    /// Gradient of the operation's weights, shaped like them.
    pub weight: Vec<f32>,
}

//! Normalisation that is postponed until its result is read.
//!
//! A convolution writes its raw sums and, while they are still in the cache, their mean and variance. The next operation
//! normalises and activates each value as it reads it ([`OpInput`]), so that the activated tensor never exists in memory.
//! The backward pass does the same: an operation writes the gradient of the *normalised* values with the two sums that the
//! batch statistics need, and the operation before completes it as it reads
//! ([`OutputGrad`](crate::elementwise::output_gradient::OutputGrad)).
//! Only the raw tensor, the mean and the deviation are kept for the backward pass.

use rayon::prelude::*;

use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::rows::{RowMap, back_row, map_row, pack_row};
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::chunks::each_chunk;
use crate::hardware::lengths::{check_channels, check_len, count_parts};
use crate::hardware::reused_buffers::Workspace;

/// Longest run that is summed in f32 before it is added in f64.
const PIECE: usize = 8192;

/// A tensor `[C, N]` as an operation reads it: raw values, and what is still to be done to them.
#[derive(Clone, Copy, Debug)]
pub struct OpInput<'a> {
    /// Raw values, channels outermost.
    pub raw: &'a [f32],
    /// Normalisation still to be applied, if any.
    pub norm: Option<&'a Norm>,
    /// Activation still to be applied.
    pub act: Activation,
}

impl<'a> OpInput<'a> {
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
        check_len("input", self.raw, channels * n);
        if let Some(norm) = self.norm {
            check_channels("the pending normalisation", norm.channels(), channels);
        }
    }

    /// How many planes of `pixels` values each of `channels` channels has; panics unless all are whole.
    pub(crate) fn batch(&self, channels: usize, pixels: usize) -> usize {
        let batch = count_parts("input", self.raw, channels * pixels);
        self.check(channels, batch * pixels);
        batch
    }

    /// Reads part of one channel; `at` is where in `raw` it begins.
    pub(crate) fn read(&self, ws: &Workspace, channel: usize, at: usize, dst: &mut [f32]) {
        let raw = &self.raw[at..][..dst.len()];
        map_row(ws.isa(), dst, raw, self.map(channel));
    }

    /// Turns the gradient of what [`OpInput::read`] gives into that of the normalised values, in place; returns its sums.
    pub(crate) fn back(&self, ws: &Workspace, channel: usize, at: usize, g: &mut [f32]) -> (f64, f64) {
        let raw = &self.raw[at..][..g.len()];
        back_row(ws.isa(), g, raw, self.map(channel))
    }

    /// `C = W X` for columns of this tensor, `[C, n]`, from `at` on: as many as `c` has.
    pub(crate) fn multiply(&self, ws: &Workspace, w: &PackedWeights, n: usize, at: usize, c: &mut Tile<'_>) {
        let width = c.cols;
        w.multiply_packing(ws, c, |(start, length), packed| {
            for p in 0..length {
                let row = &self.raw[(start + p) * n + at..][..width];
                pack_row(ws.isa(), &mut packed[p * NR..], length, row, self.map(start + p));
            }
        });
    }

    /// Writes the normalised and activated values to `out`: `[C, N]`.
    pub fn materialise(&self, ws: &Workspace, channels: usize, out: &mut [f32]) {
        let n = self.batch(channels, 1);
        check_len("output", out, self.raw.len());
        if n == 0 {
            return;
        }
        each_chunk(out, n, 1, &|c, out| self.read(ws, c, c * n, out));
    }

    /// The backward pass of [`OpInput::materialise`]: turns `g`, the gradient of the activated values, into that
    /// of the normalised ones, in place, and returns the sums for [`Norm::backward`].
    pub fn materialise_backward(&self, ws: &Workspace, channels: usize, g: &mut [f32]) -> Vec<(f64, f64)> {
        let n = self.batch(channels, 1);
        check_len("gradient", g, self.raw.len());
        if n == 0 {
            return vec![(0.0, 0.0); channels];
        }
        g.par_chunks_mut(n)
            .enumerate()
            .map(|(c, g)| {
                // In pieces, so that f32 sums stay short.
                let pieces = g.chunks_mut(PIECE).enumerate();
                pieces.fold((0.0, 0.0), |(a, b), (i, g)| {
                    let (s1, s2) = self.back(ws, c, c * n + i * PIECE, g);
                    (a + s1, b + s2)
                })
            })
            .collect()
    }
}

/// The gradient that an operation's backward pass gives to its input.
///
/// `sums[c]` are the sums over the channel of `g` and of `g (x - mean)`, for [`Norm::backward`].
#[derive(Clone, Debug, Default)]
pub struct InputGrad {
    /// One pair for each input channel.
    pub sums: Vec<(f64, f64)>,
    /// Gradient of the operation's weights, shaped like them.
    pub weight: Vec<f32>,
}

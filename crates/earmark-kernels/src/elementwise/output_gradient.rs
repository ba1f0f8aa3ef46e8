//! The gradient of an operation's output as its backward pass reads it.

use crate::elementwise::batch_norm::NormGrad;
use crate::elementwise::pool::MeanGrad;
use crate::elementwise::rows::{grad_back_row, grad_row};
use crate::hardware::lengths::{check_channels, check_len};
use crate::hardware::reused_buffers::Workspace;

/// The gradient of an operation's raw output `[C, N]` as the operation's backward pass reads it.
#[derive(Clone, Copy, Debug)]
pub struct OutputGrad<'a> {
    /// Gradient of the normalised output (or of the raw output, if nothing is pending).
    pub g: &'a [f32],
    /// The raw output and the normalisation's gradient that finishes `g`.
    pub pending: Option<(&'a [f32], &'a NormGrad)>,
    /// What a mean pool's gradient is spread from as it is read, in place of `g`.
    pooled: Option<MeanGrad<'a>>,
}

impl<'a> OutputGrad<'a> {
    /// A gradient that is used as it is.
    pub fn plain(g: &'a [f32]) -> Self {
        Self {
            g,
            pending: None,
            pooled: None,
        }
    }

    /// A gradient that still has to pass the normalisation of `raw`.
    pub fn pending(g: &'a [f32], raw: &'a [f32], grad: &'a NormGrad) -> Self {
        Self {
            g,
            pending: Some((raw, grad)),
            pooled: None,
        }
    }

    /// The gradient of a normalised and activated output that was then pooled. Whoever reads it reads whole rows.
    pub(crate) fn pooled(pooled: MeanGrad<'a>, grad: &'a NormGrad) -> Self {
        let (_, _, x) = pooled.input();
        Self {
            g: &[],
            pending: Some((x.raw, grad)),
            pooled: Some(pooled),
        }
    }

    pub(crate) fn check(&self, channels: usize, n: usize) {
        match self.pooled {
            Some(pooled) => {
                let (found, values, _) = pooled.input();
                assert_eq!((found, values), (channels, n), "what was pooled");
            }
            None => check_len("output gradient", self.g, channels * n),
        }
        if let Some((raw, grad)) = self.pending {
            check_len("raw output", raw, channels * n);
            check_channels("the pending normalisation", grad.rows.len(), channels);
        }
    }

    /// Reads part of one channel of a tensor with `n` values a channel, starting at value `at`.
    #[inline]
    pub(crate) fn read(&self, ws: &Workspace, channel: usize, n: usize, at: usize, dst: &mut [f32]) {
        let range = channel * n + at..channel * n + at + dst.len();
        match (self.pending, self.pooled) {
            (Some((raw, grad)), Some(pooled)) => {
                pooled.spread(ws, channel, at, dst);
                let (_, _, x) = pooled.input();
                grad_back_row(ws.isa(), dst, &raw[range], x.map(channel), grad.rows[channel]);
            }
            (Some((raw, grad)), None) => {
                let g = &self.g[range.clone()];
                grad_row(ws.isa(), dst, g, &raw[range], grad.rows[channel]);
            }
            (None, _) => dst.copy_from_slice(&self.g[range]),
        }
    }
}

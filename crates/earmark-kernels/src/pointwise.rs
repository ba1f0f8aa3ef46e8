//! Pointwise (1x1) convolution over channels-outermost tensors: one matrix product.
//!
//! `Y[O, N] = W[O, I] X[I, N]`, cut into columns that fit the second-level cache. How it is cut depends on the
//! shapes alone, never on the number of threads, so that results do not either.

use rayon::prelude::*;

use crate::memory::Workspace;
use crate::norm::{Input, InputGrad, OutputGrad};
use crate::panels::{PackedWeights, k_blocks, longest_k_block, product, rhs_len, rhs_stride};
use crate::rows::{Moments, add_row, back_row, map_in_place, map_row, moments, pack_row};
use crate::tile_kernel::{MR, NR};
use crate::tiles::{Tile, split};
use crate::transpose::{pack_lhs, pack_rhs};

/// Columns of one piece of work.
const COLUMNS: usize = 256;
/// With fewer pieces than this, rows are cut as well, so that a short tensor still occupies all cores.
const FEW_PIECES: usize = 16;
/// Rows of a piece when rows are cut.
const ROWS: usize = 16 * MR;

/// What is done to the result while it is in the cache.
#[derive(Clone, Copy, Debug)]
pub enum Epilogue<'a> {
    /// Nothing.
    Raw,
    /// Means and variances are computed.
    Moments,
    /// Normalised and activated in place: inference.
    Apply(Input<'a>),
}

/// Packs the weights `[O, I]` of a pointwise convolution for [`forward`].
pub fn pack(ws: &Workspace, weight: &[f32], outputs: usize, inputs: usize) -> PackedWeights {
    assert_eq!(weight.len(), outputs * inputs, "pointwise weights must be [{outputs}, {inputs}]");
    PackedWeights::pack(ws, weight, outputs, inputs, inputs, 1)
}

//! Pointwise (1x1) convolution over channels-outermost tensors: one matrix product.
//!
//! `Y[O, N] = W[O, I] X[I, N]`, cut into columns whose packed input is small enough for the second-level cache. How it is
//! cut depends on the shapes alone, never on the number of threads, so that results do not either.

use rayon::prelude::*;

use crate::elementwise::epilogue::{Epilogue, merge_moments, merge_sums};
use crate::elementwise::output_gradient::OutputGrad;
use crate::elementwise::postponed_normalisation::{InputGrad, OpInput};
use crate::elementwise::rows::{Moments, pack_row};
use crate::gemm::matrix_product::{PackedWeights, k_blocks, product, rhs_len};
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::partial_sums::{PARTIALS, reduce, share};
use crate::gemm::tiles_by_thread::{Tile, per_tile, split};
use crate::gemm::transposed::{pack_lhs, pack_rhs};
use crate::hardware::lengths::{check_len, count_parts};
use crate::hardware::reused_buffers::Workspace;

/// Columns of one piece of work.
pub(crate) const COLUMNS: usize = 256;
/// With fewer pieces than this, rows are cut as well, so that a short tensor still occupies all cores.
const FEW_PIECES: usize = 12;
/// Number of pieces to aim at then: enough that it matters little which thread gets the last one.
const PIECES: usize = 24;
/// Rows that the product takes at once at most: pieces have whole ones.
const ROWS: usize = 2 * MR;

/// Packs the weights `[O, I]` of a pointwise convolution for [`forward`].
pub fn pack(ws: &Workspace, weight: &[f32], outputs: usize, inputs: usize) -> PackedWeights {
    check_len("pointwise weights", weight, outputs * inputs);
    PackedWeights::pack(ws, weight, outputs, inputs, inputs, 1)
}

/// Computes `out[O, N]` from `x[I, N]`; returns the moments of each output channel if the epilogue asks for them.
///
/// # Panics
/// If a length does not fit the shapes of `weight`.
pub fn forward(
    ws: &Workspace,
    weight: &PackedWeights,
    x: OpInput<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (o, i) = (weight.m, weight.k);
    let n = count_parts("output", out, o);
    x.check(i, n);
    epilogue.check(o);
    if rows_of_a_piece(n, o) < o {
        return forward_few(ws, weight, x, out, epilogue);
    }
    let parts = per_tile(ws, split(out, o, n, o, COLUMNS), |_, tile| {
        x.multiply(ws, weight, n, tile.col0, tile);
        epilogue.finish(ws, tile)
    });
    merge_moments(o, &parts)
}

/// Output channels of one piece of work.
pub(crate) fn rows_of_a_piece(columns: usize, outputs: usize) -> usize {
    let across = columns.div_ceil(COLUMNS);
    if across >= FEW_PIECES || columns == 0 {
        return outputs;
    }
    // No piece is shorter than two blocks, so that reading the packed input for it pays.
    let down = PIECES.div_ceil(across).min(outputs / (2 * ROWS)).max(1);
    outputs.div_ceil(down).next_multiple_of(ROWS)
}

/// [`forward`] for so few columns that rows are cut as well: the input is packed once, for all pieces that read it.
fn forward_few(
    ws: &Workspace,
    weight: &PackedWeights,
    x: OpInput<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (o, i) = (weight.m, weight.k);
    let n = out.len() / o;
    let rooms = (0..n).step_by(COLUMNS).map(|at| room(i, COLUMNS.min(n - at)));
    let mut packed = ws.take(rooms.sum());
    let mut rest = &mut packed[..];
    let mut jobs = Vec::new();
    for at in (0..n).step_by(COLUMNS) {
        let width = COLUMNS.min(n - at);
        for (start, length) in k_blocks(i) {
            let (now, later) = rest.split_at_mut(rhs_len(length, width));
            rest = later;
            jobs.push((now, at, width, start, length));
        }
    }
    jobs.into_par_iter()
        .with_min_len(ws.grain)
        .for_each(|(to, at, width, start, length)| {
            for p in 0..length {
                let row = &x.raw[(start + p) * n + at..][..width];
                pack_row(ws.isa(), &mut to[p * NR..], length, row, x.map(start + p));
            }
        });
    let tiles = split(out, o, n, rows_of_a_piece(n, o), COLUMNS);
    let parts = per_tile(ws, tiles, |_, tile| {
        // Every block of columns before this one is whole.
        let mut at = tile.col0 / COLUMNS * room(i, COLUMNS);
        for (start, length) in k_blocks(i) {
            weight.multiply(ws.isa(), (start, length), &packed[at..], tile, start > 0);
            at += rhs_len(length, tile.cols);
        }
        epilogue.finish(ws, tile)
    });
    merge_moments(o, &parts)
}

/// Room that a packed input of `k` channels takes, block after block, over `width` columns.
fn room(k: usize, width: usize) -> usize {
    k_blocks(k).map(|(_, length)| rhs_len(length, width)).sum()
}

/// The backward pass of [`forward`]: fills `dx[I, N]` with the gradient of the *normalised* input (through
/// the activation that is pending on `x`) and returns the weight gradient `[O, I]` and the sums for [`crate::elementwise::batch_norm::Norm::backward`].
///
/// With `dx` absent only the weight gradient is computed (the first layer of a network).
///
/// # Panics
/// If a length does not fit `weight: [outputs, inputs]`.
pub fn backward(
    ws: &Workspace,
    weight: &[f32],
    (outputs, inputs): (usize, usize),
    x: OpInput<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    check_len("pointwise weights", weight, outputs * inputs);
    let n = x.batch(inputs, 1);
    dy.check(outputs, n);
    let job = Backward {
        ws,
        outputs,
        inputs,
        n,
        x,
        dy,
    };
    let transposed = dx
        .is_some()
        .then(|| PackedWeights::pack(ws, weight, inputs, outputs, 1, inputs));
    let mut tiles: Vec<Option<Tile<'_>>> = match dx {
        Some(dx) => {
            let tiles = split(dx, inputs, n, inputs, COLUMNS);
            tiles.into_iter().map(Some).collect()
        }
        None => (0..n.div_ceil(COLUMNS)).map(|_| None).collect(),
    };
    // A fixed number of groups, each with its own partial weight gradient.
    let length = outputs * inputs;
    let groups = (n / (2 * COLUMNS)).min(PARTIALS / length).clamp(2, 16);
    let mut partials = ws.zeroed(groups * length);
    let sums: Vec<_> = partials
        .par_chunks_mut(length)
        .zip(share(&mut tiles, groups))
        .with_min_len(ws.grain)
        .with_max_len(1)
        .map(|(partial, (first, tiles))| {
            let mut sums = vec![(0.0, 0.0); if transposed.is_some() { inputs } else { 0 }];
            for (j, tile) in tiles.iter_mut().enumerate() {
                let at = (first + j) * COLUMNS;
                job.piece(at, transposed.as_ref(), tile.as_mut(), partial, &mut sums);
            }
            (0, sums)
        })
        .collect();
    InputGrad {
        weight: reduce(ws, &partials, length),
        sums: transposed.map_or(Vec::new(), |_| merge_sums(inputs, &sums)),
    }
}

/// What the pieces of one backward pass have in common.
struct Backward<'a> {
    ws: &'a Workspace,
    outputs: usize,
    inputs: usize,
    n: usize,
    x: OpInput<'a>,
    dy: OutputGrad<'a>,
}

impl Backward<'_> {
    /// The columns from `at`: their input gradient, and their share of the weight gradient.
    fn piece(
        &self,
        at: usize,
        transposed: Option<&PackedWeights>,
        tile: Option<&mut Tile<'_>>,
        partial: &mut [f32],
        sums: &mut [(f64, f64)],
    ) {
        let (ws, outputs, inputs, n) = (self.ws, self.outputs, self.inputs, self.n);
        let (isa, width) = (ws.isa(), COLUMNS.min(n - at));
        // One line more than a piece, so that rows do not compete for the same cache sets.
        let ld = COLUMNS + NR;
        let mut dy = ws.take(outputs * ld);
        for (c, row) in dy.chunks_exact_mut(ld).enumerate() {
            self.dy.read(ws, c, n, at, &mut row[..width]);
        }
        if let (Some(weight), Some(tile)) = (transposed, tile) {
            OpInput::plain(&dy).multiply(ws, weight, ld, 0, tile);
            for (c, sum) in sums.iter_mut().enumerate() {
                let (s1, s2) = self.x.back(ws, c, c * n + at, tile.row(c));
                sum.0 += s1;
                sum.1 += s2;
            }
        }
        let mut x = ws.take(inputs * ld);
        for (c, row) in x.chunks_exact_mut(ld).enumerate() {
            self.x.read(ws, c, c * n + at, &mut row[..width]);
        }
        let mut left = ws.take(outputs.next_multiple_of(MR) * width);
        let mut right = ws.take(rhs_len(width, inputs));
        pack_lhs(isa, &mut left, &dy, ld, outputs, width);
        pack_rhs(isa, &mut right, &x, ld, inputs, width);
        let mut partial = Tile::whole(partial, outputs, inputs);
        product(isa, width, &left, &right, &mut partial, true);
    }
}

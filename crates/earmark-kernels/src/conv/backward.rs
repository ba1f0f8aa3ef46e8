//! The backward pass of dense convolution.

use rayon::prelude::*;

use crate::conv::algorithm::ConvShape;
use crate::conv::gradient_job::GradientJob;
use crate::conv::im2col::{COLUMNS, ColumnBlock, Im2col};
use crate::conv::weights::ConvWeights;
use crate::conv::window::Geometry;
use crate::conv::{direct_weight_gradient, winograd};
use crate::elementwise::epilogue::merge_sums;
use crate::elementwise::output_gradient::OutputGrad;
use crate::elementwise::postponed_normalisation::{InputGrad, OpInput};
use crate::elementwise::rows::add_row;
use crate::gemm::matrix_product::{PackedWeights, product, rhs_len};
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::partial_sums::sum_groups;
use crate::gemm::tiles_by_thread::{Tile, per_tile, split};
use crate::gemm::transposed::pack_lhs;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// The backward pass of [`crate::conv::forward`]: fills `dx` (if given) with the gradient of the normalised input and returns
/// the weight gradient `[O, I, kernel rows, kernel columns]` and the sums for [`crate::elementwise::batch_norm::Norm::backward`].
///
/// # Panics
/// As [`crate::conv::forward`].
pub fn backward(
    ws: &Workspace,
    weight: &[f32],
    shape: &ConvShape,
    x: OpInput<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    let (geo, batch) = shape.check(&x);
    let taps = shape.taps();
    check_len("weights", weight, shape.outputs * shape.inputs * taps);
    let (n, out_n) = (batch * geo.pixels(), batch * geo.out_pixels());
    dy.check(shape.outputs, out_n);
    let geo = &geo;
    let job = GradientJob {
        ws,
        shape,
        geo,
        batch,
        n,
        out_n,
        x,
        dy,
    };
    let sums = match dx {
        None => Vec::new(),
        Some(dx) => {
            check_len("input gradient", dx, x.raw.len());
            let ([kh, kw], before) = (shape.window.kernel, shape.window.before);
            if shape.window.stride == [1, 1] && before[0] < kh && before[1] < kw {
                job.flipped(weight, dx)
            } else {
                job.scattered(weight, dx)
            }
        }
    };
    let weight = match shape.transformed() {
        true => winograd::weight_gradient::weight_gradient(&job),
        false if direct_weight_gradient::serves(shape) => direct_weight_gradient::weight_gradient(&job),
        false => job.weight_gradient(),
    };
    InputGrad { sums, weight }
}

impl GradientJob<'_> {
    /// Input gradient with stride 1: a convolution of the output gradient with the flipped kernel.
    fn flipped(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let (ws, shape, geo, dy, out_n) = (self.ws, self.shape, self.geo, self.dy, self.out_n);
        let (i, o, taps) = (shape.inputs, shape.outputs, shape.taps());
        // [O, I, taps] -> [I, O, taps reversed]
        let mut turned = ws.take(weight.len());
        turned
            .par_chunks_mut(o * taps)
            .enumerate()
            .with_min_len(ws.grain)
            .for_each(|(ci, kernels)| {
                for (co, to) in kernels.chunks_exact_mut(taps).enumerate() {
                    for (t, &w) in to.iter_mut().rev().zip(&weight[(co * i + ci) * taps..][..taps]) {
                        *t = w;
                    }
                }
            });
        let turned = ConvWeights::new(ws, &turned, i, o, taps, shape.transformed());
        let mut window = shape.window;
        for a in 0..2 {
            window.before[a] = window.kernel[a] - 1 - shape.window.before[a];
            // As much as makes the output as large as x. More zeros than the kernel is long are never needed.
            window.after[a] =
                (geo.size[a] + window.kernel[a] - 1).saturating_sub(geo.out[a] + window.before[a]);
        }
        let back = Geometry::for_output(window, geo.out, geo.size);
        let read = |c: usize, at: usize, row: &mut [f32]| dy.read(ws, c, out_n, at, row);
        let parts = turned.product(ws, &back, self.batch, dx, read, |tile| self.back(tile));
        merge_sums(i, &parts)
    }

    /// Input gradient with any stride: the gradient of the im2col matrix, added up where its pixels came from.
    fn scattered(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let (ws, shape, geo) = (self.ws, self.shape, self.geo);
        let (i, o, taps) = (shape.inputs, shape.outputs, shape.taps());
        let transposed = PackedWeights::pack(ws, weight, i * taps, o, 1, i * taps);
        let parts = per_tile(ws, split(dx, i, self.n, i, geo.pixels()), |b, tile| {
            // The output gradient with rows `geo.width` apart, zero in the surplus columns.
            let mut flat = ws.zeroed(o * geo.flat);
            for (c, plane) in flat.chunks_exact_mut(geo.flat).enumerate() {
                for (r, row) in plane.chunks_exact_mut(geo.width).enumerate() {
                    let (at, row) = (r * geo.out[1], &mut row[..geo.out[1]]);
                    self.dy.read(ws, c, self.out_n, b * geo.out_pixels() + at, row);
                }
            }
            let mut columns = ws.take(i * taps * geo.flat);
            let mut whole = Tile::whole(&mut columns, i * taps, geo.flat);
            OpInput::plain(&flat).multiply(ws, &transposed, geo.flat, 0, &mut whole);
            let mut phases = ws.take(geo.phases() * geo.phase);
            for (c, taps_of) in columns.chunks_exact(taps * geo.flat).enumerate() {
                phases.fill(0.0);
                for (&(phase, at), row) in geo.taps.iter().zip(taps_of.chunks_exact(geo.flat)) {
                    let to = &mut phases[phase * geo.phase + at..][..geo.flat];
                    add_row(ws.isa(), to, row);
                }
                let out = tile.row(c);
                out.fill(0.0);
                for (r, row) in out.chunks_exact_mut(geo.size[1]).enumerate() {
                    geo.get_row(&phases, r + geo.window.before[0], row);
                }
            }
            self.back(tile)
        });
        merge_sums(i, &parts)
    }

    /// `dW[O, I taps] = dY im2col(X)^T` for any stride, cut as [`direct_weight_gradient`] does.
    fn weight_gradient(&self) -> Vec<f32> {
        let (ws, shape, geo) = (self.ws, self.shape, self.geo);
        let (isa, i, o, taps) = (ws.isa(), shape.inputs, shape.outputs, shape.taps());
        let mut pieces = ColumnBlock::divide(geo, self.batch, COLUMNS);
        let (groups, block) = direct_weight_gradient::division(shape, pieces.len());
        let mut partials = ws.zeroed(groups * o * i * taps);
        let sizes = [o, i * taps, block * taps];
        sum_groups(ws, &mut partials, sizes, &mut pieces, |mut tile, pieces| {
            let channels = (tile.col0 / taps, tile.cols / taps);
            for &piece in pieces {
                let (at, width) = piece.columns(geo);
                let ld = width + NR;
                let mut rows = ws.take(o * ld);
                for (c, row) in rows.chunks_exact_mut(ld).enumerate() {
                    self.dy.read(ws, c, self.out_n, at, &mut row[..width]);
                }
                let mut left = ws.take(o.next_multiple_of(MR) * width);
                pack_lhs(isa, &mut left, &rows, ld, o, width);
                let im2col = Im2col::input(ws, geo, piece, channels, self.x, self.n);
                let mut right = ws.take(rhs_len(width, tile.cols));
                im2col.pack_transposed(ws, tile.cols, geo.out[1], &mut right);
                product(isa, width, &left, &right, &mut tile, true);
            }
        })
    }

    /// Takes a finished tile of an input gradient back through the input's activation.
    fn back(&self, tile: &mut Tile<'_>) -> Vec<(f64, f64)> {
        let (at, row0, rows) = (tile.col0, tile.row0, tile.rows);
        let back = |r: usize| {
            let c = row0 + r;
            self.x.back(self.ws, c, c * self.n + at, tile.row(r))
        };
        (0..rows).map(back).collect()
    }
}

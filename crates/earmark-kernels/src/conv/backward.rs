//! The backward pass of dense convolution.

use rayon::prelude::*;

use crate::conv::algorithm::ConvShape;
use crate::conv::im2col::{COLUMNS, ColumnBlock, Im2col};
use crate::conv::weights::ConvWeights;
use crate::conv::window::Geometry;
use crate::conv::winograd::weight_gradient::weight_gradient;
use crate::elementwise::epilogue::merge_sums;
use crate::elementwise::pending::{InputGrad, OpInput, OutputGrad};
use crate::elementwise::rows::{add_row, back_row, pack_row};
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::packed::{PackedWeights, k_blocks, longest_k_block, product, rhs_len};
use crate::gemm::partial_sums::{PARTIALS, reduce, share};
use crate::gemm::tiles::{Tile, split};
use crate::gemm::transposed::pack_lhs;
use crate::hardware::lengths::check_len;
use crate::hardware::memory::Workspace;

/// The backward pass of [`crate::conv::forward`]: fills `dx` (if given) with the gradient of the normalised input and returns
/// the weight gradient `[O, I, kernel rows, kernel columns]` and the sums for [`crate::elementwise::norm::Norm::backward`].
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
    dy.check(shape.outputs, batch * geo.out_pixels());
    let job = Job {
        ws,
        shape,
        geo: &geo,
        batch,
        x,
        dy,
    };
    let sums = match dx {
        None => Vec::new(),
        Some(dx) => {
            check_len("input gradient", dx, x.raw.len());
            let [kh, kw] = shape.window.kernel;
            let before = shape.window.before;
            if shape.window.stride == [1, 1] && before[0] < kh && before[1] < kw {
                job.flipped(weight, dx)
            } else {
                job.scattered(weight, dx)
            }
        }
    };
    let weight = match shape.transformed() {
        true => weight_gradient(ws, (shape.outputs, shape.inputs), &geo, batch, x, dy),
        false => job.weight_gradient(),
    };
    InputGrad { sums, weight }
}

/// What the parts of one backward pass have in common.
struct Job<'a> {
    ws: &'a Workspace,
    shape: &'a ConvShape,
    geo: &'a Geometry,
    batch: usize,
    x: OpInput<'a>,
    dy: OutputGrad<'a>,
}

impl Job<'_> {
    /// Input gradient with stride 1: a convolution of the output gradient with the flipped kernel.
    fn flipped(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let (ws, shape, geo, batch, x, dy) = (self.ws, self.shape, self.geo, self.batch, self.x, self.dy);
        let (i, o, taps) = (shape.inputs, shape.outputs, shape.taps());
        // [O, I, taps] -> [I, O, taps reversed]
        let mut turned = ws.take(weight.len());
        turned
            .par_chunks_mut(o * taps)
            .enumerate()
            .with_min_len(ws.grain())
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
        let (n, out_n) = (batch * geo.pixels(), batch * geo.out_pixels());
        let im2col = |geo: &Geometry, piece| {
            Im2col::load(ws, geo, piece, (0, o), |c, at, row| {
                dy.read(ws, c, out_n, at, row)
            })
        };
        let parts = turned.product(ws, &back, batch, dx, im2col, |tile| back_tile(ws, tile, x, n));
        merge_sums(i, &parts)
    }

    /// Input gradient with any stride: the gradient of the im2col matrix, added up where its pixels came from.
    fn scattered(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let (ws, shape, geo, batch, x, dy) = (self.ws, self.shape, self.geo, self.batch, self.x, self.dy);
        let (isa, i, o, taps) = (ws.isa(), shape.inputs, shape.outputs, shape.taps());
        let (n, out_n) = (batch * geo.pixels(), batch * geo.out_pixels());
        let transposed = PackedWeights::pack(ws, weight, i * taps, o, 1, i * taps);
        let parts: Vec<_> = split(dx, i, n, i, geo.pixels())
            .into_par_iter()
            .enumerate()
            .with_min_len(ws.grain())
            .with_max_len(1)
            .map(|(b, mut tile)| {
                // The output gradient with rows `geo.width` apart, zero in the surplus columns.
                let mut flat = ws.zeroed(o * geo.flat);
                for (c, plane) in flat.chunks_exact_mut(geo.flat).enumerate() {
                    for (r, row) in plane.chunks_exact_mut(geo.width).enumerate() {
                        dy.read(
                            ws,
                            c,
                            out_n,
                            b * geo.out_pixels() + r * geo.out[1],
                            &mut row[..geo.out[1]],
                        );
                    }
                }
                let mut columns = ws.take(i * taps * geo.flat);
                let mut packed = ws.take(rhs_len(longest_k_block(o), geo.flat));
                let mut whole = Tile::whole(&mut columns, i * taps, geo.flat);
                for (start, length) in k_blocks(o) {
                    for p in 0..length {
                        let row = &flat[(start + p) * geo.flat..][..geo.flat];
                        pack_row(
                            isa,
                            &mut packed[p * NR..],
                            length,
                            row,
                            OpInput::plain(row).map(0),
                        );
                    }
                    transposed.multiply(isa, (start, length), &packed, &mut whole, start > 0);
                }
                let mut phases = ws.take(geo.phases() * geo.phase);
                for (c, taps_of) in columns.chunks_exact(taps * geo.flat).enumerate() {
                    phases.fill(0.0);
                    for (&(phase, at), row) in geo.taps.iter().zip(taps_of.chunks_exact(geo.flat)) {
                        add_row(isa, &mut phases[phase * geo.phase + at..][..geo.flat], row);
                    }
                    let out = tile.row(c);
                    out.fill(0.0);
                    for (r, row) in out.chunks_exact_mut(geo.size[1]).enumerate() {
                        geo.get_row(&phases, r + geo.window.before[0], row);
                    }
                }
                (tile.row0, back_tile(ws, &mut tile, x, n))
            })
            .collect();
        merge_sums(i, &parts)
    }

    /// `dW[O, I taps] = dY im2col(X)^T`, cut into groups of pieces (each with its own partial sum) and
    /// blocks of input channels.
    fn weight_gradient(&self) -> Vec<f32> {
        let (ws, shape, geo, batch, x, dy) = (self.ws, self.shape, self.geo, self.batch, self.x, self.dy);
        let (isa, i, o, taps) = (ws.isa(), shape.inputs, shape.outputs, shape.taps());
        let (n, out_n, length) = (batch * geo.pixels(), batch * geo.out_pixels(), o * i * taps);
        let mut pieces = ColumnBlock::divide(geo, batch, COLUMNS);
        let groups = (PARTIALS / length).min(pieces.len()).clamp(1, 16);
        let block = if groups > 8 {
            i
        } else {
            i.div_ceil(16 / groups).next_multiple_of(16).min(i)
        };
        let mut partials = ws.zeroed(groups * length);
        let groups = share(&mut pieces, groups);
        let jobs: Vec<_> = partials
            .chunks_exact_mut(length)
            .zip(&groups)
            .flat_map(|(partial, (_, pieces))| {
                split(partial, o, i * taps, o, block * taps)
                    .into_iter()
                    .map(move |tile| (tile, &**pieces))
            })
            .collect();
        jobs.into_par_iter()
            .with_min_len(ws.grain())
            .with_max_len(1)
            .for_each(|(mut tile, pieces)| {
                let channels = (tile.col0 / taps, tile.cols / taps);
                for &piece in pieces {
                    let (at, width) = piece.columns(geo);
                    let ld = width + NR;
                    let mut rows = ws.take(o * ld);
                    for (c, row) in rows.chunks_exact_mut(ld).enumerate() {
                        dy.read(ws, c, out_n, at, &mut row[..width]);
                    }
                    let mut left = ws.take(o.next_multiple_of(MR) * width);
                    pack_lhs(isa, &mut left, &rows, ld, o, width);
                    let im2col = Im2col::input(ws, geo, piece, channels, x, n);
                    let mut right = ws.take(rhs_len(width, tile.cols));
                    im2col.pack_transposed(ws, tile.cols, geo.out[1], &mut right);
                    product(isa, width, &left, &right, &mut tile, true);
                }
            });
        reduce(ws, &partials, length)
    }
}

/// Takes a finished tile of an input gradient back through the input's activation.
fn back_tile(ws: &Workspace, tile: &mut Tile<'_>, x: OpInput<'_>, n: usize) -> Vec<(f64, f64)> {
    let (at, width, row0) = (tile.col0, tile.cols, tile.row0);
    (0..tile.rows)
        .map(|r| {
            back_row(
                ws.isa(),
                tile.row(r),
                &x.raw[(row0 + r) * n + at..][..width],
                x.map(row0 + r),
            )
        })
        .collect()
}

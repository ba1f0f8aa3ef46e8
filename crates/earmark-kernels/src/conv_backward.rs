//! The way back of [`crate::conv`].

use rayon::prelude::*;

use crate::conv::{ConvShape, ConvWeights};
use crate::epilogue::merge_sums;
use crate::memory::Workspace;
use crate::norm::{Input, InputGrad, OutputGrad};
use crate::panels::{PackedWeights, k_blocks, longest_k_block, product, rhs_len};
use crate::pointwise::{reduce, share};
use crate::rows::{add_row, back_row, pack_row};
use crate::slab::{COLUMNS, Cut, Slab};
use crate::tile_kernel::{MR, NR};
use crate::tiles::{Tile, split};
use crate::transpose::pack_lhs;
use crate::window::Geometry;
use crate::winograd_weights;

/// Most numbers that the partial weight gradients may take together.
const PARTIALS: usize = 4 << 20;

/// The way back of [`crate::conv::forward`]: fills `dx` (if given) with the gradient of the normalised input and returns
/// the weight gradient `[O, I, kernel rows, kernel columns]` and the sums for [`crate::norm::Norm::backward`].
///
/// # Panics
/// As [`crate::conv::forward`].
pub(crate) fn backward(
    ws: &Workspace,
    weight: &[f32],
    shape: &ConvShape,
    x: Input<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    let (geo, batch) = shape.check(&x);
    let taps = shape.taps();
    assert_eq!(
        weight.len(),
        shape.outputs * shape.inputs * taps,
        "weights do not fit {shape:?}"
    );
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
            assert_eq!(
                dx.len(),
                x.raw.len(),
                "input gradient must be as long as the input"
            );
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
        true => winograd_weights::weight_gradient(ws, (shape.outputs, shape.inputs), &geo, batch, x, dy),
        false => job.weight_gradient(),
    };
    InputGrad { sums, weight }
}

/// What the parts of one way back have in common.
struct Job<'a> {
    ws: &'a Workspace,
    shape: &'a ConvShape,
    geo: &'a Geometry,
    batch: usize,
    x: Input<'a>,
    dy: OutputGrad<'a>,
}

impl Job<'_> {
    /// Input gradient with stride 1: a convolution of the output gradient with the flipped kernel.
    fn flipped(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let Self {
            ws,
            shape,
            geo,
            batch,
            x,
            dy,
        } = *self;
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
        let slab = |geo: &Geometry, piece| {
            Slab::load(ws, geo, piece, (0, o), |c, at, row| {
                dy.read(ws, c, out_n, at, row)
            })
        };
        let parts = turned.product(ws, &back, batch, dx, slab, |tile| back_tile(ws, tile, x, n));
        let mut sums = vec![(0.0, 0.0); i];
        for (row0, part) in parts {
            for (sum, (a, b)) in sums[row0..].iter_mut().zip(part) {
                sum.0 += a;
                sum.1 += b;
            }
        }
        sums
    }

    /// Input gradient with any stride: the gradient of the im2col matrix, added up where its pixels came from.
    fn scattered(&self, weight: &[f32], dx: &mut [f32]) -> Vec<(f64, f64)> {
        let Self {
            ws,
            shape,
            geo,
            batch,
            x,
            dy,
        } = *self;
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
                        pack_row(isa, &mut packed[p * NR..], length, row, Input::plain(row).map(0));
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
                back_tile(ws, &mut tile, x, n)
            })
            .collect();
        merge_sums(i, &parts)
    }

    /// `dW[O, I taps] = dY im2col(X)^T`, cut into groups of pieces (each with its own partial sum) and
    /// blocks of input channels.
    fn weight_gradient(&self) -> Vec<f32> {
        let Self {
            ws,
            shape,
            geo,
            batch,
            x,
            dy,
        } = *self;
        let (isa, i, o, taps) = (ws.isa(), shape.inputs, shape.outputs, shape.taps());
        let (n, out_n, length) = (batch * geo.pixels(), batch * geo.out_pixels(), o * i * taps);
        let cut = Cut::new(geo, batch, COLUMNS);
        let groups = (PARTIALS / length).min(cut.pieces()).clamp(1, 16);
        let block = if groups > 8 {
            i
        } else {
            i.div_ceil(16 / groups).next_multiple_of(16).min(i)
        };
        let mut partials = ws.zeroed(groups * length);
        let mut pieces: Vec<_> = (0..cut.pieces()).map(|p| cut.piece(p, geo)).collect();
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
                    let slab = Slab::input(ws, geo, piece, channels, x, n);
                    let mut right = ws.take(rhs_len(width, tile.cols));
                    slab.pack_transposed(ws, tile.cols, geo.out[1], &mut right);
                    product(isa, width, &left, &right, &mut tile, true);
                }
            });
        reduce(ws, &partials, length)
    }
}

/// Takes a finished tile of an input gradient back through the input's activation.
fn back_tile(ws: &Workspace, tile: &mut Tile<'_>, x: Input<'_>, n: usize) -> Vec<(f64, f64)> {
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

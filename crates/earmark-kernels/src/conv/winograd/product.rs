//! The product of transformed tiles and kernels, piece by piece.

use rayon::prelude::*;

use crate::conv::im2col::{ColumnBlock, Im2col};
use crate::conv::window::{ConvWindow, Geometry};
use crate::conv::winograd::transforms::{OUT, POINTS, transform_input, transform_kernel, transform_output};
use crate::gemm::matrix_product::{PackedWeights, k_blocks, rhs_len, rhs_stride};
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::{Tile, per_tile, split, split_at};
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;

/// Transforms and packs kernels `[O, I, 3, 3]`: one left operand for each of the 36 numbers.
pub(crate) fn pack_kernels(
    ws: &Workspace,
    weight: &[f32],
    outputs: usize,
    inputs: usize,
) -> Vec<PackedWeights> {
    // [36, O, I], written by output channel.
    let mut points = ws.take(outputs * inputs * POINTS);
    split(&mut points, POINTS, outputs * inputs, POINTS, inputs)
        .into_par_iter()
        .with_min_len(ws.grain)
        .for_each(|mut tile| {
            let kernels = &weight[tile.col0 * 9..][..inputs * 9];
            let (mut g, mut u) = ([[0.0; NR]; 9], [[0.0; NR]; POINTS]);
            for first in (0..inputs).step_by(NR) {
                let lanes = NR.min(inputs - first);
                for (l, kernel) in kernels[first * 9..][..lanes * 9].chunks_exact(9).enumerate() {
                    for (tap, &w) in g.iter_mut().zip(kernel) {
                        tap[l] = w;
                    }
                }
                transform_kernel(ws.isa(), &g, &mut u);
                for (point, u) in u.iter().enumerate() {
                    tile.row(point)[first..first + lanes].copy_from_slice(&u[..lanes]);
                }
            }
        });
    let pack = |point: &[f32]| PackedWeights::pack(ws, point, outputs, inputs, inputs, 1);
    points.chunks_exact(outputs * inputs).map(pack).collect()
}

/// The tiles of a convolution with geometry `geo`, as windows of 6 x 6 with stride 4.
pub(crate) fn tile_geometry(geo: &Geometry) -> Geometry {
    let window = ConvWindow {
        kernel: [6, 6],
        stride: [OUT, OUT],
        before: geo.window.before,
        after: geo.window.after,
    };
    Geometry::for_output(window, geo.size, geo.out.map(|n| n.div_ceil(OUT)))
}

/// How many tiles a piece should have: few enough that its transformed channels stay in the cache.
pub(crate) fn tiles_of_a_piece(channels: usize) -> usize {
    ((1 << 14) / channels).next_multiple_of(NR).clamp(4 * NR, 12 * NR)
}

/// First output column and number of output columns of a piece of tiles.
pub(crate) fn output_columns(piece: &ColumnBlock, geo: &Geometry) -> (usize, usize) {
    let rows = (piece.rows * OUT).min(geo.out[0] - piece.row0 * OUT);
    let start = piece.image0 * geo.out_pixels() + piece.row0 * OUT * geo.out[1];
    (start, piece.images * rows * geo.out[1])
}

/// The output rows of tile `index` of a piece: `(first column in the piece's output, rows, columns)`.
pub(crate) fn place(
    index: usize,
    piece: &ColumnBlock,
    tiles: &Geometry,
    geo: &Geometry,
) -> (usize, usize, usize) {
    let (across, image) = (tiles.out[1], piece.rows * tiles.out[1]);
    let (i, r, x) = (index / image, index % image / across, index % across);
    let rows = (piece.rows * OUT).min(geo.out[0] - piece.row0 * OUT);
    let first = (i * rows + r * OUT) * geo.out[1] + x * OUT;
    (first, OUT.min(rows - r * OUT), OUT.min(geo.out[1] - x * OUT))
}

/// `out = convolution`, piece by piece, with `finish` run on each finished tile of the output matrix; as
/// [`crate::conv`]'s product, but transformed. `im2col` reads what a piece of the tile geometry needs.
pub(crate) fn transformed_product<R: Send>(
    ws: &Workspace,
    weight: &[PackedWeights],
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    im2col: impl Fn(&Geometry, ColumnBlock) -> Im2col + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, i) = (weight[0].m, weight[0].k);
    let tiles = tile_geometry(geo);
    let pieces = ColumnBlock::divide(&tiles, batch, tiles_of_a_piece(o.max(i)));
    let bounds: Vec<_> = pieces.iter().map(|p| output_columns(p, geo)).collect();
    let out_tiles = split_at(out, o, batch * geo.out_pixels(), o, &bounds);
    per_tile(ws, out_tiles, |index, tile| {
        let piece = &pieces[index];
        let count = piece.images * piece.rows * tiles.out[1];
        let products = multiply(ws, weight, &im2col(&tiles, *piece), i, count);
        let mut m = [[0.0; NR]; POINTS];
        let mut y = [[0.0; NR]; OUT * OUT];
        for c in 0..o {
            let row = tile.row(c);
            for first in (0..count).step_by(NR) {
                let lanes = NR.min(count - first);
                for (point, m) in m.iter_mut().enumerate() {
                    m[..lanes].copy_from_slice(&products[(point * o + c) * count + first..][..lanes]);
                }
                transform_output(ws.isa(), &m, &mut y);
                for (l, tile_index) in (first..first + lanes).enumerate() {
                    let (at, rows, columns) = place(tile_index, piece, &tiles, geo);
                    for r in 0..rows {
                        for (x, to) in row[at + r * geo.out[1]..][..columns].iter_mut().enumerate() {
                            *to = y[r * OUT + x][l];
                        }
                    }
                }
            }
        }
        finish(tile)
    })
}

/// The 36 products of a piece: `[36, O, tiles]`.
fn multiply(ws: &Workspace, weight: &[PackedWeights], im2col: &Im2col, i: usize, count: usize) -> Buffer {
    let (isa, o): (Isa, usize) = (ws.isa(), weight[0].m);
    let blocks: Vec<_> = k_blocks(i).collect();
    // Each block of each point is a packed right operand; one after the other.
    let room: Vec<usize> = blocks.iter().map(|&(_, length)| rhs_len(length, count)).collect();
    let per_point: usize = room.iter().sum();
    let mut v = ws.take(POINTS * per_point);
    let (mut d, mut t) = ([[0.0; NR]; POINTS], [[0.0; NR]; POINTS]);
    let mut begin = 0;
    for (&(start, length), room) in blocks.iter().zip(&room) {
        for p in 0..length {
            for panel in 0..count.div_ceil(NR) {
                im2col.gather(start + p, panel, &mut d);
                transform_input(isa, &d, &mut t);
                let at = begin + panel * rhs_stride(length) + p * NR;
                for (point, t) in t.iter().enumerate() {
                    v[point * per_point + at..][..NR].copy_from_slice(t);
                }
            }
        }
        begin += room;
    }
    let mut products = ws.take(POINTS * o * count);
    for (point, (out, weight)) in products.chunks_exact_mut(o * count).zip(weight).enumerate() {
        let mut out = Tile::whole(out, o, count);
        let mut begin = point * per_point;
        for (&block, room) in blocks.iter().zip(&room) {
            weight.multiply(isa, block, &v[begin..begin + room], &mut out, block.0 > 0);
            begin += room;
        }
    }
    products
}

/// Transforms channel `c` of an im2col matrix to `[36][ld]` rows of `count` tiles, the distance `step` between points.
pub(crate) fn transform_channel(
    isa: Isa,
    im2col: &Im2col,
    c: usize,
    count: usize,
    to: &mut [f32],
    step: usize,
) {
    let (mut d, mut t) = ([[0.0; NR]; POINTS], [[0.0; NR]; POINTS]);
    for first in (0..count).step_by(NR) {
        im2col.gather(c, first / NR, &mut d);
        transform_input(isa, &d, &mut t);
        let lanes = NR.min(count - first);
        for (point, t) in t.iter().enumerate() {
            to[point * step + first..][..lanes].copy_from_slice(&t[..lanes]);
        }
    }
}

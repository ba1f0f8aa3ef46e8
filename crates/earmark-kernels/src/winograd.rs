//! 3x3 convolution with stride 1 by Winograd's F(4x4, 3x3): a quarter of the multiplications.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Input tiles of 6 x 6 and kernels are
//! transformed to 36 numbers each, multiplied number by number (36 matrix products over the channels),
//! and transformed back to 4 x 4 outputs. The transforms' constants of up to 8 cost about one decimal digit
//! of f32: 1e-5 of the largest output instead of 1e-6.

use rayon::prelude::*;

use crate::memory::Workspace;
use crate::panels::{PackedWeights, k_blocks, rhs_len, rhs_stride};
use crate::simd::{Isa, madd, multiversion};
use crate::slab::{Cut, Piece, Slab};
use crate::tile_kernel::NR;
use crate::tiles::{Tile, split, split_at};
use crate::window::{Geometry, Window};

/// Numbers of a transformed tile.
pub(crate) const POINTS: usize = 36;
/// Side of an output tile.
const OUT: usize = 4;

/// 6 x 6 tiles, as many as a panel of the product has columns, side by side.
pub(crate) type Tiles6 = [[f32; NR]; POINTS];
/// 4 x 4 tiles, likewise.
pub(crate) type Tiles4 = [[f32; NR]; OUT * OUT];
/// 3 x 3 kernels, likewise.
pub(crate) type Kernels = [[f32; NR]; 9];

#[inline(always)]
fn input_line<const FMA: bool>(d: [f32; 6]) -> [f32; 6] {
    let a = madd::<FMA>(-4.0, d[2], d[4]);
    let b = madd::<FMA>(-4.0, d[1], d[3]);
    let c = d[4] - d[2];
    let e = 2.0 * (d[3] - d[1]);
    [
        madd::<FMA>(4.0, d[0], madd::<FMA>(-5.0, d[2], d[4])),
        a + b,
        a - b,
        c + e,
        c - e,
        madd::<FMA>(4.0, d[1], madd::<FMA>(-5.0, d[3], d[5])),
    ]
}

#[inline(always)]
fn output_line<const FMA: bool>(m: [f32; 6]) -> [f32; 4] {
    let (a, b, c, d) = (m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]);
    [
        m[0] + a + c,
        madd::<FMA>(2.0, d, b),
        madd::<FMA>(4.0, c, a),
        madd::<FMA>(8.0, d, b) + m[5],
    ]
}

/// The transpose of [`output_line`].
#[inline(always)]
fn gradient_line<const FMA: bool>(y: [f32; 4]) -> [f32; 6] {
    let (a, b) = (y[0] + y[2], y[1] + y[3]);
    let c = madd::<FMA>(4.0, y[2], y[0]);
    let d = 2.0 * madd::<FMA>(4.0, y[3], y[1]);
    [y[0], a + b, a - b, c + d, c - d, y[3]]
}

#[inline(always)]
fn kernel_line(g: [f32; 3]) -> [f32; 6] {
    let (a, b) = (
        (g[0] + g[2]) * (1.0 / 6.0),
        g[0] * (1.0 / 24.0) + g[2] * (1.0 / 6.0),
    );
    let (c, d) = (g[1] * (1.0 / 6.0), g[1] * (1.0 / 12.0));
    [g[0] * 0.25, -a - c, c - a, b + d, b - d, g[2]]
}

/// The transpose of [`kernel_line`].
#[inline(always)]
fn kernel_gradient_line(u: [f32; 6]) -> [f32; 3] {
    let (a, b) = (u[1] + u[2], u[3] + u[4]);
    [
        u[0] * 0.25 - a * (1.0 / 6.0) + b * (1.0 / 24.0),
        (u[2] - u[1]) * (1.0 / 6.0) + (u[3] - u[4]) * (1.0 / 12.0),
        (b - a) * (1.0 / 6.0) + u[5],
    ]
}

#[inline(always)]
fn input_body<const FMA: bool>(d: &Tiles6, v: &mut Tiles6) {
    let mut t = [[0.0f32; NR]; POINTS];
    for y in 0..6 {
        for l in 0..NR {
            let line = input_line::<FMA>(std::array::from_fn(|x| d[y * 6 + x][l]));
            for x in 0..6 {
                t[y * 6 + x][l] = line[x];
            }
        }
    }
    for x in 0..6 {
        for l in 0..NR {
            let line = input_line::<FMA>(std::array::from_fn(|y| t[y * 6 + x][l]));
            for y in 0..6 {
                v[y * 6 + x][l] = line[y];
            }
        }
    }
}
multiversion! { fn transform_input(d: &Tiles6, v: &mut Tiles6) = input_body }

#[inline(always)]
fn output_body<const FMA: bool>(m: &Tiles6, out: &mut Tiles4) {
    let mut t = [[0.0f32; NR]; 24];
    for y in 0..6 {
        for l in 0..NR {
            let line = output_line::<FMA>(std::array::from_fn(|x| m[y * 6 + x][l]));
            for x in 0..4 {
                t[y * 4 + x][l] = line[x];
            }
        }
    }
    for x in 0..4 {
        for l in 0..NR {
            let line = output_line::<FMA>(std::array::from_fn(|y| t[y * 4 + x][l]));
            for y in 0..4 {
                out[y * 4 + x][l] = line[y];
            }
        }
    }
}
multiversion! { fn transform_output(m: &Tiles6, out: &mut Tiles4) = output_body }

#[inline(always)]
fn gradient_body<const FMA: bool>(dy: &Tiles4, m: &mut Tiles6) {
    let mut t = [[0.0f32; NR]; 24];
    for y in 0..4 {
        for l in 0..NR {
            let line = gradient_line::<FMA>(std::array::from_fn(|x| dy[y * 4 + x][l]));
            for x in 0..6 {
                t[y * 6 + x][l] = line[x];
            }
        }
    }
    for x in 0..6 {
        for l in 0..NR {
            let line = gradient_line::<FMA>(std::array::from_fn(|y| t[y * 6 + x][l]));
            for y in 0..6 {
                m[y * 6 + x][l] = line[y];
            }
        }
    }
}
multiversion! { pub(crate) fn transform_gradient(dy: &Tiles4, m: &mut Tiles6) = gradient_body }

#[inline(always)]
fn kernel_body<const FMA: bool>(g: &Kernels, u: &mut Tiles6) {
    let mut t = [[0.0f32; NR]; 18];
    for y in 0..3 {
        for l in 0..NR {
            let line = kernel_line(std::array::from_fn(|x| g[y * 3 + x][l]));
            for x in 0..6 {
                t[y * 6 + x][l] = line[x];
            }
        }
    }
    for x in 0..6 {
        for l in 0..NR {
            let line = kernel_line(std::array::from_fn(|y| t[y * 6 + x][l]));
            for y in 0..6 {
                u[y * 6 + x][l] = line[y];
            }
        }
    }
}
multiversion! { fn transform_kernel(g: &Kernels, u: &mut Tiles6) = kernel_body }

#[inline(always)]
fn kernel_gradient_body<const FMA: bool>(u: &Tiles6, g: &mut Kernels) {
    let mut t = [[0.0f32; NR]; 18];
    for x in 0..6 {
        for l in 0..NR {
            let line = kernel_gradient_line(std::array::from_fn(|y| u[y * 6 + x][l]));
            for y in 0..3 {
                t[y * 6 + x][l] = line[y];
            }
        }
    }
    for y in 0..3 {
        for l in 0..NR {
            let line = kernel_gradient_line(std::array::from_fn(|x| t[y * 6 + x][l]));
            for x in 0..3 {
                g[y * 3 + x][l] = line[x];
            }
        }
    }
}
multiversion! {
    /// The gradients of kernels from those of their 36 numbers.
    pub(crate) fn kernel_gradient(u: &Tiles6, g: &mut Kernels) = kernel_gradient_body
}

/// Transforms and packs kernels `[O, I, 3, 3]`: one left operand for each of the 36 numbers.
pub(crate) fn pack(ws: &Workspace, weight: &[f32], outputs: usize, inputs: usize) -> Vec<PackedWeights> {
    // [36, O, I], written by output channel.
    let mut points = ws.take(outputs * inputs * POINTS);
    split(&mut points, POINTS, outputs * inputs, POINTS, inputs)
        .into_par_iter()
        .with_min_len(ws.grain())
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
    let window = Window {
        kernel: [6, 6],
        stride: [OUT, OUT],
        before: geo.window.before,
        after: geo.window.after,
    };
    Geometry::for_output(
        window,
        geo.size,
        [geo.out[0].div_ceil(OUT), geo.out[1].div_ceil(OUT)],
    )
}

/// How many tiles a piece should have: few enough that its transformed channels stay in the cache.
pub(crate) fn tiles_of_a_piece(channels: usize) -> usize {
    ((1 << 14) / channels).next_multiple_of(NR).clamp(4 * NR, 12 * NR)
}

/// First output column and number of output columns of a piece of tiles.
pub(crate) fn output_columns(piece: &Piece, geo: &Geometry) -> (usize, usize) {
    let rows = (piece.rows * OUT).min(geo.out[0] - piece.row0 * OUT);
    (
        piece.image0 * geo.out_pixels() + piece.row0 * OUT * geo.out[1],
        piece.images * rows * geo.out[1],
    )
}

/// The output rows of tile `index` of a piece: `(first column in the piece's output, rows, columns)`.
pub(crate) fn place(index: usize, piece: &Piece, tiles: &Geometry, geo: &Geometry) -> (usize, usize, usize) {
    let (across, image) = (tiles.out[1], piece.rows * tiles.out[1]);
    let (i, r, x) = (index / image, index % image / across, index % across);
    let rows = (piece.rows * OUT).min(geo.out[0] - piece.row0 * OUT);
    let first = (i * rows + r * OUT) * geo.out[1] + x * OUT;
    (first, OUT.min(rows - r * OUT), OUT.min(geo.out[1] - x * OUT))
}

/// `out = convolution`, piece by piece, with `finish` run on each finished tile of the output matrix; as
/// [`crate::conv`]'s product, but transformed. `slab` reads what a piece of the tile geometry needs.
pub(crate) fn product<R: Send>(
    ws: &Workspace,
    weight: &[PackedWeights],
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    slab: impl Fn(&Geometry, Piece) -> Slab + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, i) = (weight[0].m, weight[0].k);
    let tiles = tile_geometry(geo);
    let cut = Cut::new(&tiles, batch, tiles_of_a_piece(o.max(i)));
    let pieces: Vec<_> = (0..cut.pieces()).map(|p| cut.piece(p, &tiles)).collect();
    let bounds: Vec<_> = pieces.iter().map(|p| output_columns(p, geo)).collect();
    split_at(out, o, batch * geo.out_pixels(), o, &bounds)
        .into_par_iter()
        .zip(&pieces)
        .with_min_len(ws.grain())
        .with_max_len(1)
        .map(|(mut tile, piece)| {
            let count = piece.images * piece.rows * tiles.out[1];
            let products = multiply(ws, weight, &slab(&tiles, *piece), i, count);
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
            (tile.row0, finish(&mut tile))
        })
        .collect()
}

/// The 36 products of a piece: `[36, O, tiles]`.
fn multiply(
    ws: &Workspace,
    weight: &[PackedWeights],
    slab: &Slab,
    i: usize,
    count: usize,
) -> crate::memory::Buffer {
    let (isa, o): (Isa, usize) = (ws.isa(), weight[0].m);
    let blocks: Vec<_> = k_blocks(i).collect();
    // Each block of each point is a packed right operand; they lie one after the other.
    let room: Vec<usize> = blocks.iter().map(|&(_, length)| rhs_len(length, count)).collect();
    let per_point: usize = room.iter().sum();
    let mut v = ws.take(POINTS * per_point);
    let (mut d, mut t) = ([[0.0; NR]; POINTS], [[0.0; NR]; POINTS]);
    let mut begin = 0;
    for (&(start, length), room) in blocks.iter().zip(&room) {
        for p in 0..length {
            for panel in 0..count.div_ceil(NR) {
                slab.gather(start + p, panel, &mut d);
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

/// Transforms channel `c` of a slab to `[36][ld]` rows of `count` tiles, the distance `step` between points.
pub(crate) fn transform_channel(isa: Isa, slab: &Slab, c: usize, count: usize, to: &mut [f32], step: usize) {
    let (mut d, mut t) = ([[0.0; NR]; POINTS], [[0.0; NR]; POINTS]);
    for first in (0..count).step_by(NR) {
        slab.gather(c, first / NR, &mut d);
        transform_input(isa, &d, &mut t);
        let lanes = NR.min(count - first);
        for (point, t) in t.iter().enumerate() {
            to[point * step + first..][..lanes].copy_from_slice(&t[..lanes]);
        }
    }
}

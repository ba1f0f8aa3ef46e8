//! The product of transformed tiles and kernels, piece by piece, with the channels of a tile next to each other: its vectors are full
//! however small the plane is, and its products need no packing.

use crate::conv::im2col::ColumnBlock;
use crate::conv::pixel_rows::{PixelRows, Span, pixel_len};
use crate::conv::window::{ConvWindow, Geometry};
use crate::conv::winograd::transforms::{
    OUT, POINTS, Steps, transform_input, transform_kernel, transform_output,
};
use crate::gemm::indexed_product::{Left, Right, indexed_product};
use crate::gemm::matrix_product::{k_blocks, rhs_stride};
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::tiles_by_thread::{Tile, per_tile, split_at};
use crate::gemm::transposed::transpose;
use crate::hardware::chunks::each_chunk;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;

/// Kernels `[O, I, 3, 3]`, transformed and packed as right operands: `[panel of outputs][36][input][NR]`, one line more for each of the 36.
#[derive(Debug)]
pub(crate) struct KernelPoints {
    data: Buffer,
    pub outputs: usize,
    pub inputs: usize,
}

impl KernelPoints {
    pub fn new(ws: &Workspace, weight: &[f32], outputs: usize, inputs: usize) -> Self {
        let step = rhs_stride(inputs);
        let mut data = ws.take(outputs.div_ceil(NR) * POINTS * step);
        each_chunk(&mut data, POINTS * step, ws.grain, &|panel, to| {
            let first = panel * NR;
            let lanes = NR.min(outputs - first);
            let mut g = [0.0; 9 * NR];
            for i in 0..inputs {
                for l in 0..lanes {
                    let kernel = &weight[((first + l) * inputs + i) * 9..][..9];
                    for (tap, &w) in kernel.iter().enumerate() {
                        g[tap * NR + l] = w;
                    }
                }
                transform_kernel(ws.isa(), &g, &mut to[i * NR..], step);
            }
        });
        Self {
            data,
            outputs,
            inputs,
        }
    }

    /// `M = V U` for each of the 36 numbers: `v` and `m` are `[36][rows]` of tiles, of which `count` are multiplied.
    fn multiply(&self, isa: Isa, count: usize, v: &Points, m: &mut Points) {
        let step = rhs_stride(self.inputs);
        let steps: Vec<usize> = (0..self.inputs).map(|p| p * NR).collect();
        let columns = self.outputs.next_multiple_of(NR);
        for point in 0..POINTS {
            let starts: Vec<usize> = (0..columns / NR)
                .map(|panel| (panel * POINTS + point) * step)
                .collect();
            let rows = &mut m.data[point * m.step..][..count * m.ld];
            let mut whole = Tile::whole(rows, count, m.ld);
            let mut to = whole.cut(columns).swap_remove(0);
            for (start, length) in k_blocks(self.inputs) {
                let left = Left::rows(&v.data[point * v.step + start..], v.ld);
                let right = Right {
                    data: &self.data,
                    starts: &starts,
                    offsets: &steps[start..start + length],
                };
                indexed_product(isa, left, right, &mut to, start > 0);
            }
        }
    }
}

/// The 36 numbers of some tiles, `[36][tile][ld]`, with room for whole panels of tiles.
pub(super) struct Points {
    pub data: Buffer,
    /// Numbers from one tile to the next.
    pub ld: usize,
    /// Numbers from one of the 36 to the next.
    pub step: usize,
}

impl Points {
    pub fn new(ws: &Workspace, tiles: usize, channels: usize) -> Self {
        let ld = pixel_len(channels);
        // An odd number of lines, so that the 36 do not compete for the same cache sets.
        let step = (tiles.next_multiple_of(MR) * ld) | NR;
        // Panels of columns that begin in the last tile may be longer than it is.
        let data = ws.take(POINTS * step + NR);
        Self { data, ld, step }
    }
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

/// The pixels that the tiles of a piece read: rows of `across` tiles.
pub(super) fn input_span(piece: &ColumnBlock, geo: &Geometry, across: usize) -> Span {
    Span {
        image0: piece.image0,
        images: piece.images,
        begin: piece.row0 * OUT,
        rows: piece.rows * OUT + 2,
        width: across * OUT + 2,
        before: geo.window.before,
        size: geo.size,
    }
}

/// Image, row and column of a tile in its piece, whose rows have `across` tiles.
pub(super) fn place(tile: usize, piece: &ColumnBlock, across: usize) -> [usize; 3] {
    let image = piece.rows * across;
    [tile / image, tile % image / across, tile % across]
}

/// Transforms tiles `first..first + count` of a piece.
pub(super) fn transform_tiles(
    isa: Isa,
    x: &PixelRows,
    (piece, across): (&ColumnBlock, usize),
    (first, count): (usize, usize),
    channels: usize,
    v: &mut Points,
) {
    let steps = Steps {
        row: x.row,
        column: x.ld,
    };
    for tile in 0..count {
        let [image, row, column] = place(first + tile, piece, across);
        let from = &x.data[image * x.image + row * OUT * x.row + column * OUT * x.ld..];
        let to = &mut v.data[tile * v.ld..];
        transform_input(isa, from, steps, to, v.step, channels.div_ceil(NR));
    }
}

/// Tiles that are multiplied at a time: few enough that what they are transformed to stays in the second-level cache, enough to use
/// the kernels that are fetched for them.
fn tiles_at_a_time(channels: usize) -> usize {
    (6144 / channels).clamp(4 * MR, 16 * MR).next_multiple_of(2 * MR)
}

/// `out = convolution`, piece by piece, with `finish` run on each finished tile of the output matrix; as
/// [`crate::conv`]'s product, but transformed. `read(channel, position, row)` gives the input.
pub(crate) fn transformed_product<R: Send>(
    ws: &Workspace,
    weight: &KernelPoints,
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    read: impl Fn(usize, usize, &mut [f32]) + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, i) = (weight.outputs, weight.inputs);
    let tiles = tile_geometry(geo);
    let across = tiles.out[1];
    let pieces = ColumnBlock::divide(&tiles, batch, tiles_of_a_piece(o.max(i)));
    let bounds: Vec<_> = pieces.iter().map(|p| output_columns(p, geo)).collect();
    let out_tiles = split_at(out, o, batch * geo.out_pixels(), o, &bounds);
    per_tile(ws, out_tiles, |index, tile| {
        let piece = &pieces[index];
        let x = PixelRows::load(ws, input_span(piece, geo, across), (0, i), pixel_len(i), &read);
        let (count, most) = (piece.images * piece.rows * across, tiles_at_a_time(i + o));
        let (mut v, mut m) = (Points::new(ws, most, i), Points::new(ws, most, o));
        let mut y = Outputs::new(ws, tile.cols, o);
        for first in (0..count).step_by(most) {
            let count = most.min(count - first);
            transform_tiles(ws.isa(), &x, (piece, across), (first, count), i, &mut v);
            weight.multiply(ws.isa(), count, &v, &mut m);
            y.transform(ws.isa(), &m, (piece, across), (first, count), geo);
        }
        transpose(ws.isa(), tile, &y.data, y.ld);
        finish(tile)
    })
}

/// The outputs of a piece, the channels of a pixel next to each other.
struct Outputs {
    data: Buffer,
    ld: usize,
    channels: usize,
}

impl Outputs {
    fn new(ws: &Workspace, pixels: usize, channels: usize) -> Self {
        let ld = pixel_len(channels);
        Self {
            data: ws.take(pixels * ld),
            ld,
            channels,
        }
    }

    /// Transforms tiles `first..first + count` of a piece back.
    fn transform(
        &mut self,
        isa: Isa,
        m: &Points,
        (piece, across): (&ColumnBlock, usize),
        (first, count): (usize, usize),
        geo: &Geometry,
    ) {
        let groups = self.channels.div_ceil(NR);
        let (height, width) = ((piece.rows * OUT).min(geo.out[0] - piece.row0 * OUT), geo.out[1]);
        let steps = Steps {
            row: width * self.ld,
            column: self.ld,
        };
        let side = Steps {
            row: OUT * groups * NR,
            column: groups * NR,
        };
        let mut partial = vec![0.0; OUT * OUT * groups * NR];
        for tile in 0..count {
            let [image, row, column] = place(first + tile, piece, across);
            let [rows, columns] = [(height, row), (width, column)].map(|(n, at)| OUT.min(n - at * OUT));
            let from = &m.data[tile * m.ld..];
            let to = &mut self.data[((image * height + row * OUT) * width + column * OUT) * self.ld..];
            if (rows, columns) == (OUT, OUT) {
                transform_output(isa, from, m.step, to, steps, groups);
                continue;
            }
            transform_output(isa, from, m.step, &mut partial, side, groups);
            for r in 0..rows {
                for c in 0..columns {
                    let from = &partial[r * side.row + c * side.column..][..side.column];
                    to[r * steps.row + c * steps.column..][..side.column].copy_from_slice(from);
                }
            }
        }
    }
}

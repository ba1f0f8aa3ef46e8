//! The weight gradient of a Winograd convolution: the transpose of its forward pass.
//!
//! dU = (transformed output gradient) x (transformed input)^T for each of the 36 numbers, then back to 3 x 3.

use crate::conv::gradient_job::GradientJob;
use crate::conv::im2col::{ColumnBlock, Im2col};
use crate::conv::window::Geometry;
use crate::conv::winograd::product::{
    output_columns, place, tile_geometry, tiles_of_a_piece, transform_channel,
};
use crate::conv::winograd::transforms::{POINTS, Tiles4, kernel_gradient, transform_gradient};
use crate::gemm::matrix_product::{product, rhs_len};
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::partial_sums::{PARTIALS, sum_groups};
use crate::gemm::tiles_by_thread::Tile;
use crate::gemm::transposed::{pack_lhs, pack_rhs};
use crate::hardware::reused_buffers::Buffer;

/// Input channels of one piece of work: enough that transforming the output gradient once for each is cheap.
const CHANNELS: usize = 128;

/// Gradient `[O, I, 3, 3]` of the weights.
pub(crate) fn weight_gradient(job: &GradientJob<'_>) -> Vec<f32> {
    let (outputs, inputs) = (job.shape.outputs, job.shape.inputs);
    let tiles = tile_geometry(job.geo);
    let mut pieces = ColumnBlock::divide(&tiles, job.batch, tiles_of_a_piece(outputs.max(inputs)));
    let length = outputs * inputs * 9;
    let groups = (PARTIALS / length).min(pieces.len()).clamp(1, 8);
    let mut partials = job.ws.take(groups * length);
    // One group alone needs narrower blocks of channels to occupy several threads.
    let block = match groups {
        4.. => CHANNELS,
        _ => inputs.div_ceil(4).next_multiple_of(NR).min(CHANNELS),
    };
    let work = Work { job, tiles: &tiles };
    let sizes = [outputs, inputs * 9, block * 9];
    sum_groups(job.ws, &mut partials, sizes, &mut pieces, |tile, pieces| {
        work.block(tile, pieces);
    })
}

struct Work<'a> {
    job: &'a GradientJob<'a>,
    tiles: &'a Geometry,
}

impl Work<'_> {
    /// The gradient of a block of input channels from some pieces.
    fn block(&self, mut target: Tile<'_>, pieces: &[ColumnBlock]) {
        let (job, ws, isa, o) = (self.job, self.job.ws, self.job.ws.isa(), self.job.shape.outputs);
        let (first, channels) = (target.col0 / 9, target.cols / 9);
        let mut du = ws.zeroed(POINTS * o * channels);
        for piece in pieces {
            let count = piece.images * piece.rows * self.tiles.out[1];
            // A line more than the tiles, so that rows do not compete for the same cache sets.
            let ld = count + NR;
            let mut v = ws.take(POINTS * channels * ld);
            let im2col = Im2col::input(ws, self.tiles, *piece, (first, channels), job.x, job.n);
            for c in 0..channels {
                transform_channel(isa, &im2col, c, count, &mut v[c * ld..], channels * ld);
            }
            let m = self.gradients(piece, count, ld);
            let mut left = ws.take(o.next_multiple_of(MR) * count);
            let mut right = ws.take(rhs_len(count, channels));
            for (point, du) in du.chunks_exact_mut(o * channels).enumerate() {
                pack_lhs(isa, &mut left, &m[point * o * ld..], ld, o, count);
                pack_rhs(isa, &mut right, &v[point * channels * ld..], ld, channels, count);
                product(isa, count, &left, &right, &mut Tile::whole(du, o, channels), true);
            }
        }
        let (mut u, mut g) = ([[0.0; NR]; POINTS], [[0.0; NR]; 9]);
        for c in 0..o {
            for (panel, to) in target.row(c).chunks_mut(9 * NR).enumerate() {
                let lanes = to.len() / 9;
                for (point, u) in u.iter_mut().enumerate() {
                    u[..lanes].copy_from_slice(&du[(point * o + c) * channels + panel * NR..][..lanes]);
                }
                kernel_gradient(isa, &u, &mut g);
                for (l, kernel) in to.chunks_exact_mut(9).enumerate() {
                    for (to, tap) in kernel.iter_mut().zip(&g) {
                        *to = tap[l];
                    }
                }
            }
        }
    }

    /// The transformed output gradient of a piece: `[36, O, ld]`.
    fn gradients(&self, piece: &ColumnBlock, count: usize, ld: usize) -> Buffer {
        let GradientJob { ws, shape, geo, .. } = *self.job;
        let (o, width) = (shape.outputs, geo.out[1]);
        let (at, length) = output_columns(piece, geo);
        let mut m = ws.take(POINTS * o * ld);
        let mut row = ws.take(length);
        let mut t = [[0.0; NR]; POINTS];
        for c in 0..o {
            self.job.dy.read(ws, c, self.job.out_n, at, &mut row);
            for first in (0..count).step_by(NR) {
                let lanes = NR.min(count - first);
                // Outputs that do not exist have no gradient.
                let mut y: Tiles4 = [[0.0; NR]; 16];
                for (l, tile_index) in (first..first + lanes).enumerate() {
                    let (from, rows, columns) = place(tile_index, piece, self.tiles, geo);
                    for r in 0..rows {
                        for (x, &g) in row[from + r * width..][..columns].iter().enumerate() {
                            y[r * 4 + x][l] = g;
                        }
                    }
                }
                transform_gradient(ws.isa(), &y, &mut t);
                for (point, t) in t.iter().enumerate() {
                    m[(point * o + c) * ld + first..][..lanes].copy_from_slice(&t[..lanes]);
                }
            }
        }
        m
    }
}

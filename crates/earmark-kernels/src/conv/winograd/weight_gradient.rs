//! The weight gradient of a Winograd convolution: the transpose of its forward pass.
//!
//! dU = (transformed output gradient) x (transformed input)^T for each of the 36 numbers, then back to 3 x 3. What is summed over, the tiles,
//! is the outer axis of both operands, so that nothing is packed.

use crate::conv::gradient_job::GradientJob;
use crate::conv::im2col::ColumnBlock;
use crate::conv::pixel_rows::{PixelRows, Span, pixel_len};
use crate::conv::window::Geometry;
use crate::conv::winograd::product::{
    Points, input_span, place, tile_geometry, tiles_of_a_piece, transform_tiles,
};
use crate::conv::winograd::transforms::{OUT, POINTS, Steps, kernel_gradient, transform_gradient};
use crate::gemm::indexed_product::{Left, Right, indexed_product};
use crate::gemm::micro_kernel::NR;
use crate::gemm::partial_sums::{PARTIALS, sum_groups};
use crate::gemm::tiles_by_thread::Tile;

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
        let across = self.tiles.out[1];
        let ld = channels.next_multiple_of(NR);
        let starts: Vec<usize> = (0..ld).step_by(NR).collect();
        let mut du = ws.take(POINTS * o * ld);
        if pieces.is_empty() {
            du.fill(0.0);
        }
        for (index, piece) in pieces.iter().enumerate() {
            let count = piece.images * piece.rows * across;
            let span = input_span(piece, job.geo, across);
            let read = |c: usize, at: usize, row: &mut [f32]| job.x.read(ws, c, c * job.n + at, row);
            let x = PixelRows::load(ws, span, (first, channels), pixel_len(channels), read);
            let mut v = Points::new(ws, count, channels);
            transform_tiles(isa, &x, (piece, across), (0, count), channels, &mut v);
            drop(x);
            let m = self.gradients(piece, count);
            let offsets: Vec<usize> = (0..count).map(|tile| tile * v.ld).collect();
            for (point, du) in du.chunks_exact_mut(o * ld).enumerate() {
                let left = Left::columns(&m.data[point * m.step..], m.ld);
                let right = Right {
                    data: &v.data[point * v.step..],
                    starts: &starts,
                    offsets: &offsets,
                };
                indexed_product(isa, left, right, &mut Tile::whole(du, o, ld), index > 0);
            }
        }
        let mut g = [0.0; 9 * NR];
        for c in 0..o {
            for (panel, to) in target.row(c).chunks_mut(9 * NR).enumerate() {
                kernel_gradient(isa, &du[c * ld + panel * NR..], o * ld, &mut g);
                for (l, kernel) in to.chunks_exact_mut(9).enumerate() {
                    for (to, tap) in kernel.iter_mut().zip(g.chunks_exact(NR)) {
                        *to = tap[l];
                    }
                }
            }
        }
    }

    /// The transformed output gradient of a piece.
    fn gradients(&self, piece: &ColumnBlock, count: usize) -> Points {
        let GradientJob { ws, shape, geo, .. } = *self.job;
        let (o, across) = (shape.outputs, self.tiles.out[1]);
        // Outputs that do not exist have no gradient.
        let span = Span {
            image0: piece.image0,
            images: piece.images,
            begin: piece.row0 * OUT,
            rows: piece.rows * OUT,
            width: across * OUT,
            before: [0, 0],
            size: geo.out,
        };
        let read = |c: usize, at: usize, row: &mut [f32]| self.job.dy.read(ws, c, self.job.out_n, at, row);
        let dy = PixelRows::load(ws, span, (0, o), pixel_len(o), read);
        let steps = Steps {
            row: dy.row,
            column: dy.ld,
        };
        let mut m = Points::new(ws, count, o);
        for tile in 0..count {
            let [image, row, column] = place(tile, piece, across);
            let from = &dy.data[image * dy.image + row * OUT * dy.row + column * OUT * dy.ld..];
            transform_gradient(
                ws.isa(),
                from,
                steps,
                &mut m.data[tile * m.ld..],
                m.step,
                o.div_ceil(NR),
            );
        }
        m
    }
}

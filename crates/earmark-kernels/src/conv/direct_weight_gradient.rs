//! The weight gradient of a convolution with stride 1, from inputs whose channels are next to each other.
//!
//! `dW[O, tap, I] = dY X^T` where X is read a tap's distance away: what is summed over, the pixels, is the outer axis of both operands, so
//! that they are turned once and not gathered for each tap.

use crate::conv::algorithm::ConvShape;
use crate::conv::gradient_job::GradientJob;
use crate::conv::im2col::{COLUMNS, ColumnBlock};
use crate::conv::pixel_rows::{PixelRows, Span, pixel_len};
use crate::gemm::indexed_product::{Left, Right, indexed_product};
use crate::gemm::micro_kernel::NR;
use crate::gemm::partial_sums::{PARTIALS, sum_groups};
use crate::gemm::tiles_by_thread::Tile;

/// Pixels, padding included, that are turned at a time: with many pieces of an image together, few rows are turned twice.
const TOGETHER: usize = 2048;

/// Whether few lanes of the vectors that this way takes would be empty.
pub(super) fn serves(shape: &ConvShape) -> bool {
    let whole = shape.inputs.next_multiple_of(NR);
    shape.window.stride == [1, 1] && (narrow(shape) || 3 * (whole - shape.inputs) <= whole)
}

/// Whether a row of taps with all channels is one vector.
fn narrow(shape: &ConvShape) -> bool {
    shape.inputs * shape.window.kernel[1] <= NR
}

/// How a weight gradient is cut: groups of pieces, each with its own partial sum, and blocks of input channels.
pub(super) fn division(shape: &ConvShape, pieces: usize) -> (usize, usize) {
    let inputs = shape.inputs;
    let groups = (PARTIALS / (shape.outputs * inputs * shape.taps()))
        .min(pieces)
        .clamp(1, 16);
    let block = match groups {
        9.. => inputs,
        _ => inputs.div_ceil(16 / groups).next_multiple_of(16).min(inputs),
    };
    (groups, block)
}

/// Gradient `[O, I, kernel rows, kernel columns]` of the weights.
pub(super) fn weight_gradient(job: &GradientJob<'_>) -> Vec<f32> {
    let (ws, shape, taps) = (job.ws, job.shape, job.shape.taps());
    let mut pieces = ColumnBlock::divide(job.geo, job.batch, COLUMNS);
    let (groups, block) = division(shape, pieces.len());
    let mut partials = ws.take(groups * shape.outputs * shape.inputs * taps);
    let sizes = [shape.outputs, shape.inputs * taps, block * taps];
    sum_groups(ws, &mut partials, sizes, &mut pieces, |tile, pieces| {
        let channels = (tile.col0 / taps, tile.cols / taps);
        Work::new(job, channels).block(tile, pieces);
    })
}

/// The gradient of a block of input channels.
struct Work<'a> {
    job: &'a GradientJob<'a>,
    /// First channel and number of channels.
    channels: (usize, usize),
    /// Numbers from one pixel of the input to the next.
    ld: usize,
    /// Pixels of a padded row.
    width: usize,
    /// Where each vector of weights begins, seen from the pixel of the output.
    starts: Vec<usize>,
}

impl<'a> Work<'a> {
    fn new(job: &'a GradientJob<'a>, channels: (usize, usize)) -> Self {
        let [kh, kw] = job.shape.window.kernel;
        let width = job.geo.out[1] + kw - 1;
        let (ld, starts) = if narrow(job.shape) {
            let ld = channels.1;
            (ld, (0..kh).map(|y| y * width * ld).collect())
        } else {
            let ld = pixel_len(channels.1);
            let taps = (0..kh).flat_map(|y| (0..kw).map(move |x| (y * width + x) * ld));
            let vectors = |tap: usize| (0..channels.1).step_by(NR).map(move |c| tap + c);
            (ld, taps.flat_map(vectors).collect())
        };
        Self {
            job,
            channels,
            ld,
            width,
            starts,
        }
    }

    /// The column of the vectors of weights that the weight of a channel and a tap is in.
    fn column(&self, channel: usize, tap: usize) -> usize {
        let kw = self.job.shape.window.kernel[1];
        match narrow(self.job.shape) {
            true => tap / kw * NR + tap % kw * self.channels.1 + channel,
            false => tap * self.channels.1.next_multiple_of(NR) + channel,
        }
    }

    fn block(&self, mut target: Tile<'_>, pieces: &[ColumnBlock]) {
        let (job, taps) = (self.job, self.job.shape.taps());
        let (o, ld) = (job.shape.outputs, self.starts.len() * NR);
        let mut sums = job.ws.take(o * ld);
        if pieces.is_empty() {
            sums.fill(0.0);
        }
        let mut rest = pieces;
        while let Some((first, _)) = rest.split_first() {
            let same = rest.iter().take_while(|p| p.image0 == first.image0).count();
            let most = (TOGETHER / (self.width * first.rows)).clamp(1, same);
            let (now, later) = rest.split_at(if first.images > 1 { 1 } else { most });
            let begun = rest.len() < pieces.len();
            self.add(now, &mut Tile::whole(&mut sums, o, ld), begun);
            rest = later;
        }
        for (c, sums) in sums.chunks_exact(ld).enumerate() {
            for (channel, kernel) in target.row(c).chunks_exact_mut(taps).enumerate() {
                for (tap, to) in kernel.iter_mut().enumerate() {
                    *to = sums[self.column(channel, tap)];
                }
            }
        }
    }

    /// Adds what pieces that follow each other in one image (or one piece of some images) yield; the first sums are not yet `begun`.
    fn add(&self, pieces: &[ColumnBlock], sums: &mut Tile<'_>, begun: bool) {
        let GradientJob {
            ws,
            shape,
            geo,
            x,
            dy,
            ..
        } = *self.job;
        let (first, o) = (pieces[0], shape.outputs);
        let rows: usize = pieces.iter().map(|p| p.rows).sum();
        let span = Span {
            image0: first.image0,
            images: first.images,
            begin: first.row0,
            rows: rows + shape.window.kernel[0] - 1,
            width: self.width,
            before: shape.window.before,
            size: geo.size,
        };
        let read = |c: usize, at: usize, row: &mut [f32]| x.read(ws, c, c * self.job.n + at, row);
        let right = PixelRows::load(ws, span, self.channels, self.ld, read);
        let outputs = Span {
            rows,
            width: geo.out[1],
            before: [0, 0],
            size: geo.out,
            ..span
        };
        let read = |c: usize, at: usize, row: &mut [f32]| dy.read(ws, c, self.job.out_n, at, row);
        let left = PixelRows::load(ws, outputs, (0, o), pixel_len(o), read);
        let mut row = 0;
        for piece in pieces {
            let mut offsets = Vec::with_capacity(piece.images * piece.rows * geo.out[1]);
            for i in 0..piece.images {
                for r in 0..piece.rows {
                    let first = i * right.image + (row + r) * right.row;
                    offsets.extend((0..geo.out[1]).map(|c| first + c * right.ld));
                }
            }
            let from = Left::columns(&left.data[row * left.row..], left.ld);
            let right = Right {
                data: &right.data,
                starts: &self.starts,
                offsets: &offsets,
            };
            indexed_product(ws.isa(), from, right, sums, begun || row > 0);
            row += piece.rows;
        }
    }
}

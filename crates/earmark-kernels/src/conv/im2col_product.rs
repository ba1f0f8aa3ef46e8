//! The ordinary convolution: the product of the weights and the im2col matrix, piece by piece.

use rayon::prelude::*;

use crate::conv::im2col::{COLUMNS, ColumnBlock, Im2col};
use crate::conv::window::Geometry;
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::micro_kernel::MR;
use crate::gemm::tiles_by_thread::{Tile, split_at};
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// With fewer pieces than this, output channels are cut as well, so that all cores have work.
const FEW_PIECES: usize = 12;
/// Output channels of a piece when they are cut.
const ROWS: usize = 16 * MR;

/// Numbers that pieces of an image share as one block of rows, at most: those in the middle then need no rows of their neighbours.
const SHARED: usize = 1 << 16;

/// How many pieces that follow each other are of one image and load their rows together; it divides the pieces of an image.
fn together(geo: &Geometry, pieces: &[ColumnBlock], channels: usize) -> usize {
    let (Some(first), [kernel, _]) = (pieces.first(), geo.window.kernel) else {
        return 1;
    };
    let of_image = geo.out[0].div_ceil(first.rows);
    let fits = |count: &usize| {
        let rows = (count * first.rows - 1) * geo.window.stride[0] + kernel;
        of_image.is_multiple_of(*count) && rows * geo.size[1] * channels <= SHARED
    };
    (1..=8.min(of_image)).rev().find(fits).unwrap_or(1)
}

/// `out = weight x im2col`, piece by piece, with `finish` run on each finished tile; `read(channel, position, row)` gives the input.
pub(super) fn gather_product<R: Send>(
    ws: &Workspace,
    weight: &PackedWeights,
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    read: impl Fn(usize, usize, &mut [f32]) + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, columns) = (weight.m, batch * geo.out_pixels());
    check_len("output", out, o * columns);
    let pieces = ColumnBlock::divide(geo, batch, COLUMNS);
    let few = pieces.len() < FEW_PIECES;
    let rows = if few { ROWS.min(o) } else { o };
    let channels = weight.k / geo.taps.len();
    let shared = if few { 1 } else { together(geo, &pieces, channels) };
    let bounds: Vec<(usize, usize)> = pieces.iter().map(|p| p.columns(geo)).collect();
    let done: Vec<Vec<(usize, R)>> = split_at(out, o, columns, rows, &bounds)
        .par_chunks_mut(shared)
        .enumerate()
        .with_min_len(ws.grain)
        .with_max_len(1)
        .map(|(i, tiles)| {
            let first = i * shared / o.div_ceil(rows);
            let block = ColumnBlock {
                rows: pieces[first..first + shared].iter().map(|p| p.rows).sum(),
                ..pieces[first]
            };
            let im2col = Im2col::load(ws, geo, block, (0, channels), &read);
            let mut at = 0;
            let each = tiles.iter_mut().map(|tile| {
                im2col.multiply(ws, weight, at, tile);
                at += tile.cols;
                (tile.row0, finish(tile))
            });
            each.collect()
        })
        .collect();
    done.into_iter().flatten().collect()
}

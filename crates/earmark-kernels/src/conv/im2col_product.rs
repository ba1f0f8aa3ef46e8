//! The ordinary convolution: the product of the weights and the im2col matrix, piece by piece.

use crate::conv::im2col::{COLUMNS, ColumnBlock, Im2col};
use crate::conv::window::Geometry;
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::micro_kernel::MR;
use crate::gemm::tiles_by_thread::{Tile, per_tile, split_at};
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// With fewer pieces than this, output channels are cut as well, so that all cores have work.
const FEW_PIECES: usize = 12;
/// Output channels of a piece when they are cut.
const ROWS: usize = 16 * MR;

/// `out = weight x im2col`, piece by piece, with `finish` run on each finished tile.
pub(super) fn gather_product<R: Send>(
    ws: &Workspace,
    weight: &PackedWeights,
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    im2col: impl Fn(ColumnBlock) -> Im2col + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, columns) = (weight.m, batch * geo.out_pixels());
    check_len("output", out, o * columns);
    let pieces = ColumnBlock::divide(geo, batch, COLUMNS);
    let rows = if pieces.len() < FEW_PIECES { ROWS.min(o) } else { o };
    let bounds: Vec<(usize, usize)> = pieces.iter().map(|p| p.columns(geo)).collect();
    per_tile(ws, split_at(out, o, columns, rows, &bounds), |i, tile| {
        let im2col = im2col(pieces[i / o.div_ceil(rows)]);
        weight.multiply_packing(ws, tile, |(start, length), packed| {
            im2col.pack(start, length, packed);
        });
        finish(tile)
    })
}

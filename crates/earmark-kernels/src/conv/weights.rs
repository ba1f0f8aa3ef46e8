//! Weights of a dense convolution, packed for its algorithm, and their product with the gathered input.

use crate::conv::algorithm::ConvShape;
use crate::conv::im2col::{COLUMNS, ColumnBlock, Im2col};
use crate::conv::window::Geometry;
use crate::conv::winograd::product::{pack_kernels, transformed_product};
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::micro_kernel::MR;
use crate::gemm::tiles::{Tile, per_tile, split_at};
use crate::hardware::lengths::check_len;
use crate::hardware::memory::Workspace;

/// With fewer pieces than this, output channels are cut as well, so that all cores have work.
const FEW_PIECES: usize = 12;
/// Output channels of a piece when they are cut.
const ROWS: usize = 16 * MR;

/// Weights of a dense convolution, packed for its algorithm.
#[derive(Debug)]
pub struct ConvWeights(Packed);

#[derive(Debug)]
enum Packed {
    Direct(PackedWeights),
    Winograd(Vec<PackedWeights>),
}

impl ConvWeights {
    /// Packs `[outputs, inputs, taps]`.
    pub(crate) fn new(
        ws: &Workspace,
        weight: &[f32],
        outputs: usize,
        inputs: usize,
        taps: usize,
        transformed: bool,
    ) -> Self {
        let k = inputs * taps;
        Self(match transformed {
            true => Packed::Winograd(pack_kernels(ws, weight, outputs, inputs)),
            false => Packed::Direct(PackedWeights::pack(ws, weight, outputs, k, k, 1)),
        })
    }

    /// Output channels, and the numbers in the kernels of one.
    pub(super) fn shape(&self, taps: usize) -> (usize, usize) {
        match &self.0 {
            Packed::Direct(w) => (w.m, w.k),
            Packed::Winograd(w) => (w[0].m, w[0].k * taps),
        }
    }

    /// Computes `out` from the im2col matrix of each piece.
    pub(crate) fn product<R: Send>(
        &self,
        ws: &Workspace,
        geo: &Geometry,
        batch: usize,
        out: &mut [f32],
        im2col: impl Fn(&Geometry, ColumnBlock) -> Im2col + Sync,
        finish: impl Fn(&mut Tile<'_>) -> R + Sync,
    ) -> Vec<(usize, R)> {
        match &self.0 {
            Packed::Direct(weight) => gather_product(ws, weight, geo, batch, out, |p| im2col(geo, p), finish),
            Packed::Winograd(weight) => transformed_product(ws, weight, geo, batch, out, im2col, finish),
        }
    }
}

/// Packs the weights `[O, I, kernel rows, kernel columns]` for `forward`.
///
/// # Panics
/// If the length does not fit the shape.
pub fn pack(ws: &Workspace, weight: &[f32], shape: &ConvShape) -> ConvWeights {
    let ConvShape { inputs, outputs, .. } = *shape;
    check_len("convolution weights", weight, outputs * inputs * shape.taps());
    ConvWeights::new(ws, weight, outputs, inputs, shape.taps(), shape.transformed())
}

/// `out = weight x im2col`, piece by piece, with `finish` run on each finished tile.
fn gather_product<R: Send>(
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

//! Weights of a dense convolution, packed for its algorithm, which multiplies them by the gathered input.

use crate::conv::algorithm::ConvShape;
use crate::conv::im2col_product::gather_product;
use crate::conv::window::Geometry;
use crate::conv::winograd::product::{KernelPoints, transformed_product};
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// Weights of a dense convolution, packed for its algorithm.
#[derive(Debug)]
pub struct ConvWeights(Packed);

#[derive(Debug)]
enum Packed {
    Direct(PackedWeights),
    Winograd(KernelPoints),
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
            true => Packed::Winograd(KernelPoints::new(ws, weight, outputs, inputs)),
            false => Packed::Direct(PackedWeights::pack(ws, weight, outputs, k, k, 1)),
        })
    }

    /// Output channels, and the numbers in the kernels of one.
    pub(super) fn shape(&self, taps: usize) -> (usize, usize) {
        match &self.0 {
            Packed::Direct(w) => (w.m, w.k),
            Packed::Winograd(w) => (w.outputs, w.inputs * taps),
        }
    }

    /// Computes `out` from an input that `read(channel, position, row)` gives, from a position in the channel's `B * H * W`.
    pub(crate) fn product<R: Send>(
        &self,
        ws: &Workspace,
        geo: &Geometry,
        batch: usize,
        out: &mut [f32],
        read: impl Fn(usize, usize, &mut [f32]) + Sync,
        finish: impl Fn(&mut Tile<'_>) -> R + Sync,
    ) -> Vec<(usize, R)> {
        match &self.0 {
            Packed::Direct(weight) => gather_product(ws, weight, geo, batch, out, read, finish),
            Packed::Winograd(weight) => transformed_product(ws, weight, geo, batch, out, read, finish),
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

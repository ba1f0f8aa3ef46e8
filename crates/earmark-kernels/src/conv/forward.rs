//! The forward pass of dense convolution: a matrix product whose right operand, the im2col matrix, is read from the
//! input's rows (it is never in memory as a whole).

use crate::conv::algorithm::ConvShape;
use crate::conv::weights::ConvWeights;
use crate::elementwise::epilogue::{Epilogue, merge_moments};
use crate::elementwise::postponed_normalisation::OpInput;
use crate::elementwise::rows::Moments;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// Computes `out[O, B * Ho * Wo]` from `x[I, B * H * W]`; returns the moments of each output channel if the epilogue asks for them.
///
/// # Panics
/// If a length does not fit the shape, or the kernel is longer than the padded plane.
pub fn forward(
    ws: &Workspace,
    weight: &ConvWeights,
    shape: &ConvShape,
    x: OpInput<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (geo, batch) = shape.check(&x);
    let n = batch * geo.pixels();
    assert_eq!(
        weight.shape(shape.taps()),
        (shape.outputs, shape.inputs * shape.taps()),
        "packed weights have another shape"
    );
    check_len("output", out, shape.outputs * batch * geo.out_pixels());
    epilogue.check(shape.outputs);
    let read = |c: usize, at: usize, row: &mut [f32]| x.read(ws, c, c * n + at, row);
    let parts = weight.product(ws, &geo, batch, out, read, |tile| epilogue.finish(ws, tile));
    merge_moments(shape.outputs, &parts)
}

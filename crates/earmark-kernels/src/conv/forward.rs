//! The forward pass of dense convolution: a matrix product whose right operand is gathered piece by piece (implicit im2col; the
//! whole of it is never in memory).

use crate::conv::algorithm::ConvShape;
use crate::conv::im2col::Im2col;
use crate::conv::weights::ConvWeights;
use crate::conv::window::Geometry;
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
    let im2col = |geo: &Geometry, piece| Im2col::input(ws, geo, piece, (0, shape.inputs), x, n);
    let parts = weight.product(ws, &geo, batch, out, im2col, |tile| epilogue.finish(ws, tile));
    merge_moments(shape.outputs, &parts)
}

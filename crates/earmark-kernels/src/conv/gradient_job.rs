//! What the parts of the backward pass of one dense convolution have in common.

use crate::conv::algorithm::ConvShape;
use crate::conv::window::Geometry;
use crate::elementwise::output_gradient::OutputGrad;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::hardware::reused_buffers::Workspace;

/// One backward pass: the convolution, its input and the gradient of its output.
pub(crate) struct GradientJob<'a> {
    pub ws: &'a Workspace,
    pub shape: &'a ConvShape,
    pub geo: &'a Geometry,
    pub batch: usize,
    /// Values of a channel of the input, and of the output.
    pub n: usize,
    pub out_n: usize,
    pub x: OpInput<'a>,
    pub dy: OutputGrad<'a>,
}

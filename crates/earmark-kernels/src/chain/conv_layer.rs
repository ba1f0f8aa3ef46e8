//! One layer of a chain, and why layers may not follow each other.

use crate::conv::window::ConvWindow;
use crate::conv::{Algorithm, ConvShape};
use crate::depthwise::DepthwiseShape;
use crate::elementwise::activation::Activation;

/// What a layer of a chain convolves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvKind {
    /// Weights `[O, I, kernel rows, kernel columns]`.
    Dense(ConvWindow),
    /// Weights `[C, kernel rows, kernel columns]`.
    Depthwise(ConvWindow),
    /// Weights `[O, I]`.
    Pointwise,
}

/// A convolution, its batch normalisation and its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvLayer {
    /// The convolution.
    pub kind: ConvKind,
    /// Input channels.
    pub inputs: usize,
    /// Output channels; as many as inputs if depthwise.
    pub outputs: usize,
    /// What follows the normalisation.
    pub act: Activation,
    /// Added to the variance.
    pub epsilon: f32,
}

impl ConvLayer {
    /// Numbers in the weights.
    pub fn weights(&self) -> usize {
        match self.kind {
            ConvKind::Dense(w) => self.outputs * self.inputs * w.kernel[0] * w.kernel[1],
            ConvKind::Depthwise(w) => self.inputs * w.kernel[0] * w.kernel[1],
            ConvKind::Pointwise => self.outputs * self.inputs,
        }
    }

    /// Whether its product gains by fewer bits.
    pub(super) fn gains_by_fewer_bits(&self) -> bool {
        self.kind == ConvKind::Pointwise && gains_by_fewer_bits(self.inputs, self.outputs)
    }

    /// The window that it slides over a plane.
    pub(super) fn window(&self) -> ConvWindow {
        match self.kind {
            ConvKind::Dense(w) | ConvKind::Depthwise(w) => w,
            ConvKind::Pointwise => ConvWindow::valid([1, 1], [1, 1]),
        }
    }

    /// Whether the same packed weights serve both: all is equal but the padding.
    pub(crate) fn same_weights(&self, other: &Self) -> bool {
        let kinds = match (self.kind, other.kind) {
            (ConvKind::Dense(a), ConvKind::Dense(b)) | (ConvKind::Depthwise(a), ConvKind::Depthwise(b)) => {
                (a.kernel, a.stride) == (b.kernel, b.stride)
            }
            (a, b) => a == b,
        };
        let rest = |layer: &Self| (layer.inputs, layer.outputs, layer.act, layer.epsilon);
        kinds && rest(self) == rest(other)
    }

    /// The shape of a dense layer on planes of `size`.
    pub(super) fn conv_shape(&self, window: ConvWindow, size: [usize; 2]) -> ConvShape {
        ConvShape {
            inputs: self.inputs,
            outputs: self.outputs,
            window,
            size,
            algorithm: Algorithm::Auto,
        }
    }

    /// The shape of a depthwise layer on planes of `size`.
    pub(super) fn depthwise_shape(&self, window: ConvWindow, size: [usize; 2]) -> DepthwiseShape {
        DepthwiseShape {
            channels: self.inputs,
            window,
            size,
        }
    }

    /// Rows and columns of an output plane; `None` if the kernel is longer than the padded plane.
    pub(super) fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        match self.kind {
            ConvKind::Dense(w) | ConvKind::Depthwise(w) => w.output(size),
            ConvKind::Pointwise => Some(size),
        }
    }
}

/// Whether the product of a pointwise convolution gains by fewer bits: where few outputs share its input, rounding that
/// costs more. Sums of products of bytes are exact up to the most inputs that are given here.
pub fn gains_by_fewer_bits(inputs: usize, outputs: usize) -> bool {
    const INPUTS: [usize; 2] = [16, i32::MAX as usize / (255 * 127)];
    const OUTPUTS: usize = 64;
    (INPUTS[0]..=INPUTS[1]).contains(&inputs) && outputs >= OUTPUTS
}

/// Why layers do not make a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is no layer.
    #[error("a chain needs at least one layer")]
    Empty,
    /// A layer has other input channels than the layer before has outputs, or none, or (depthwise) other outputs than inputs.
    #[error(
        "layer {layer}: {reached} channels reach it, but it is declared with {} inputs and {} outputs; \
         make the inputs equal to the outputs of the layer before, and both equal if it is depthwise",
        declared.0, declared.1
    )]
    Channels {
        /// Which layer, from 0.
        layer: usize,
        /// How many channels reach it.
        reached: usize,
        /// How many it takes and gives.
        declared: (usize, usize),
    },
    /// A layer's kernel is larger than the padded plane that reaches it.
    #[error(
        "layer {layer}: its window does not fit the plane of {} x {} that reaches it; \
         give longer input, more padding or a smaller kernel",
        size[0], size[1]
    )]
    Window {
        /// Which layer, from 0.
        layer: usize,
        /// Rows and columns of that plane.
        size: [usize; 2],
    },
}

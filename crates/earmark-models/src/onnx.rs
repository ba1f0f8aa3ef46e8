//! Networks as ONNX graphs: what evaluation computes, with BatchNorm folded into the convolutions before it.
//!
//! Each network has a file `onnx.rs` of its own beside its `network.rs`; what blocks share is in `blocks/onnx.rs`.

use earmark_onnx::{Builder, Value};

/// A batch of images in a graph, `[batch, channels, rows, columns]`.
#[derive(Clone, Debug)]
pub struct OnnxPlanes {
    /// The value.
    pub value: Value,
    /// Channels.
    pub channels: usize,
    /// Rows and columns; `None` where the input decides.
    pub size: [Option<usize>; 2],
}

/// What a network yields in a graph.
#[derive(Clone, Debug)]
pub struct OnnxOutputs {
    /// `[batch, classes]`
    pub logits: Value,
    /// The features before the classifier, `[batch, features]`.
    pub embedding: Value,
    /// Number of these features.
    pub features: usize,
}

impl OnnxPlanes {
    /// The sum with planes of the same shape.
    pub(crate) fn plus(&self, g: &mut Builder, other: &OnnxPlanes) -> OnnxPlanes {
        OnnxPlanes {
            value: g.op("Add", &[&self.value, &other.value], &[]),
            ..*self
        }
    }

    /// The mean of each plane, `[B, C]`.
    pub(crate) fn mean(&self, g: &mut Builder) -> Value {
        self.whole(g, "ReduceMean")
    }

    /// The largest value of each plane, `[B, C]`.
    pub(crate) fn max(&self, g: &mut Builder) -> Value {
        self.whole(g, "ReduceMax")
    }

    fn whole(&self, g: &mut Builder, op: &'static str) -> Value {
        let axes = ("axes", [2_usize, 3][..].into());
        g.op(op, &[&self.value], &[axes, ("keepdims", 0.into())])
    }

    /// Means over windows that touch; rows and columns that do not fill a window are left out. A plane known to be smaller than a
    /// window is one window; a plane of unknown size must hold at least one.
    pub(crate) fn average_pool(&self, g: &mut Builder, window: usize) -> OnnxPlanes {
        self.pool(g, "AveragePool", window)
    }

    /// The largest value of each window, in the same way.
    pub(crate) fn max_pool(&self, g: &mut Builder, window: usize) -> OnnxPlanes {
        self.pool(g, "MaxPool", window)
    }

    fn pool(&self, g: &mut Builder, op: &'static str, window: usize) -> OnnxPlanes {
        let window = self.size.map(|n| n.map_or(window, |n| window.min(n)));
        if window == [1, 1] {
            return self.clone();
        }
        let attributes = [
            ("kernel_shape", window[..].into()),
            ("strides", window[..].into()),
        ];
        OnnxPlanes {
            value: g.op(op, &[&self.value], &attributes),
            channels: self.channels,
            size: [0, 1].map(|a| Some(self.size[a]? / window[a])),
        }
    }
}

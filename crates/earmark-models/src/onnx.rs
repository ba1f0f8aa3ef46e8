//! Networks as ONNX graphs: what evaluation computes, with BatchNorm folded into the convolutions before it.
//!
//! Each network describes its graph next to its passes; what blocks share is in `blocks/onnx.rs`.

use crate::blocks::pool::{Pool, PoolSpec};
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
    /// The features before the classifier, `[batch, E]` with the network's [`embedding_len`](crate::Architecture::embedding_len).
    pub embedding: Value,
}

impl OnnxPlanes {
    /// Planes of the same shape with another value.
    pub(crate) fn with(&self, value: Value) -> Self {
        Self { value, ..*self }
    }

    /// The mean of each plane, `[B, C]`.
    pub(crate) fn mean(&self, g: &mut Builder) -> Value {
        self.global_pool(g, Pool::Mean)
    }

    /// One number per plane, `[B, C]`.
    pub(crate) fn global_pool(&self, g: &mut Builder, pool: Pool) -> Value {
        let op = match pool {
            Pool::Mean => "ReduceMean",
            Pool::Max => "ReduceMax",
        };
        let axes = ("axes", [2_usize, 3][..].into());
        g.op(op, &[&self.value], &[axes, ("keepdims", 0.into())])
    }

    /// One number per window, of windows that touch; rows and columns that do not fill a window are left out. A plane known to be
    /// smaller than a window is one window; a plane of unknown size must hold at least one.
    pub(crate) fn pool(&self, g: &mut Builder, pool: PoolSpec) -> OnnxPlanes {
        let window = self.size.map(|n| n.map_or(pool.window, |n| pool.window.min(n)));
        if window == [1, 1] {
            return self.clone();
        }
        let op = match pool.pool {
            Pool::Mean => "AveragePool",
            Pool::Max => "MaxPool",
        };
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

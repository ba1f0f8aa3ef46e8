//! What RnnAuxSkipAttention has in place of the global mean: LSTMs that run over time in both directions, on the mean
//! of the bands.

use crate::blocks::{BidirectionalLstm, Dense};
use crate::forward_pass::Forward;
use crate::layer_table::LayerTableBuilder;
use crate::onnx::OnnxPlanes;
use crate::params::{VarBuilder, Vars, WeightInit};
use burn::tensor::Tensor;
use earmark_onnx::{Builder, Value};

/// The mean over bands, the LSTMs, a dense layer, the mean over time.
#[derive(Clone, Debug)]
pub(super) struct OverTime {
    lstm: BidirectionalLstm,
    dense: Dense,
}

impl OverTime {
    /// Declares `rnn.forward.*`, `rnn.backward.*` and `rnn.dense.*`, all as wide as their input.
    pub(super) fn declare(b: &mut VarBuilder, width: usize, init: WeightInit) -> Self {
        Self {
            lstm: BidirectionalLstm::declare(b, "rnn", width, init),
            dense: Dense::declare(b, "rnn.dense", 2 * width, width, init),
        }
    }

    /// `[B, width, F, T]` to `[B, width]`.
    ///
    /// The original's dense layer follows at each step and the mean over time comes last; either order gives the same.
    pub(super) fn forward(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<2> {
        let x: Tensor<3> = x.mean_dim(2).squeeze_dim(2); // [B, width, T]
        let x = self.lstm.forward(x.permute([2, 0, 1]), ctx); // [B, 2 width]
        self.dense.forward(x, ctx)
    }

    pub(super) fn add_rows(&self, table: &mut LayerTableBuilder) {
        let (width, weights) = (self.lstm.width, self.lstm.weights());
        table.size[0] = 1;
        table.plane("rnn ReduceMean(bands)", width, 0, 0);
        let multiplies = weights * table.size[1];
        table.plane(format!("rnn BiLSTM({width})"), 2 * width, weights, multiplies);
        table.vector("rnn ReduceMean", 2 * width, 0, 0);
        table.dense("rnn", &self.dense);
    }

    pub(super) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &OnnxPlanes) -> Value {
        let bands = ("axes", [2_usize][..].into());
        let x = g.op("ReduceMean", &[&x.value], &[bands, ("keepdims", 0.into())]); // [B, width, T]
        let x = g.transpose(&x, &[2, 0, 1]);
        let x = self.lstm.add_to_onnx(g, vars, &x); // [B, 2 width]
        self.dense.add_to_onnx(g, vars, &x)
    }
}

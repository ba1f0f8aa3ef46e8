//! The starter-2018 network as an ONNX graph.

use crate::networks::starter_2018::network::{POOL, Starter2018};
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_onnx::Builder;

impl Starter2018 {
    /// The network in evaluation.
    pub(super) fn graph(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxOutputs {
        let x = self.convs.iter().fold(x, |x, conv| {
            conv.add_to_onnx(g, vars, &x).max_pool(g, POOL) // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
        });
        let embedding = x.mean(g); // [B, 4 base]
        OnnxOutputs {
            logits: self.logits.add_to_onnx(g, vars, &embedding),
            embedding,
            features: self.logits.input,
        }
    }
}

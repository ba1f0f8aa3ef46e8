//! The network as an ONNX graph.

use super::{EfficientAt, HS};
use crate::onnx::{OnnxOutputs, Planes};
use crate::vars::Vars;
use earmark_onnx::Builder;

impl EfficientAt {
    /// As [`EfficientAt::embed`] and [`EfficientAt::classify`] in evaluation.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: Planes) -> OnnxOutputs {
        let mut x = self.stem.add_to_onnx(g, vars, &x); // [B, 16 w, F/2, T/2]
        for block in &self.blocks {
            x = block.add_to_onnx(g, vars, x);
        } // [B, 160 w, F/32, T/32]
        let embedding = self.last.add_to_onnx(g, vars, &x).mean(g); // [B, 960 w]
        let hidden = self.hidden.add_to_onnx(g, vars, &embedding);
        let hidden = HS.add_to_onnx(g, hidden); // [B, 1280 w]
        OnnxOutputs {
            logits: self.logits.add_to_onnx(g, vars, &hidden),
            embedding,
            features: self.hidden.input,
        }
    }
}

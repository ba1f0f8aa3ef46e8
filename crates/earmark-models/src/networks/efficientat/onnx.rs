//! EfficientAT's network as an ONNX graph.

use crate::blocks::onnx::add_activation;
use crate::networks::efficientat::config::HS;
use crate::networks::efficientat::network::EfficientAt;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_onnx::Builder;

impl EfficientAt {
    /// The network in evaluation.
    pub(super) fn graph(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxOutputs {
        let mut x = self.stem.add_to_onnx(g, vars, &x); // [B, 16 w, F/2, T/2]
        for block in &self.blocks {
            x = block.add_to_onnx(g, vars, x);
        } // [B, 160 w, F/32, T/32]
        let embedding = self.last.add_to_onnx(g, vars, &x).mean(g); // [B, 960 w]
        let hidden = self.hidden.add_to_onnx(g, vars, &embedding);
        let hidden = add_activation(g, HS, hidden); // [B, 1280 w]
        OnnxOutputs {
            logits: self.logits.add_to_onnx(g, vars, &hidden),
            embedding,
            features: self.hidden.input,
        }
    }
}

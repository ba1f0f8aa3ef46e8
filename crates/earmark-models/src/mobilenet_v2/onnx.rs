//! The network as an ONNX graph.

use super::MobileNetV2;
use crate::network::ModelError;
use crate::onnx::{OnnxOutputs, Planes};
use crate::vars::Vars;
use earmark_onnx::Builder;

impl MobileNetV2 {
    /// As [`MobileNetV2::forward`] in evaluation.
    ///
    /// # Errors
    /// Where it has side features: they are not made of the image.
    pub(crate) fn add_to_onnx(
        &self,
        g: &mut Builder,
        vars: &Vars,
        x: Planes,
    ) -> Result<OnnxOutputs, ModelError> {
        let remedy = "a graph takes samples alone, and these features of the clip have no form in it; export a model that was trained with 0";
        let side = self.config.side_features;
        ModelError::unless(side == 0, "side-features", side, remedy)?;
        let mut x = self.input_norm.add_to_onnx(g, vars, x);
        for conv in self.widen.iter().chain([&self.first]) {
            x = conv.add_to_onnx(g, vars, &x);
        } // [B, 32, F/2, T/2]
        for block in &self.blocks {
            let y = block
                .convs
                .iter()
                .fold(x.clone(), |y, conv| conv.add_to_onnx(g, vars, &y));
            x = if block.adds { y.plus(g, &x) } else { y };
        } // [B, 320, F/32, T/32]
        let embedding = self.last.add_to_onnx(g, vars, &x).mean(g); // [B, 1280]
        let mut x = embedding.clone();
        // Keras's order: BatchNorm follows the activation, and so belongs to the next layer.
        let mut before = None;
        for (dense, norm) in &self.dense {
            x = dense.add_after_norm(g, vars, &x, before);
            x = g.op("Relu", &[&x], &[]);
            before = Some(norm);
        }
        Ok(OnnxOutputs {
            logits: self.logits.add_after_norm(g, vars, &x, before),
            embedding,
            features: self.last.spec.output,
        })
    }
}

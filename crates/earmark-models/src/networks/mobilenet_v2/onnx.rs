//! MobileNet v2 as an ONNX graph.

use crate::networks::mobilenet_v2::network::MobileNetV2;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_core::ConfigError;
use earmark_onnx::Builder;

impl MobileNetV2 {
    /// The network in evaluation.
    ///
    /// # Errors
    /// If it takes clip-level features, which are not computed from the image.
    pub(super) fn graph(
        &self,
        g: &mut Builder,
        vars: &Vars,
        x: OnnxPlanes,
    ) -> Result<OnnxOutputs, ConfigError> {
        let components = self.config.clip_features;
        if components > 0 {
            let remedy = "export a model that was trained with 0";
            return Err(ConfigError::new("network.clip-features", components, remedy)
                .because("a graph takes samples alone and can't compute clip-level features"));
        }
        let mut x = self.input_norm.add_to_onnx(g, vars, x);
        for conv in self.widen.iter().chain([&self.first]) {
            x = conv.add_to_onnx(g, vars, &x);
        } // [B, 32, F/2, T/2]
        for block in &self.blocks {
            x = block.add_to_onnx(g, vars, x);
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

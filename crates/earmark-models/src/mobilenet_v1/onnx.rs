//! The network as an ONNX graph.

use super::{GlobalPool, MobileNetV1};
use crate::onnx::{OnnxOutputs, Planes};
use crate::vars::Vars;
use earmark_onnx::Builder;

impl MobileNetV1 {
    /// As [`MobileNetV1::forward`] in evaluation.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: Planes) -> OnnxOutputs {
        let [bands, frames] = x.size;
        // The original's images are frames high and bands wide.
        let mut x = Planes {
            value: g.transpose(&x.value, &[0, 1, 3, 2]),
            size: [frames, bands],
            ..x
        };
        x = self.first.add_to_onnx(g, vars, &x);
        for (depthwise, pointwise) in &self.pairs {
            x = depthwise.add_to_onnx(g, vars, &x);
            x = pointwise.add_to_onnx(g, vars, &x); // [B, C, frames / s, bands / s]
        }
        let embedding = match self.config.global_pool {
            GlobalPool::Mean => x.mean(g),
            GlobalPool::Max => x.max(g),
        }; // [B, 1024]
        OnnxOutputs {
            logits: self.logits.add_to_onnx(g, vars, &embedding),
            embedding,
            features: self.logits.input,
        }
    }
}

//! MobileNet v1 as an ONNX graph.

use crate::networks::mobilenet_v1::config::GlobalPool;
use crate::networks::mobilenet_v1::network::MobileNetV1;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_onnx::Builder;

impl MobileNetV1 {
    /// The network in evaluation.
    pub(super) fn graph(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxOutputs {
        let [bands, frames] = x.size;
        // The original's images are frames high and bands wide.
        let mut x = OnnxPlanes {
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

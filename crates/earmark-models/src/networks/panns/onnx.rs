//! PANNs' networks as ONNX graphs.

use crate::networks::panns::backbone::Backbone;
use crate::networks::panns::config::SHRINKS;
use crate::networks::panns::network::Panns;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_onnx::{Builder, Value};

impl Panns {
    /// The network in evaluation.
    pub(super) fn graph(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxOutputs {
        let ([bands, frames], channels) = (x.size, x.channels);
        let by_band = OnnxPlanes {
            value: g.transpose(&x.value, &[0, 2, 1, 3]), // [B, bands, channels, frames]
            ..x
        };
        let normed = self.input.add_to_onnx(g, vars, by_band);
        // The original's images are frames high and bands wide.
        let x = OnnxPlanes {
            value: g.transpose(&normed.value, &[0, 2, 3, 1]), // [B, channels, frames, bands]
            channels,
            size: [frames, bands],
        };
        let x = lengthened(g, x);
        let x = match &self.backbone {
            Backbone::Blocks(blocks) => blocks.iter().fold(x, |x, (convs, halved)| {
                let x = convs.iter().fold(x, |x, conv| conv.add_to_onnx(g, vars, &x));
                if *halved { x.average_pool(g, 2) } else { x } // [B, 64 2^i, T/2^(i+1), F/2^(i+1)]
            }),
            Backbone::Row(convs) => convs.iter().fold(x, |x, conv| conv.add_to_onnx(g, vars, &x)), // [B, 1024, T/32, F/32]
            Backbone::Residual(stem, blocks, last) => {
                let x = stem.add_to_onnx(g, vars, &x); // [B, 32, T/2, F/2]
                let x = blocks.iter().fold(x, |x, block| block.add_to_onnx(g, vars, x)); // [B, 320, T/32, F/32]
                last.add_to_onnx(g, vars, &x) // [B, 1280, T/32, F/32]
            }
        };
        let mut over = |op: &'static str, x: &Value, axis: usize| {
            g.op(op, &[x], &[("axes", [axis][..].into()), ("keepdims", 0.into())])
        };
        let rows = over("ReduceMean", &x.value, 3); // [B, C, T']
        let (most, mean) = (over("ReduceMax", &rows, 2), over("ReduceMean", &rows, 2));
        let seen = g.op("Add", &[&most, &mean], &[]); // [B, C]
        let hidden = self.hidden.add_to_onnx(g, vars, &seen);
        let embedding = g.op("Relu", &[&hidden], &[]); // [B, E]
        OnnxOutputs {
            logits: self.logits.add_to_onnx(g, vars, &embedding),
            embedding,
            features: self.hidden.output,
        }
    }
}

/// Repeats the last row until there are as many as a backbone shrinks to one.
fn lengthened(g: &mut Builder, x: OnnxPlanes) -> OnnxPlanes {
    if x.size[0].is_some_and(|frames| frames >= SHRINKS) {
        return x;
    }
    let frames = g.length_of(&x.value, 2);
    let least = g.length(SHRINKS);
    let wanted = g.op("Max", &[&frames, &least], &[]);
    let missing = g.op("Sub", &[&wanted, &frames], &[]);
    let (before, after) = (g.ints(&[0; 6]), g.length(0));
    let pads = g.concat(&[&before, &missing, &after], 0);
    OnnxPlanes {
        value: g.op("Pad", &[&x.value, &pads], &[("mode", "edge".into())]),
        size: [x.size[0].map(|frames| frames.max(SHRINKS)), x.size[1]],
        ..x
    }
}

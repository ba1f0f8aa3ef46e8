//! The argus-2019 network as an ONNX graph, without the auxiliary outputs.

use crate::networks::aux_skip_attention::network::AuxSkipAttention;
use crate::onnx::{OnnxOutputs, OnnxPlanes};
use crate::params::vars::Vars;
use earmark_onnx::Builder;

impl AuxSkipAttention {
    /// The network in evaluation.
    pub(super) fn graph(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxOutputs {
        let mut x = x;
        let mut skips = Vec::with_capacity(4);
        for block in &self.blocks {
            for conv in &block.convs {
                x = conv.add_to_onnx(g, vars, &x);
            }
            x = x.average_pool(g, 2); // [B, base 2^i, F/2^(i+1), T/2^(i+1)]
            if let Some(skip) = block.skip.as_ref().filter(|_| self.config.skips) {
                let small = x.average_pool(g, skip.pool);
                skips.push(skip.conv.add_to_onnx(g, vars, &small)); // [B, 8 base, F/16, T/16]
            }
        }
        let planes: Vec<_> = [&x].into_iter().chain(&skips).map(|p| &p.value).collect();
        let all = OnnxPlanes {
            value: g.concat(&planes, 1), // [B, 32 base, F/16, T/16]; [B, 8 base, F/16, T/16] without skips
            channels: x.channels + skips.iter().map(|s| s.channels).sum::<usize>(),
            ..x
        };
        let seen = match &self.attention {
            Some(attention) => attention.add_to_onnx(g, vars, &all),
            None => all,
        };
        let last = self.merge.add_to_onnx(g, vars, &seen); // [B, last filters x base, F/16, T/16]
        let embedding = last.mean(g);
        OnnxOutputs {
            logits: self.head.add_to_onnx(g, vars, &embedding),
            embedding,
            features: last.channels,
        }
    }
}

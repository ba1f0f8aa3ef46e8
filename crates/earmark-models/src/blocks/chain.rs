//! Convolutions one after the other: as one kernel where there is one for the device, else one by one.

use super::conv::{Activation, Conv};
use crate::forward::{BatchStatistics, Forward};
use burn::tensor::Tensor;
use earmark_kernels::Window;
use earmark_kernels::burn_ops::{chain_eval, chain_train, kind, runs_on};
use earmark_kernels::chain::{Chain, Layer};
use std::sync::Arc;

/// `[B, in, H, W]` through all of `convs`.
///
/// On the CPU the whole chain is one operation of earmark-kernels (several times faster than Burn's own operations, equal to
/// rounding); elsewhere, and for convolutions that it does not know, Burn's operations follow each other.
pub fn conv_chain(convs: &[&Conv], x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    match fused(convs, [h, w]).filter(|_| ctx.uses_kernels() && runs_on(&x.device())) {
        Some(chain) => run_fused(convs, &Arc::new(chain), x, ctx),
        None => convs.iter().fold(x, |x, conv| conv.forward(x, ctx)),
    }
}

/// The chain of these convolutions for planes of `size`; `None` where one of them has no kernel.
fn fused(convs: &[&Conv], mut size: [usize; 2]) -> Option<Chain> {
    let first = size;
    let mut layers = Vec::with_capacity(convs.len());
    for conv in convs {
        let s = &conv.spec;
        let padding = [0, 1].map(|a| s.padding.amounts(a, size[a], s.kernel[a], s.stride[a]));
        let window = Window {
            kernel: s.kernel,
            stride: s.stride,
            before: padding.map(|p| p.0),
            after: padding.map(|p| p.1),
        };
        layers.push(Layer {
            kind: kind(window, s.input, s.groups)?,
            inputs: s.input,
            outputs: s.output,
            act: match s.activation {
                Activation::Relu => earmark_kernels::Activation::Relu,
                Activation::Identity => earmark_kernels::Activation::Identity,
            },
            epsilon: conv.norm.as_ref()?.config.epsilon as f32,
        });
        size = s.output_size(size);
    }
    Chain::new(first, layers).ok()
}

fn run_fused(convs: &[&Conv], chain: &Arc<Chain>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let norms: Vec<_> = convs.iter().filter_map(|c| c.norm.as_ref()).collect();
    let params = convs
        .iter()
        .zip(&norms)
        .flat_map(|(c, n)| [ctx.flat(c.weight), ctx.flat(n.gamma), ctx.flat(n.beta)]);
    let params = Tensor::cat(params.collect(), 0);
    if !ctx.is_training() {
        let moving = norms
            .iter()
            .flat_map(|n| [ctx.flat(n.mean), ctx.flat(n.variance)])
            .collect();
        return chain_eval(chain, x, params, Tensor::cat(moving, 0));
    }
    let out = chain_train(chain, x, params);
    for (norm, (mean, variance)) in norms.iter().zip(out.statistics) {
        ctx.record(BatchStatistics {
            mean_id: norm.mean,
            variance_id: norm.variance,
            mean,
            variance,
            decay: norm.config.decay,
        });
    }
    out.output
}

//! Convolutions one after the other: as one kernel where there is one for the device, else one by one.

use super::conv::{Activation, Conv};
use super::pool::Tail;
use crate::forward::{BatchStatistics, Forward};
use crate::vars::to_host;
use burn::tensor::Tensor;
use earmark_kernels::Window;
use earmark_kernels::burn_ops::{chain_eval, chain_train, kind, prepare, runs_on};
use earmark_kernels::chain::{Chain, Layer};
use std::sync::Arc;

/// `[B, in, H, W]` through all of `convs`.
///
/// On the CPU the whole chain is one operation of earmark-kernels (several times faster than Burn's own operations, equal to
/// rounding); elsewhere, and for convolutions that it does not know, Burn's operations follow each other.
pub fn conv_chain(convs: &[&Conv], x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    conv_chain_pooled(convs, None, x, ctx)
}

/// [`conv_chain`] with a pool at its end, which belongs to the same operation.
pub fn conv_chain_pooled(convs: &[&Conv], tail: Option<Tail>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let served = ctx.uses_kernels() && runs_on(&x.device());
    match fused(convs, tail, [h, w]).filter(|_| served) {
        Some(chain) => run_fused(convs, chain, x, ctx),
        None => {
            let x = convs.iter().fold(x, |x, conv| conv.forward(x, ctx));
            match tail {
                Some(tail) => tail.forward(x, ctx),
                None => x,
            }
        }
    }
}

/// The chain of these convolutions for planes of `size`; `None` where one of them has no kernel.
fn fused(convs: &[&Conv], tail: Option<Tail>, mut size: [usize; 2]) -> Option<Chain> {
    let first = size;
    let mut layers = Vec::with_capacity(convs.len());
    for conv in convs {
        let s = &conv.spec.effective();
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
                Activation::Relu6 => earmark_kernels::Activation::Relu6,
                Activation::HardSwish => earmark_kernels::Activation::HardSwish,
                Activation::Identity => earmark_kernels::Activation::Identity,
            },
            epsilon: conv.norm.as_ref()?.config.epsilon as f32,
        });
        size = s.output_size(size);
    }
    let chain = Chain::new(first, layers).ok()?;
    match tail {
        Some(Tail { pool, window }) => chain.pooled(pool, window.fitted(size)).ok(),
        None => Some(chain),
    }
}

fn run_fused(convs: &[&Conv], chain: Chain, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let norms: Vec<_> = convs.iter().filter_map(|c| c.norm.as_ref()).collect();
    let params = convs
        .iter()
        .zip(&norms)
        .flat_map(|(c, n)| [c.kernel(ctx).flatten(0, 3), ctx.flat(n.gamma), ctx.flat(n.beta)]);
    if !ctx.is_training() {
        let key = (convs[0].weight, convs[convs.len() - 1].weight);
        let ready = ctx.vars().prepared().get(key, chain, |chain| {
            let moving = norms
                .iter()
                .flat_map(|n| [ctx.flat(n.mean), ctx.flat(n.variance)]);
            let [params, moving] =
                [params.collect(), moving.collect::<Vec<_>>()].map(|t: Vec<_>| to_host(Tensor::cat(t, 0)));
            prepare(chain, &params, &moving)
        });
        return chain_eval(&ready, x);
    }
    let params = Tensor::cat(params.collect(), 0);
    let out = chain_train(&Arc::new(chain), x, params);
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

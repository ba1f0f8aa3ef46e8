//! Convolutions one after the other: as one kernel where there is one for the device, else one by one.

use super::conv::{Activation, Conv};
use super::pool::Tail;
use crate::forward::{BatchStatistics, Forward};
use crate::vars::{PreparedKey, VarId, to_host};
use burn::tensor::Tensor;
use earmark_kernels::Window;
use earmark_kernels::burn_ops::{chain_eval, chain_train, kind, prepare, runs_on};
use earmark_kernels::chain::{Chain, Layer};
use earmark_kernels::infer::Inference;
use std::sync::Arc;

/// `[B, in, H, W]` through all of `convs`.
///
/// On the CPU the whole chain is one operation of earmark-kernels (several times faster than Burn's own operations, equal to
/// rounding); elsewhere, and for convolutions that it does not know, Burn's operations follow each other.
pub fn conv_chain(convs: &[&Conv], x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    conv_chain_pooled(convs, None, x, ctx)
}

/// [`conv_chain`] with a pool at its end, which belongs to the same operation.
///
/// In training, frozen convolutions that nothing which learns stands before are evaluated, without gradients and with their weights packed
/// once; frozen ones after others go by Burn's operations, as the kernels know no moving statistics on the way back.
pub fn conv_chain_pooled(convs: &[&Conv], tail: Option<Tail>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let (frozen, rest) = convs.split_at(settled(convs, ctx, &x));
    if frozen.is_empty() {
        return learning_chain(rest, tail, x, ctx);
    }
    let (frozen_tail, tail) = if rest.is_empty() {
        (tail, None)
    } else {
        (None, tail)
    };
    let [_, _, h, w] = x.dims();
    let served = ctx.uses_kernels() && runs_on(&x.device());
    let x = match fused(frozen, frozen_tail, [h, w]).filter(|_| served) {
        Some(chain) => {
            let host = |id| to_host(ctx.vars().flat(id).inner());
            let make = |chain: &Chain| packed(frozen, chain, host);
            let ready = ctx.vars().settled().get(key(frozen), chain, make);
            Tensor::from_inner(chain_eval(&ready, x.inner()))
        }
        None => one_by_one(frozen, frozen_tail, x, ctx),
    };
    if rest.is_empty() {
        x
    } else {
        learning_chain(rest, tail, x, ctx)
    }
}

/// How many of the first convolutions are frozen, with nothing before them that learns.
fn settled(convs: &[&Conv], ctx: &Forward, x: &Tensor<4>) -> usize {
    if ctx.is_settled() && x.is_autodiff() {
        convs.iter().take_while(|c| c.is_frozen(ctx)).count()
    } else {
        0
    }
}

fn learning_chain(convs: &[&Conv], tail: Option<Tail>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let served = ctx.uses_kernels() && runs_on(&x.device());
    let frozen_norm = |c: &&Conv| c.norm.as_ref().is_some_and(|n| n.is_frozen(ctx));
    let served = served && !convs.iter().any(frozen_norm);
    match fused(convs, tail, [h, w]).filter(|_| served) {
        Some(chain) => run_fused(convs, chain, x, ctx),
        None => one_by_one(convs, tail, x, ctx),
    }
}

/// By Burn's ordinary operations.
fn one_by_one(convs: &[&Conv], tail: Option<Tail>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let x = convs.iter().fold(x, |x, conv| conv.forward(x, ctx));
    match tail {
        Some(tail) => tail.forward(x, ctx),
        None => x,
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

/// What a chain that is packed for inference is found by.
fn key(convs: &[&Conv]) -> PreparedKey {
    (convs[0].weight, convs[convs.len() - 1].weight)
}

/// A chain packed for inference, of variables as `host` gives them.
fn packed(convs: &[&Conv], chain: &Chain, host: impl Fn(VarId) -> Vec<f32>) -> Inference {
    let norms = || convs.iter().filter_map(|c| Some((*c, c.norm.as_ref()?)));
    let params: Vec<f32> = norms()
        .flat_map(|(c, n)| [c.host_kernel(host(c.weight)), host(n.gamma), host(n.beta)])
        .flatten()
        .collect();
    let moving: Vec<f32> = norms()
        .flat_map(|(_, n)| [n.mean, n.variance])
        .flat_map(&host)
        .collect();
    prepare(chain, &params, &moving)
}

fn run_fused(convs: &[&Conv], chain: Chain, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    if !ctx.is_training() {
        let host = |id| to_host(ctx.vars().flat(id));
        let make = |chain: &Chain| packed(convs, chain, host);
        let ready = ctx.vars().prepared().get(key(convs), chain, make);
        return chain_eval(&ready, x);
    }
    let norms: Vec<_> = convs.iter().filter_map(|c| c.norm.as_ref()).collect();
    let params = convs
        .iter()
        .zip(&norms)
        .flat_map(|(c, n)| [c.kernel(ctx).flatten(0, 3), ctx.flat(n.gamma), ctx.flat(n.beta)]);
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

//! Convolutions one after the other: as one kernel where the device has one, else one by one.

use super::conv::Conv;
use super::pool::PoolSpec;
use crate::batch_norm_statistics::{BatchStatistics, without_gradients};
use crate::forward_pass::Forward;
use crate::params::{VarId, to_host};
use burn::tensor::Tensor;
use earmark_kernels::Products;
use earmark_kernels::burn_ops::{chain_eval, chain_train, conv_kind, pack_for_inference, runs_on};
use earmark_kernels::chain::{Chain, ConvLayer, InferenceChain};
use std::sync::Arc;

/// `[B, in, H, W]` through all of `convs`.
///
/// On the CPU the whole chain is one operation of earmark-kernels: several times faster than Burn's own operations, and equal up
/// to rounding. On other devices, and for convolutions without a kernel, Burn's operations run one by one.
pub fn conv_chain(convs: &[&Conv], x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    conv_chain_pooled(convs, None, x, ctx)
}

/// [`conv_chain`] with a pool at its end, as part of the same operation.
///
/// In training, leading frozen convolutions are evaluated without gradients and with weights that are packed once, provided no
/// earlier variable requires gradients. Frozen convolutions after trainable ones use Burn's operations, as the kernels' backward
/// pass has no moving statistics.
pub fn conv_chain_pooled(
    convs: &[&Conv],
    pool: Option<PoolSpec>,
    x: Tensor<4>,
    ctx: &mut Forward,
) -> Tensor<4> {
    let (frozen, rest) = convs.split_at(frozen_count(convs, ctx, &x));
    match (frozen.is_empty(), rest.is_empty()) {
        (true, _) => part(rest, pool, false, x, ctx),
        (false, true) => part(frozen, pool, true, x, ctx),
        (false, false) => {
            let x = part(frozen, None, true, x, ctx);
            part(rest, pool, false, x, ctx)
        }
    }
}

/// Number of leading convolutions that are frozen, with nothing before them that requires gradients.
fn frozen_count(convs: &[&Conv], ctx: &Forward, x: &Tensor<4>) -> usize {
    if ctx.is_frozen_so_far() && x.is_autodiff() {
        convs.iter().take_while(|c| c.is_frozen(ctx)).count()
    } else {
        0
    }
}

/// A part of a chain: the leading convolutions that are `frozen`, or those after them.
fn part(convs: &[&Conv], pool: Option<PoolSpec>, frozen: bool, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let served = ctx.uses_kernels() && runs_on(&x.device());
    let frozen_norm = |c: &&Conv| c.norm.as_ref().is_some_and(|n| n.is_frozen(ctx));
    let served = served && (frozen || !convs.iter().any(frozen_norm));
    let Some(chain) = fused(convs, pool, [h, w]).filter(|_| served) else {
        return one_by_one(convs, pool, x, ctx);
    };
    if ctx.is_training() && !frozen {
        return train_fused(convs, chain, x, ctx);
    }
    let ready = ready(convs, chain, frozen, ctx);
    if frozen {
        Tensor::from_inner(chain_eval(&ready, x.inner()))
    } else {
        chain_eval(&ready, x)
    }
}

/// A chain with its weights, packed once for all batches.
fn ready(convs: &[&Conv], chain: Chain, frozen: bool, ctx: &Forward) -> Arc<InferenceChain> {
    let key = (convs[0].weight, convs[convs.len() - 1].weight);
    let host = |id| to_host(without_gradients(ctx.vars().flat(id)));
    let products = if frozen {
        Products::single()
    } else {
        ctx.vars().products()
    };
    let make = |chain: &Chain| packed(convs, chain, products, host);
    ctx.vars().packed(frozen).get(key, chain, make)
}

/// Convolutions for planes of `size`, packed for evaluation, or for a training pass in which they are frozen; `None` if
/// there is no kernel for one of them.
pub(super) fn ready_for_evaluation(
    convs: &[&Conv],
    size: [usize; 2],
    ctx: &Forward,
) -> Option<Arc<InferenceChain>> {
    let chain = fused(convs, None, size)?;
    Some(ready(convs, chain, ctx.is_training(), ctx))
}

/// By Burn's own operations.
fn one_by_one(convs: &[&Conv], pool: Option<PoolSpec>, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
    let x = convs.iter().fold(x, |x, conv| conv.forward(x, ctx));
    match pool {
        Some(pool) => pool.forward(x, ctx),
        None => x,
    }
}

/// The chain of these convolutions for planes of `size`; `None` if there is no kernel for one of them.
fn fused(convs: &[&Conv], pool: Option<PoolSpec>, mut size: [usize; 2]) -> Option<Chain> {
    let first = size;
    let mut layers = Vec::with_capacity(convs.len());
    for conv in convs {
        let s = &conv.spec;
        layers.push(ConvLayer {
            kind: conv_kind(s.window(size), s.input, s.groups)?,
            inputs: s.input,
            outputs: s.output,
            act: s.activation,
            epsilon: conv.norm.as_ref()?.config.epsilon as f32,
        });
        size = s.output_size(size);
    }
    let chain = Chain::new(first, layers).ok()?;
    match pool {
        Some(pool) => chain.pooled(pool.pool, pool.window(size)).ok(),
        None => Some(chain),
    }
}

/// A chain packed for inference, with the variables that `host` gives.
fn packed(
    convs: &[&Conv],
    chain: &Chain,
    products: Products,
    host: impl Fn(VarId) -> Vec<f32>,
) -> InferenceChain {
    let norms = || convs.iter().filter_map(|c| Some((*c, c.norm.as_ref()?)));
    let params: Vec<f32> = norms()
        .flat_map(|(c, n)| [c.host_kernel(host(c.weight)), host(n.gamma), host(n.beta)])
        .flatten()
        .collect();
    let moving: Vec<f32> = norms()
        .flat_map(|(_, n)| [n.mean, n.variance])
        .flat_map(&host)
        .collect();
    pack_for_inference(chain, &params, &moving, products)
}

fn train_fused(convs: &[&Conv], chain: Chain, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
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

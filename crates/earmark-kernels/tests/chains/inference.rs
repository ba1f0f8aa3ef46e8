//! Inference with fixed statistics, and with a pool at the end.

use super::oracle::{Rng, assert_close, f64s};
use super::{Values, borrow, chains, conv_of, forward, random_params};
use earmark_kernels::chain::{Chain, ChainError, InferenceChain, MovingStatistics};
use earmark_kernels::elementwise::pool::{self, Pool};
use earmark_kernels::{Isa, OpInput, Workspace};

#[test]
fn inference_agrees_with_the_oracle_in_any_batch() {
    for (number, chain) in chains().iter().enumerate() {
        let (mut rng, batch) = (Rng(99), 11);
        let params = random_params(chain, &mut rng);
        let statistics: Vec<[Vec<f32>; 2]> = chain
            .layers()
            .iter()
            .map(|l| {
                [
                    rng.vec(l.outputs),
                    (0..l.outputs).map(|_| rng.f32().abs() + 0.2).collect(),
                ]
            })
            .collect();
        let x = rng.vec(conv_of(chain, 0, batch).x_len());
        let exact: Vec<Values> = params.iter().map(|p| p.each_ref().map(|v| f64s(v))).collect();
        let fixed: Vec<Vec<(f64, f64)>> = statistics
            .iter()
            .map(|[m, v]| {
                m.iter()
                    .zip(v)
                    .map(|(&m, &v)| (f64::from(m), f64::from(v)))
                    .collect()
            })
            .collect();
        let want = forward(chain, &exact, &f64s(&x), batch, Some(&fixed))
            .pop()
            .expect("a layer")
            .out;
        for isa in Isa::available() {
            let ws = Workspace::with_isa(isa);
            let borrowed: Vec<MovingStatistics<'_>> = statistics
                .iter()
                .map(|[mean, variance]| MovingStatistics { mean, variance })
                .collect();
            let ready = InferenceChain::new(&ws, chain, &borrow(&params), &borrowed);
            let mut out = vec![f32::NAN; want.len()];
            ready.run(&ws, &x, &mut out);
            assert_close(&format!("chain {number}, {isa:?}"), &out, &want, 5e-6);
            // The first example alone gives the same bits.
            let (inputs, [h, w]) = (chain.layers()[0].inputs, chain.size(0));
            let alone: Vec<f32> = (0..inputs)
                .flat_map(|c| x[c * batch * h * w..][..h * w].to_vec())
                .collect();
            let [oh, ow] = chain.output_size();
            let mut one = vec![f32::NAN; out.len() / batch];
            ready.run(&ws, &alone, &mut one);
            for (c, one) in one.chunks_exact(oh * ow).enumerate() {
                assert_eq!(one, &out[c * batch * oh * ow..][..oh * ow]);
            }
            // Planes of another size take the same packed weights, and give the bits of weights packed for them.
            let other = Chain::new([h + 3, w + 5], chain.layers().to_vec()).expect("it fits");
            let x = rng.vec(conv_of(&other, 0, 2).x_len());
            let [oh, ow] = other.output_size();
            let channels = other.layers().last().map_or(0, |l| l.outputs);
            let run = |ready: &InferenceChain| {
                let mut out = vec![f32::NAN; channels * 2 * oh * ow];
                ready.run(&ws, &x, &mut out);
                out
            };
            let fresh = InferenceChain::new(&ws, &other, &borrow(&params), &borrowed);
            assert_eq!(
                run(&ready.resized(other)),
                run(&fresh),
                "chain {number} of another size"
            );
        }
    }
}

/// A pool at a chain's end yields the very bits of the same pool over the chain's output.
#[test]
fn a_pooled_chain_is_a_chain_and_a_pool() {
    for (number, chain) in chains().iter().enumerate() {
        let whole = chain.output_size();
        for (pool, window) in [
            (Pool::Mean, [2.min(whole[0]), 2.min(whole[1])]),
            (Pool::Max, [1, 3.min(whole[1])]),
            (Pool::Mean, whole),
            (Pool::Max, whole),
        ] {
            let pooled = chain.clone().pooled(pool, window).expect("it fits");
            let shape = pooled.final_pool().expect("a pool");
            let out = pooled.output_size();
            assert_eq!(Some(out), pool::output(whole, window));
            let (mut rng, batch) = (Rng(7 + number as u64), 9);
            let params = random_params(chain, &mut rng);
            let moving: Vec<Vec<f32>> = chain.layers().iter().map(|l| vec![0.5; l.outputs]).collect();
            let statistics: Vec<MovingStatistics<'_>> = moving
                .iter()
                .map(|v| MovingStatistics { mean: v, variance: v })
                .collect();
            let x = rng.vec(conv_of(chain, 0, batch).x_len());
            let ws = Workspace::new();
            let run = |chain: &Chain, len: usize| {
                let mut y = vec![f32::NAN; len];
                InferenceChain::new(&ws, chain, &borrow(&params), &statistics).run(&ws, &x, &mut y);
                y
            };
            let wide = run(chain, shape.channels * batch * whole[0] * whole[1]);
            let mut want = vec![f32::NAN; shape.channels * batch * out[0] * out[1]];
            pool::forward(&ws, &shape, OpInput::plain(&wide), &mut want);
            assert_eq!(
                run(&pooled, want.len()),
                want,
                "chain {number}, {pool:?} of {window:?}"
            );
        }
        let [h, w] = whole;
        let error = chain
            .clone()
            .pooled(Pool::Mean, [h + 1, w])
            .expect_err("too large");
        let layer = chain.layers().len();
        assert_eq!(error, ChainError::Window { layer, size: whole });
    }
}

//! Times one training step of the MobileNetV1 of the DCASE 2019 baseline: forward, backward, Adam.
//!
//! `cargo run --release -p earmark-kernels --example mobilenet_step [batch] [repeats] [infer [PRODUCTS]]`; with `infer` nothing is
//! trained, and with `f32`, `bf16` or `int8` only those products are timed.
//! `EARMARK_SIMD` chooses the instruction set.
//! (`bench/peers.py train:mobilenet:64 layout=channels_last` times such a step with PyTorch.)

#![allow(clippy::print_stdout)]

mod common;

use std::time::Instant;

use common::{argument, mobilenet, noise, processor_seconds};
use earmark_kernels::chain::{Chain, InferenceChain, LayerParams, MovingStatistics};
use earmark_kernels::elementwise::optimizer_steps::{Adam, AdamEpsilon};
use earmark_kernels::elementwise::pool::{self, Pool, PoolShape};
use earmark_kernels::{Isa, Products, Workspace};

struct Tensor {
    value: Vec<f32>,
    m: Vec<f32>,
    v: Vec<f32>,
}

impl Tensor {
    fn new(value: Vec<f32>) -> Self {
        Self {
            m: vec![0.0; value.len()],
            v: vec![0.0; value.len()],
            value,
        }
    }
}

fn borrow(params: &[[Tensor; 3]]) -> Vec<LayerParams<'_>> {
    let layers = params.iter();
    layers
        .map(|[weight, gamma, beta]| LayerParams {
            weight: &weight.value,
            gamma: &gamma.value,
            beta: &beta.value,
        })
        .collect()
}

/// Times inference for the whole batch and for one example, with all products that this machine has.
fn infer(ws: &Workspace, chain: &Chain, params: &[[Tensor; 3]], x: &[f32], repeats: usize) {
    let ones: Vec<_> = chain
        .layers()
        .iter()
        .map(|l| (vec![0.0; l.outputs], vec![1.0; l.outputs]))
        .collect();
    let statistics: Vec<_> = ones
        .iter()
        .map(|(mean, variance)| MovingStatistics { mean, variance })
        .collect();
    let limit = Isa::limit().expect("an instruction set of this machine");
    let ready: Vec<_> = [
        ("f32", Some(Products::single())),
        ("bf16", Products::bf16(limit)),
        ("int8", Products::int8(limit)),
    ]
    .into_iter()
    .filter(|(name, _)| std::env::args().nth(4).is_none_or(|only| only == *name))
    .filter_map(|(name, products)| {
        let (params, products) = (borrow(params), products?);
        Some((
            name,
            InferenceChain::with_products(ws, chain, &params, &statistics, products),
        ))
    })
    .collect();
    let [h, w] = chain.output_size();
    let image = chain.size(0)[0] * chain.size(0)[1];
    for batch in [x.len() / image, 1] {
        let mut out = vec![0.0; 1024 * batch * h * w];
        let together = if batch == 1 { 20 } else { 1 };
        // In turns, so that what else the machine does meets all of them.
        let mut least = vec![[f64::MAX; 2]; ready.len()];
        for _ in 0..repeats {
            for ((_, ready), least) in ready.iter().zip(&mut least) {
                // In the pool, as a program does it: from outside, each layer would wake the pool and sleep until it is done.
                let took = common::time(|| {
                    rayon::scope(|_| {
                        (0..together).for_each(|_| ready.run(ws, &x[..batch * image], &mut out))
                    });
                });
                *least = [0, 1].map(|i| least[i].min(took[i] / f64::from(together)));
            }
        }
        for ((name, _), least) in ready.iter().zip(least) {
            let [wall, cpu] = least.map(|seconds| seconds * 1e3);
            println!("inference of {batch}, {name}: fastest {wall:.2} ms, least processor time {cpu:.2} ms");
        }
    }
}

fn main() {
    let (batch, repeats) = (argument(0, 64), argument(1, 5));
    let only_infer = std::env::args().nth(3).is_some_and(|a| a == "infer");
    let steps = if only_infer { 0 } else { repeats };
    let size = [100, 96];
    let chain = Chain::new(size, mobilenet(size)).expect("the layers follow each other");
    let ws = common::workspace();
    println!("{}", ws.isa().name());
    let mut params: Vec<[Tensor; 3]> = chain
        .layers()
        .iter()
        .map(|l| {
            let fan = l.weights() / l.outputs;
            [
                Tensor::new(noise(l.weights(), (6.0 / fan as f32).sqrt())),
                Tensor::new(vec![1.0; l.outputs]),
                Tensor::new(vec![0.0; l.outputs]),
            ]
        })
        .collect();
    let x = noise(batch * size[0] * size[1], 1.0);
    let [h, w] = chain.output_size();
    let channels = 1024;
    let mean = PoolShape {
        pool: Pool::Mean,
        window: [h, w],
        channels,
        size: [h, w],
    };
    let mut times = Vec::new();
    for step in 0..steps {
        let (start, cpu) = (Instant::now(), processor_seconds());
        let borrowed = borrow(&params);
        let saved = chain.forward(&ws, &borrowed, &x);
        let mut pooled = vec![0.0; channels * batch];
        pool::forward(&ws, &mean, saved.output(), &mut pooled);
        let forward = start.elapsed().as_secs_f64();
        // The loss is half the sum of squares of the pooled output: its gradient is the output itself.
        let mut g = ws.take(saved.output().raw.len());
        let sums = pool::backward(&ws, &mean, saved.output(), &pooled, &mut g);
        let grads = chain.backward(&ws, &borrowed, &x, &saved, (g, sums), None);
        let backward = start.elapsed().as_secs_f64() - forward;
        drop(saved);
        let adam = Adam {
            learning_rate: 1e-4,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            epsilon_at: AdamEpsilon::Corrected,
        };
        for (p, g) in params.iter_mut().zip(&grads) {
            for (p, g) in p.iter_mut().zip([&g.weight, &g.gamma, &g.beta]) {
                adam.update(&ws, step as u64 + 1, &mut p.value, g, &mut p.m, &mut p.v);
            }
        }
        let total = start.elapsed().as_secs_f64();
        let optimizer = total - forward - backward;
        let cpu = cpu.zip(processor_seconds()).map_or(f64::NAN, |(a, b)| b - a);
        println!(
            "step {step}: forward {forward:.3} s, backward {backward:.3} s, optimizer {optimizer:.4} s, total {total:.3} s, processor time {cpu:.3} s"
        );
        times.push(total);
    }
    infer(&ws, &chain, &params, &x, repeats);
    times.sort_by(f64::total_cmp);
    if times.is_empty() {
        return;
    }
    println!(
        "batch {batch}: fastest {:.3} s, median {:.3} s; workspace {} MiB",
        times[0],
        times[times.len() / 2],
        ws.idle_bytes() >> 20
    );
}

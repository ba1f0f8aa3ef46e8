//! Times inference of single examples with the MobileNetV1 of the DCASE 2019 baseline, for several numbers of threads in turns.
//!
//! `cargo run --release -p earmark-kernels --example mobilenet_threads [repeats] [batch] [threads ...]`; `EARMARK_SIMD` chooses the
//! instruction set. On a machine with other work, the fastest of many runs is one that had the processors to itself.

#![allow(clippy::print_stdout)]

mod common;

use std::time::Instant;

use common::{argument, mobilenet, noise};
use earmark_kernels::chain::{Chain, InferenceChain, LayerParams, MovingStatistics};

/// Runs that follow each other, as a program scores one example after the other.
const IN_A_ROW: usize = 5;

fn main() {
    let (repeats, batch) = (argument(0, 200), argument(1, 1));
    let threads: Vec<usize> = match std::env::args().count() {
        0..4 => vec![1, 2],
        count => (2..count - 1).map(|i| argument(i, 1)).collect(),
    };
    let size = [100, 96];
    let chain = Chain::new(size, mobilenet(size)).expect("the layers follow each other");
    let ws = common::workspace();
    let values: Vec<_> = (chain.layers().iter())
        .map(|l| {
            let fan = l.weights() / l.outputs;
            let ones = vec![1.0; l.outputs];
            (
                noise(l.weights(), (6.0 / fan as f32).sqrt()),
                ones,
                vec![0.0; l.outputs],
            )
        })
        .collect();
    let params: Vec<_> = (values.iter())
        .map(|(weight, gamma, beta)| LayerParams { weight, gamma, beta })
        .collect();
    let statistics: Vec<_> = (values.iter())
        .map(|(_, variance, mean)| MovingStatistics { mean, variance })
        .collect();
    let ready = InferenceChain::new(&ws, &chain, &params, &statistics);
    let x = noise(batch * size[0] * size[1], 1.0);
    let [h, w] = chain.output_size();
    let mut out = vec![0.0; 1024 * batch * h * w];
    let pools: Vec<_> = (threads.iter())
        .map(|&n| rayon::ThreadPoolBuilder::new().num_threads(n).build())
        .map(|pool| pool.expect("threads start"))
        .collect();
    let mut times = vec![Vec::new(); threads.len()];
    for _ in 0..repeats {
        for (pool, times) in pools.iter().zip(&mut times) {
            pool.install(|| {
                for _ in 0..IN_A_ROW {
                    let start = Instant::now();
                    ready.run(&ws, &x, &mut out);
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                }
            });
        }
    }
    for (threads, times) in threads.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "{}, batch {batch}, {threads} threads: fastest {:.3} ms, tenth {:.3} ms, median {:.3} ms",
            ws.isa().name(),
            times[0],
            times[times.len() / 10],
            times[times.len() / 2],
        );
    }
}

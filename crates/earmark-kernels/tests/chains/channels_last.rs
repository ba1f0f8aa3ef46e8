//! Chains that are computed with channels last give the bits of their layers one by one with channels outermost.

use std::sync::LazyLock;

use super::oracle::Rng;
use super::{borrow, layer, random_params};
use earmark_kernels::chain::{Chain, ConvKind, ConvLayer, InferenceChain, MovingStatistics};
use earmark_kernels::conv::{self, Algorithm, ConvShape, pointwise};
use earmark_kernels::depthwise::{self, DepthwiseShape};
use earmark_kernels::elementwise::pool::{self, Pool};
use earmark_kernels::{Activation, ConvWindow, Epilogue, Isa, Norm, OpInput, Workspace};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Weights, gamma and beta, and the moving mean and variance of each layer.
struct Values {
    params: Vec<[Vec<f32>; 3]>,
    moving: Vec<[Vec<f32>; 2]>,
}

/// Layer by layer, by the operations that training uses.
fn one_by_one(chain: &Chain, values: &Values, ws: &Workspace, x: &[f32], batch: usize) -> Vec<f32> {
    let mut now = x.to_vec();
    for (i, layer) in chain.layers().iter().enumerate() {
        let ([weight, gamma, beta], [mean, variance]) = (&values.params[i], &values.moving[i]);
        let norm = Norm::fixed(mean, variance, gamma, beta, layer.epsilon);
        let then = Epilogue::Apply(&norm, layer.act);
        let (size, [h, w]) = (chain.size(i), chain.size(i + 1));
        let mut out = vec![f32::NAN; layer.outputs * batch * h * w];
        let input = OpInput::plain(&now);
        match layer.kind {
            ConvKind::Dense(window) => {
                let shape = ConvShape {
                    inputs: layer.inputs,
                    outputs: layer.outputs,
                    window,
                    size,
                    algorithm: Algorithm::Direct,
                };
                conv::forward(ws, &conv::pack(ws, weight, &shape), &shape, input, &mut out, then);
            }
            ConvKind::Depthwise(window) => {
                let channels = layer.inputs;
                let shape = DepthwiseShape {
                    channels,
                    window,
                    size,
                };
                depthwise::forward(ws, weight, &shape, input, &mut out, then);
            }
            ConvKind::Pointwise => {
                let packed = pointwise::pack(ws, weight, layer.outputs, layer.inputs);
                pointwise::forward(ws, &packed, input, &mut out, then);
            }
        }
        now = out;
    }
    match chain.final_pool() {
        Some(shape) => {
            let [h, w] = chain.output_size();
            let mut out = vec![f32::NAN; shape.channels * batch * h * w];
            pool::forward(ws, &shape, OpInput::plain(&now), &mut out);
            out
        }
        None => now,
    }
}

fn random_window(rng: &mut Rng, size: [usize; 2]) -> ConvWindow {
    let kernel = match rng.pick(0, 3) {
        0 => [5, 5],
        1 => [rng.pick(1, 7), rng.pick(1, 7)],
        _ => [3, 3],
    };
    let stride = [rng.pick(1, 3), rng.pick(1, 2)];
    match rng.pick(0, 2) {
        0 => ConvWindow::same(kernel, stride, size),
        1 => ConvWindow::symmetric(kernel, stride, kernel.map(|k| k / 2)),
        _ => ConvWindow {
            kernel,
            stride,
            before: [rng.pick(0, 4), rng.pick(0, 4)],
            after: [rng.pick(0, 4), rng.pick(0, 4)],
        },
    }
}

/// A chain whose first layer is dense or pointwise, of at most `channels` channels.
pub fn random_chain(rng: &mut Rng, size: [usize; 2], channels: usize) -> Option<Chain> {
    let acts = [
        Activation::Identity,
        Activation::Relu,
        Activation::Relu6,
        Activation::HardSwish,
    ];
    let mut now = size;
    let mut layers: Vec<ConvLayer> = Vec::new();
    let (mut inputs, count) = (rng.pick(1, 4), rng.pick(2, 6));
    for i in 0..count {
        let window = random_window(rng, now);
        let kind = match (i, rng.pick(0, 2)) {
            (0, 0) => ConvKind::Dense(window),
            (0, _) => ConvKind::Pointwise,
            (1, _) => ConvKind::Depthwise(window),
            (2, 0..2) => ConvKind::Pointwise,
            (_, 0) => ConvKind::Pointwise,
            _ => ConvKind::Depthwise(window),
        };
        let outputs = match kind {
            ConvKind::Depthwise(_) => inputs,
            _ => rng.pick(1, channels),
        };
        layers.push(layer(kind, inputs, outputs, acts[rng.pick(0, 3)]));
        if kind != ConvKind::Pointwise {
            now = window.output(now)?;
        }
        inputs = outputs;
    }
    let chain = Chain::new(size, layers).ok()?;
    let window = [rng.pick(1, now[0]), rng.pick(1, now[1])];
    match rng.pick(0, 3) {
        0 => chain.pooled(Pool::Mean, now).ok(),
        1 => chain.pooled(Pool::Max, window).ok(),
        2 => chain.pooled(Pool::Mean, window).ok(),
        _ => Some(chain),
    }
}

/// Pools of several numbers of threads.
pub fn pools() -> &'static [ThreadPool] {
    static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
        let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
        let all = [1, 2, 3, 8, 16].map(|threads| pool(threads).expect("threads start"));
        all.into()
    });
    &POOLS
}

fn check(rng: &mut Rng, chain: &Chain, batch: usize, isas: &[Isa]) {
    let values = Values {
        params: random_params(chain, rng),
        moving: (chain.layers().iter())
            .map(|l| {
                let mean = rng.vec(l.outputs);
                [mean, (0..l.outputs).map(|_| rng.f32().abs() + 0.2).collect()]
            })
            .collect(),
    };
    let statistics: Vec<MovingStatistics<'_>> = (values.moving.iter())
        .map(|[mean, variance]| MovingStatistics { mean, variance })
        .collect();
    let [h, w] = chain.size(0);
    let x = rng.vec(chain.layers()[0].inputs * batch * h * w);
    for &isa in isas {
        let ws = Workspace::with_isa(isa);
        let want = one_by_one(chain, &values, &ws, &x, batch);
        let ready = InferenceChain::new(&ws, chain, &borrow(&values.params), &statistics);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let mut alone = Vec::new();
        for pool in pools() {
            let threads = pool.current_num_threads();
            let mut got = vec![f32::NAN; want.len()];
            pool.install(|| ready.run(&ws, &x, &mut got));
            let what = format!("{isa:?}, {threads} threads, batch {batch}: {chain:?}");
            let differ = got.iter().zip(&want).position(|(a, b)| a != b);
            assert_eq!(differ, None, "{what}");
            // The sign of a zero too.
            if threads == 1 {
                alone = bits(&got);
            }
            assert!(bits(&got) == alone, "another result than of one thread: {what}");
        }
    }
}

#[test]
fn random_chains_give_the_bits_of_their_layers() {
    let mut rng = Rng(2019);
    let mut checked = 0;
    while checked < 150 {
        let size = [rng.pick(1, 24), rng.pick(1, 30)];
        let channels = if checked % 10 == 0 { 600 } else { 70 };
        let Some(chain) = random_chain(&mut rng, size, channels) else {
            continue;
        };
        let batch = if checked % 3 == 0 {
            rng.pick(8, 10)
        } else {
            rng.pick(1, 5)
        };
        check(&mut rng, &chain, batch, &Isa::available());
        checked += 1;
    }
}

/// Planes that are so large that their rows go through several layers strip by strip.
#[test]
fn strips_of_large_planes_give_the_bits_of_their_layers() {
    let mut rng = Rng(7);
    // The portable one, which is slow, only where it is alone.
    let all = Isa::available();
    let isas = &all[usize::from(all.len() > 1)..];
    let mut checked = 0;
    while checked < 12 {
        let size = [rng.pick(60, 150), rng.pick(90, 160)];
        let Some(chain) = random_chain(&mut rng, size, 64) else {
            continue;
        };
        let batch = if checked % 4 == 0 { 9 } else { rng.pick(1, 2) };
        check(&mut rng, &chain, batch, isas);
        checked += 1;
    }
}

/// A network like MobileNetV1, from planes of which threads share rows to planes of which they share channels, for
/// single examples of even and odd sizes.
#[test]
fn one_example_gives_the_same_bits_on_any_number_of_threads() {
    let mut rng = Rng(31);
    for (size, widths) in [
        ([64, 48], [16, 32, 256, 512]),
        ([37, 29], [7, 65, 300, 515]),
        ([5, 131], [3, 33, 257, 1024]),
        ([1, 1], [1, 16, 480, 31]),
    ] {
        let (mut inputs, mut now) = (1, size);
        let mut layers = Vec::new();
        for (i, outputs) in widths.into_iter().enumerate() {
            let window = ConvWindow::same([3, 3], [1 + usize::from(i > 0); 2], now);
            now = window.output(now).expect("the window fits");
            if i == 0 {
                layers.push(layer(ConvKind::Dense(window), inputs, outputs, Activation::Relu));
            } else {
                layers.push(layer(
                    ConvKind::Depthwise(window),
                    inputs,
                    inputs,
                    Activation::HardSwish,
                ));
                layers.push(layer(ConvKind::Pointwise, inputs, outputs, Activation::Relu6));
            }
            inputs = outputs;
        }
        let chain = Chain::new(size, layers).expect("the layers follow each other");
        let pooled = chain.clone().pooled(Pool::Mean, now).expect("the window fits");
        for chain in [chain, pooled] {
            check(&mut rng, &chain, 1, &Isa::available());
        }
    }
}

/// A not-a-number is in every number that depends on it, whatever computes them.
#[test]
fn a_not_a_number_is_not_hidden() {
    let (mut rng, size) = (Rng(3), [9, 11]);
    let window = ConvWindow::same([3, 3], [1, 1], size);
    for act in [
        Activation::Identity,
        Activation::Relu,
        Activation::Relu6,
        Activation::HardSwish,
    ] {
        let layers = vec![
            layer(ConvKind::Dense(window), 1, 20, act),
            layer(ConvKind::Depthwise(window), 20, 20, act),
            layer(ConvKind::Pointwise, 20, 33, act),
        ];
        let chain = Chain::new(size, layers).expect("they fit");
        let params = random_params(&chain, &mut rng);
        let ones: Vec<Vec<f32>> = chain.layers().iter().map(|l| vec![1.0; l.outputs]).collect();
        let statistics: Vec<MovingStatistics<'_>> = (ones.iter())
            .map(|v| MovingStatistics { mean: v, variance: v })
            .collect();
        let mut x = rng.vec(size[0] * size[1]);
        x[50] = f32::NAN;
        for pool in [Pool::Mean, Pool::Max] {
            let chain = chain.clone().pooled(pool, size).expect("it fits");
            for isa in Isa::available() {
                let ws = Workspace::with_isa(isa);
                let mut y = vec![0.0; 33];
                InferenceChain::new(&ws, &chain, &borrow(&params), &statistics).run(&ws, &x, &mut y);
                assert!(y.iter().all(|v| v.is_nan()), "{act:?}, {pool:?}, {isa:?}: {y:?}");
            }
        }
    }
}

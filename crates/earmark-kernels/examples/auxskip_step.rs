//! Times the convolutions of a training step of argus-2019's AuxSkipAttention, block by block: forward and backward.
//!
//! `cargo run --release -p earmark-kernels --example auxskip_step [base] [batch] [rows] [columns] [repeats] [only]`;
//! `only` is the number of the one block to time.
//! `EARMARK_SIMD` chooses the instruction set. The number at the end of a line is a sum over the bits of all gradients, so that two
//! versions of the kernels can be compared.
//! (`bench/peers.py train:auxskip16:16 layout=channels_last` times such a step, with attention and heads, with PyTorch.)

#![allow(clippy::print_stdout)]

mod common;

use common::{argument, noise};
use earmark_kernels::chain::{Chain, ConvKind, ConvLayer, LayerParams};
use earmark_kernels::elementwise::pool::{self, Pool};
use earmark_kernels::{Activation, ConvWindow, Workspace};

/// One chain of the network.
struct Block {
    name: String,
    chain: Chain,
    /// Whether a gradient of the input is wanted.
    inner: bool,
}

fn block(name: String, size: [usize; 2], channels: &[usize], pooled: bool, inner: bool) -> Block {
    let layer = |pair: &[usize]| ConvLayer {
        kind: ConvKind::Dense(ConvWindow::symmetric([3, 3], [1, 1], [1, 1])),
        inputs: pair[0],
        outputs: pair[1],
        act: Activation::Relu,
        epsilon: 1e-5,
    };
    let chain = Chain::new(size, channels.windows(2).map(layer).collect()).expect("layers follow each other");
    let chain = match pooled {
        true => chain.pooled(Pool::Mean, [2, 2]).expect("the window fits"),
        false => chain,
    };
    Block { name, chain, inner }
}

/// The four blocks, the three skips and the layer that merges them.
fn blocks(base: usize, size: [usize; 2]) -> Vec<Block> {
    let mut all = Vec::new();
    let (mut depth, mut now) = (3, size);
    for n in 0..4 {
        let out = base << n;
        all.push(block(
            format!("block {}", n + 1),
            now,
            &[depth, out, out],
            true,
            n > 0,
        ));
        now = now.map(|v| v / 2);
        depth = out;
    }
    for n in 0..3 {
        all.push(block(
            format!("skip {}", n + 1),
            now,
            &[base << n, 8 * base],
            false,
            true,
        ));
    }
    all.push(block("merge".into(), now, &[32 * base, 8 * base], false, true));
    all
}

/// The pass forward and back of one block; returns a sum over the bits of its gradients.
fn step(ws: &Workspace, block: &Block, params: &[[Vec<f32>; 3]], x: &[f32], g: &[f32]) -> u64 {
    let params: Vec<_> = params
        .iter()
        .map(|[weight, gamma, beta]| LayerParams { weight, gamma, beta })
        .collect();
    let chain = &block.chain;
    let saved = chain.forward(ws, &params, x);
    let output = saved.output();
    let channels = chain.layers().last().map_or(0, |l| l.outputs);
    let mut y = ws.take(g.len());
    let mut dx = block.inner.then(|| ws.take(x.len()));
    let grads = match chain.final_pool() {
        Some(shape) => {
            pool::forward(ws, &shape, output, &mut y);
            chain.backward_pooled(ws, &params, x, &saved, g, dx.as_deref_mut())
        }
        None => {
            output.materialise(ws, channels, &mut y);
            let mut last = ws.take(y.len());
            last.copy_from_slice(g);
            let sums = output.materialise_backward(ws, channels, &mut last);
            chain.backward(ws, &params, x, &saved, (last, sums), dx.as_deref_mut())
        }
    };
    let of = |values: &[f32]| {
        values
            .iter()
            .fold(0u64, |s, v| s.rotate_left(5) ^ u64::from(v.to_bits()))
    };
    let all = grads.iter().map(|g| of(&g.weight) ^ of(&g.gamma) ^ of(&g.beta));
    all.fold(of(&y) ^ dx.map_or(0, |dx| of(&dx)), |s, v| s.rotate_left(7) ^ v)
}

fn main() {
    let (base, batch) = (argument(0, 16), argument(1, 16));
    let (size, repeats) = ([argument(2, 128), argument(3, 256)], argument(4, 5));
    let ws = common::workspace();
    println!("{}", ws.isa().name());
    let mut total = 0.0;
    let only = argument(5, 0);
    for (n, block) in (1..).zip(blocks(base, size)) {
        if only > 0 && n != only {
            continue;
        }
        let layers = block.chain.layers();
        let params: Vec<_> = layers
            .iter()
            .map(|l| {
                let fan = l.weights() / l.outputs;
                let weight = noise(l.weights(), (6.0 / fan as f32).sqrt());
                [weight, vec![1.0; l.outputs], vec![0.0; l.outputs]]
            })
            .collect();
        let [h, w] = block.chain.size(0);
        let x = noise(layers[0].inputs * batch * h * w, 1.0);
        let [h, w] = block.chain.output_size();
        let g = noise(layers.last().map_or(0, |l| l.outputs) * batch * h * w, 1e-3);
        let mut bits = step(&ws, &block, &params, &x, &g);
        let [wall, cpu] = common::least(repeats, || bits = step(&ws, &block, &params, &x, &g));
        let (wall, cpu) = (wall * 1e3, cpu * 1e3);
        println!(
            "{:8} fastest {wall:.1} ms, least processor time {cpu:.1} ms, bits {bits:016x}",
            block.name
        );
        total += cpu;
    }
    println!("together {total:.1} ms of processor time");
}

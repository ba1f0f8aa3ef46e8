//! Times the 3x3 convolutions of AuxSkipAttention (argus-2019), plain and by Winograd's algorithm.
//!
//! `cargo run --release -p earmark-kernels --example dense_layers [batch] [repeats]`; `EARMARK_SIMD` chooses the instruction set.
//! (`bench/torch_dense.py` times the same layers with PyTorch.)

#![allow(clippy::print_stdout)]

mod common;

use common::{argument, least, noise};
use earmark_kernels::conv::{self, Algorithm, ConvShape};
use earmark_kernels::{ConvWindow, Epilogue, OpInput, OutputGrad};

/// Input channels, output channels, plane.
const LAYERS: [(usize, usize, [usize; 2]); 9] = [
    (3, 64, [128, 256]),
    (64, 64, [128, 256]),
    (64, 128, [64, 128]),
    (128, 128, [64, 128]),
    (128, 256, [32, 64]),
    (256, 256, [32, 64]),
    (256, 512, [16, 32]),
    (512, 512, [16, 32]),
    (2048, 512, [8, 16]),
];

fn main() {
    let (batch, repeats) = (argument(0, 8), argument(1, 3));
    let ws = common::workspace();
    println!("{}", ws.isa().name());
    let mut totals = [[0.0; 4]; 2];
    for (inputs, outputs, size) in LAYERS {
        let window = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
        let n = batch * size[0] * size[1];
        let (x, w, g) = (
            noise(inputs * n, 1.0),
            noise(inputs * outputs * 9, 1.0),
            noise(outputs * n, 1.0),
        );
        let (mut y, mut dx) = (vec![0.0; outputs * n], vec![0.0; inputs * n]);
        let gflop = 18.0 * (inputs * outputs * n) as f64 / 1e9;
        for (total, algorithm) in totals.iter_mut().zip([Algorithm::Direct, Algorithm::Auto]) {
            let shape = ConvShape {
                inputs,
                outputs,
                window,
                size,
                algorithm,
            }
            .for_training(batch);
            let forward = least(repeats, || {
                let (packed, x) = (conv::pack(&ws, &w, &shape), OpInput::plain(&x));
                conv::forward(&ws, &packed, &shape, x, &mut y, Epilogue::Moments);
            });
            let backward = least(repeats, || {
                let (x, g) = (OpInput::plain(&x), OutputGrad::plain(&g));
                conv::backward(&ws, &w, &shape, x, g, Some(&mut dx));
            });
            println!(
                "{inputs:5} -> {outputs:4} {size:?} {algorithm:?}: forward {:.1} ms, processor {:.1} ms ({:.0} GFLOP/s a core); \
                 backward {:.1} ms, processor {:.1} ms ({:.0} GFLOP/s a core)",
                forward[0] * 1e3,
                forward[1] * 1e3,
                gflop / forward[1],
                backward[0] * 1e3,
                backward[1] * 1e3,
                2.0 * gflop / backward[1]
            );
            for (sum, value) in total.iter_mut().zip(forward.into_iter().chain(backward)) {
                *sum += value;
            }
        }
    }
    for (name, [fw, fp, bw, bp]) in ["direct", "auto"].into_iter().zip(totals) {
        println!(
            "batch {batch}, {name}: forward {fw:.3} s (processor {fp:.3} s), backward {bw:.3} s (processor {bp:.3} s)"
        );
    }
}

//! Times the 3x3 convolutions of AuxSkipAttention (argus-2019), plain and by Winograd's algorithm.
//!
//! `cargo run --release -p earmark-kernels --example dense_layers [batch] [repeats]`; `EARMARK_SIMD` chooses the instruction set.
//! (`bench/torch_dense.py` times the same layers with PyTorch.)

#![allow(clippy::print_stdout)]

mod common;

use std::time::Instant;

use common::{noise, processor_seconds};
use earmark_kernels::conv::{self, Algorithm, ConvShape};
use earmark_kernels::{ConvWindow, Epilogue, Isa, OpInput, OutputGrad, Workspace};

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

/// Least wall and least processor time of some runs, in seconds.
fn least(repeats: usize, mut f: impl FnMut()) -> [f64; 2] {
    (0..repeats).fold([f64::MAX; 2], |best, _| {
        let (start, cpu) = (Instant::now(), processor_seconds());
        f();
        let cpu = cpu.zip(processor_seconds()).map_or(f64::NAN, |(a, b)| b - a);
        [best[0].min(start.elapsed().as_secs_f64()), best[1].min(cpu)]
    })
}

fn main() {
    let mut args = std::env::args()
        .skip(1)
        .map(|a| a.parse::<usize>().expect("a number"));
    let (batch, repeats) = (args.next().unwrap_or(8), args.next().unwrap_or(3));
    let ws = Workspace::with_isa(Isa::wanted().expect("an instruction set of this machine"));
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
                let packed = conv::pack(&ws, &w, &shape);
                conv::forward(
                    &ws,
                    &packed,
                    &shape,
                    OpInput::plain(&x),
                    &mut y,
                    Epilogue::Moments,
                );
            });
            let backward = least(repeats, || {
                conv::backward(
                    &ws,
                    &w,
                    &shape,
                    OpInput::plain(&x),
                    OutputGrad::plain(&g),
                    Some(&mut dx),
                );
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

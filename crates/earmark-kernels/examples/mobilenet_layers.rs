//! Times each layer of the DCASE 2019 baseline's MobileNetV1 by itself in inference, to see what a change of a kernel does where.
//!
//! `cargo run --release -p earmark-kernels --example mobilenet_layers [batch] [repeats]`; `EARMARK_SIMD` chooses the instruction set.

#![allow(clippy::print_stdout)]

mod common;

use common::{PAIRS, argument, noise};
use earmark_kernels::depthwise::{self, DepthwiseShape};
use earmark_kernels::{Activation, ConvWindow, Epilogue, Norm, OpInput, conv::pointwise};

/// Runs that are timed together: asking for the time takes some hundredths of a millisecond.
const TOGETHER: usize = 10;

/// Least processor time of some runs, in milliseconds.
fn least(repeats: usize, mut f: impl FnMut() + Send) -> f64 {
    // In the pool, as a program does it: from outside, each call would wake the pool and sleep until it is done.
    let mut together = || rayon::scope(|_| (0..TOGETHER).for_each(|_| f()));
    let [_, cpu] = common::least(repeats.div_ceil(TOGETHER), &mut together);
    cpu * 1e3 / TOGETHER as f64
}

fn main() {
    let (batch, repeats) = (argument(0, 1), argument(1, 50));
    let ws = common::workspace();
    println!("{}, batch {batch}", ws.isa().name());
    let (mut channels, mut size) = (16, [100, 96]);
    let mut totals = [0.0; 2];
    for (stride, outputs) in PAIRS {
        let window = ConvWindow::same([3, 3], [stride; 2], size);
        let out = window.output(size).expect("the window fits");
        let (n, out_n) = (batch * size[0] * size[1], batch * out[0] * out[1]);
        let norm = |c: usize| Norm::fixed(&vec![0.1; c], &vec![1.0; c], &vec![1.0; c], &vec![0.1; c], 1e-3);
        let (x, mut middle, mut y) = (
            noise(channels * n, 1.0),
            vec![0.0; channels * out_n],
            vec![0.0; outputs * out_n],
        );
        let shape = DepthwiseShape {
            channels,
            window,
            size,
        };
        let (w, before) = (noise(channels * 9, 1.0), norm(channels));
        let then = Epilogue::Apply(&before, Activation::Relu);
        let first = least(repeats, || {
            depthwise::forward(&ws, &w, &shape, OpInput::plain(&x), &mut middle, then);
        });
        let (packed, after) = (
            pointwise::pack(&ws, &noise(channels * outputs, 1.0), outputs, channels),
            norm(outputs),
        );
        let then = Epilogue::Apply(&after, Activation::Relu);
        let second = least(repeats, || {
            pointwise::forward(&ws, &packed, OpInput::plain(&middle), &mut y, then);
        });
        let gflop = [
            18.0 * (channels * out_n) as f64 / 1e9,
            2.0 * (channels * outputs * out_n) as f64 / 1e9,
        ];
        println!(
            "{channels:4} of {size:?} by {stride}: depthwise {first:.3} ms ({:.0} GFLOP/s); to {outputs:4}: pointwise {second:.3} ms ({:.0} GFLOP/s)",
            gflop[0] / first * 1e3,
            gflop[1] / second * 1e3,
        );
        totals = [totals[0] + first, totals[1] + second];
        (channels, size) = (outputs, out);
    }
    println!(
        "depthwise {:.2} ms, pointwise {:.2} ms of processor time",
        totals[0], totals[1]
    );
}

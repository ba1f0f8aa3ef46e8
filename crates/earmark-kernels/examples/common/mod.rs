//! What the examples share: arguments, processor time, which counts on a busy machine too, and numbers to compute with.
#![allow(dead_code, reason = "each example uses a part")]

use std::time::Instant;

use earmark_kernels::chain::{ConvKind, ConvLayer};
use earmark_kernels::{Activation, ConvWindow, Isa, Workspace};

/// The number at this place of the command line.
pub fn argument(index: usize, default: usize) -> usize {
    let given = std::env::args().nth(index + 1);
    given.map_or(default, |text| text.parse().expect("a number"))
}

/// A workspace for the instruction set that `EARMARK_SIMD` names.
pub fn workspace() -> Workspace {
    Workspace::with_isa(Isa::wanted().expect("an instruction set of this machine"))
}

/// Seconds that all threads of this process have spent on a processor, where the system says so
/// (Linux): waiting for a busy machine does not count.
pub fn processor_seconds() -> Option<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9;
    }
    Some(total)
}

/// Wall and processor time of a run in seconds.
pub fn time(run: impl FnOnce()) -> [f64; 2] {
    let (start, cpu) = (Instant::now(), processor_seconds());
    run();
    let cpu = cpu.zip(processor_seconds()).map_or(f64::NAN, |(a, b)| b - a);
    [start.elapsed().as_secs_f64(), cpu]
}

/// Least wall and least processor time of some runs, in seconds.
pub fn least(repeats: usize, mut run: impl FnMut()) -> [f64; 2] {
    (0..repeats).fold([f64::MAX; 2], |best, _| {
        let [wall, cpu] = time(&mut run);
        [best[0].min(wall), best[1].min(cpu)]
    })
}

/// Stride and output channels of the depthwise-pointwise pairs of the DCASE 2019 baseline's MobileNetV1.
pub const PAIRS: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];

/// The layers of that MobileNetV1 for planes of `size`, without the pool and the dense layer at its end.
pub fn mobilenet(size: [usize; 2]) -> Vec<ConvLayer> {
    let layer = |kind, inputs, outputs| ConvLayer {
        kind,
        inputs,
        outputs,
        act: Activation::Relu,
        epsilon: 1e-3,
    };
    let mut all = vec![layer(
        ConvKind::Dense(ConvWindow::same([3, 3], [1, 1], size)),
        1,
        16,
    )];
    let (mut channels, mut now) = (16, size);
    for (stride, outputs) in PAIRS {
        let window = ConvWindow::same([3, 3], [stride; 2], now);
        all.push(layer(ConvKind::Depthwise(window), channels, channels));
        all.push(layer(ConvKind::Pointwise, channels, outputs));
        now = window.output(now).expect("the window fits");
        channels = outputs;
    }
    all
}

/// Reproducible numbers in `-scale..scale`.
pub fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = 12345u32;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * scale
        })
        .collect()
}

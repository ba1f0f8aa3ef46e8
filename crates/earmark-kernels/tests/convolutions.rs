//! Pointwise, depthwise and dense convolutions against naive f64 loops, over random shapes, on every
//! instruction set, and bit for bit between one thread and two.

mod oracle;

use earmark_kernels::conv::{Algorithm, pointwise};
use earmark_kernels::depthwise::DepthwiseShape;
use earmark_kernels::{
    Activation, ConvWindow, Epilogue, InputGrad, Isa, Moments, Norm, OpInput, OutputGrad, Workspace, conv,
    depthwise,
};
use oracle::{Conv, Rng, assert_within, f64s};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const ACTS: [Activation; 4] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Relu6,
    Activation::HardSwish,
];

/// Everything that one operation yields.
#[derive(Debug, PartialEq)]
struct Outcome {
    y: Vec<f32>,
    moments: Vec<Moments>,
    dx: Vec<f32>,
    sums: Vec<(f64, f64)>,
    weight: Vec<f32>,
}

fn run(
    ws: &Workspace,
    c: &Conv,
    algorithm: Algorithm,
    x: OpInput<'_>,
    w: &[f32],
    dy: OutputGrad<'_>,
) -> Outcome {
    let mut y = vec![f32::NAN; c.y_len()];
    let mut dx = vec![f32::NAN; c.x_len()];
    let (moments, InputGrad { sums, weight }) = if c.depthwise {
        let shape = DepthwiseShape {
            channels: c.inputs,
            window: c.window,
            size: c.size,
        };
        (
            depthwise::forward(ws, w, &shape, x, &mut y, Epilogue::Moments),
            depthwise::backward(ws, w, &shape, x, dy, Some(&mut dx)),
        )
    } else if c.window.kernel == [1, 1] && c.window.stride == [1, 1] && c.out() == c.size {
        let packed = pointwise::pack(ws, w, c.outputs, c.inputs);
        (
            pointwise::forward(ws, &packed, x, &mut y, Epilogue::Moments),
            pointwise::backward(ws, w, (c.outputs, c.inputs), x, dy, Some(&mut dx)),
        )
    } else {
        let shape = conv::ConvShape {
            inputs: c.inputs,
            outputs: c.outputs,
            window: c.window,
            size: c.size,
            algorithm,
        };
        let packed = conv::pack(ws, w, &shape);
        (
            conv::forward(ws, &packed, &shape, x, &mut y, Epilogue::Moments),
            conv::backward(ws, w, &shape, x, dy, Some(&mut dx)),
        )
    };
    Outcome {
        y,
        moments,
        dx,
        sums,
        weight,
    }
}

/// Checks one shape with random numbers on every instruction set and with one and two threads.
fn check(c: Conv, act: Activation, seed: u64) {
    check_with(Algorithm::Direct, 1.0, c, act, seed);
}

/// The same for one way of computing it, whose errors may be `loose` times as large.
fn check_with(algorithm: Algorithm, loose: f64, c: Conv, act: Activation, seed: u64) {
    let mut rng = Rng(seed);
    let (mut x, w, g) = (rng.vec(c.x_len()), rng.vec(c.w_len()), rng.vec(c.y_len()));
    let (mean, gamma, beta) = (rng.vec(c.inputs), rng.vec(c.inputs), rng.vec(c.inputs));
    let variance: Vec<f32> = (0..c.inputs).map(|_| rng.f32().abs() + 0.1).collect();
    let norm = Norm::fixed(&mean, &variance, &gamma, &beta, 1e-3);
    let map = |i: usize| {
        let scale = f64::from(gamma[i]) / (f64::from(variance[i]) + f64::from(1e-3f32)).sqrt();
        (f64::from(mean[i]), scale, f64::from(beta[i]))
    };
    oracle::leave_jumps(&mut x, act, map, c.inputs);
    let input = OpInput::pending(&x, &norm, act);
    let (xs, slopes) = oracle::seen(&input, map, c.inputs);
    let y = c.forward(&xs, &f64s(&w));
    let (dx, dw) = c.backward(&xs, &f64s(&w), &f64s(&g));
    let dx: Vec<f64> = dx.iter().zip(&slopes).map(|(d, s)| d * s).collect();
    // Sums cancel, and so do normalisations; a single result has no larger neighbour that it could be measured by. Terms don't:
    // the root of the sum of their squares is what a result is likely to be as large as.
    let squares = |v: &[f64]| v.iter().map(|v| v * v).collect::<Vec<_>>();
    let (w2, g2) = (squares(&f64s(&w)), squares(&f64s(&g)));
    let x2: Vec<f64> = (0..x.len())
        .map(|j| {
            let (mean, scale, shift) = map(j * c.inputs / x.len());
            scale.powi(2) * (f64::from(x[j]).powi(2) + mean * mean) + shift * shift
        })
        .collect();
    let size = |want: &[f64], terms: &[f64]| {
        let terms = terms.iter().map(|t| t.sqrt());
        want.iter().map(|v| v.abs()).chain(terms).fold(1e-3, f64::max)
    };
    let (dx2, dw2) = c.backward(&x2, &w2, &g2);
    let (y_size, dx_size, dw_size) = (size(&y, &c.forward(&x2, &w2)), size(&dx, &dx2), size(&dw, &dw2));
    let stats = oracle::statistics(&y, c.outputs);
    let mut vector: Option<Outcome> = None;
    for isa in Isa::available() {
        let ws = Workspace::with_isa(isa);
        let got = run(&ws, &c, algorithm, input, &w, OutputGrad::plain(&g));
        let what = |part: &str| format!("{part} of {c:?} with {act:?} on {isa:?}");
        // A few 1e-6 of the largest value: f32 sums of up to a few thousand products, of values whose
        // normalisation may cancel.
        assert_within(&what("y"), &got.y, &y, y_size, 5e-6 * loose);
        assert_within(&what("dw"), &got.weight, &dw, dw_size, 5e-6 * loose);
        assert_within(&what("dx"), &got.dx, &dx, dx_size, 5e-6 * loose);
        for (m, (mean, variance)) in got.moments.iter().zip(&stats) {
            let (by_mean, by_variance) = ((m.mean - mean).abs(), (m.variance() - variance).abs());
            assert!(by_mean <= 5e-6 * loose * y_size, "{}: {by_mean:e}", what("mean"));
            assert!(
                by_variance <= 1e-5 * loose * y_size * y_size,
                "{}: {by_variance:e}",
                what("variance")
            );
        }
        let n = dx.len() / c.inputs;
        for (i, &(s1, s2)) in got.sums.iter().enumerate() {
            let rows = i * n..(i + 1) * n;
            let want1: f64 = dx[rows.clone()].iter().sum();
            let want2: f64 = rows
                .clone()
                .map(|j| dx[j] * (f64::from(x[j]) - f64::from(mean[i])))
                .sum();
            let size: f64 = dx[rows.clone()].iter().map(|v| v.abs()).sum::<f64>().max(dx_size);
            let most = rows
                .map(|j| (f64::from(x[j]) - f64::from(mean[i])).abs())
                .fold(1.0, f64::max);
            let (by1, by2) = ((s1 - want1).abs(), (s2 - want2).abs());
            assert!(by1 <= 5e-6 * loose * size, "{}: {by1:e} of {size:e}", what("sum"));
            assert!(
                by2 <= 5e-6 * loose * size * most,
                "{}: {by2:e} of {size:e}",
                what("centred sum")
            );
        }
        // The order of every sum is fixed, so the number of threads changes nothing at all.
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads start");
            let again = pool.install(|| run(&ws, &c, algorithm, input, &w, OutputGrad::plain(&g)));
            assert!(got == again, "{}: {threads} threads differ", what("all"));
        }
        // Nor does the width of vectors, where multiply-adds are fused.
        if isa != Isa::portable() {
            let first =
                vector.get_or_insert_with(|| run(&ws, &c, algorithm, input, &w, OutputGrad::plain(&g)));
            assert!(
                got == *first,
                "{}: other bits than with narrower vectors",
                what("all")
            );
        }
    }
}

fn random_conv(rng: &mut Rng, depthwise: bool, most: usize) -> Conv {
    loop {
        let kernel = [[1, 1], [3, 3], [3, 3], [5, 5], [7, 7], [3, 11], [2, 3], [1, 3]][rng.pick(0, 7)];
        let stride = [[1, 1], [2, 2], [1, 1], [2, 2], [2, 1], [1, 3]][rng.pick(0, 5)];
        let size = [rng.pick(1, 19), rng.pick(1, 37)];
        let window = match rng.pick(0, 3) {
            0 => ConvWindow::same(kernel, stride, size),
            1 => ConvWindow::symmetric(kernel, stride, [kernel[0] / 2, kernel[1] / 2]),
            2 => ConvWindow::valid(kernel, stride),
            _ => ConvWindow {
                kernel,
                stride,
                before: [rng.pick(0, 3), rng.pick(0, 3)],
                after: [rng.pick(0, 3), rng.pick(0, 3)],
            },
        };
        let inputs = rng.pick(1, most);
        let outputs = if depthwise { inputs } else { rng.pick(1, most) };
        if window.output(size).is_some() {
            return Conv {
                inputs,
                outputs,
                batch: rng.pick(1, 4),
                size,
                window,
                depthwise,
            };
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(20190), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn depthwise_agrees_with_the_naive_loop(seed in any::<u64>()) {
        let mut rng = Rng(seed);
        let c = random_conv(&mut rng, true, 5);
        check(c, ACTS[rng.pick(0, 3)], seed ^ 1);
    }

    #[test]
    fn dense_agrees_with_the_naive_loop(seed in any::<u64>()) {
        let mut rng = Rng(seed);
        let c = random_conv(&mut rng, false, 20);
        check(c, ACTS[rng.pick(0, 3)], seed ^ 2);
    }

    #[test]
    fn winograd_agrees_with_the_naive_loop(seed in any::<u64>()) {
        let mut rng = Rng(seed);
        let size = [rng.pick(1, 19), rng.pick(1, 37)];
        let window = match rng.pick(0, 2) {
            0 => ConvWindow::symmetric([3, 3], [1, 1], [1, 1]),
            1 if size[0] > 2 && size[1] > 2 => ConvWindow::valid([3, 3], [1, 1]),
            _ => ConvWindow { kernel: [3, 3], stride: [1, 1], before: [2, 1], after: [1, 2] },
        };
        let (inputs, outputs) = (rng.pick(1, 20), rng.pick(1, 20));
        let c = Conv { inputs, outputs, batch: rng.pick(1, 3), size, window, depthwise: false };
        // One decimal digit less than the direct way: the transforms multiply by up to 8 x 8.
        check_with(Algorithm::Winograd, 10.0, c, ACTS[rng.pick(0, 3)], seed ^ 4);
    }

    #[test]
    fn pointwise_agrees_with_the_naive_loop(seed in any::<u64>()) {
        let mut rng = Rng(seed);
        let size = [rng.pick(1, 20), rng.pick(1, 30)];
        let c = Conv {
            inputs: rng.pick(1, 40),
            outputs: rng.pick(1, 40),
            batch: rng.pick(1, 3),
            size,
            window: ConvWindow::valid([1, 1], [1, 1]),
            depthwise: false,
        };
        check(c, ACTS[rng.pick(0, 3)], seed ^ 3);
    }
}

#[test]
fn long_inner_dimensions_are_cut_into_blocks() {
    // 300 and 700 channels: two and three blocks of k; 100 outputs on a short tensor: rows are cut as well.
    let window = ConvWindow::valid([1, 1], [1, 1]);
    check(
        Conv {
            inputs: 300,
            outputs: 100,
            batch: 1,
            size: [5, 7],
            window,
            depthwise: false,
        },
        Activation::Relu,
        7,
    );
    check(
        Conv {
            inputs: 7,
            outputs: 700,
            batch: 2,
            size: [3, 9],
            window,
            depthwise: false,
        },
        Activation::Relu,
        8,
    );
    let window = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
    check(
        Conv {
            inputs: 70,
            outputs: 110,
            batch: 1,
            size: [6, 8],
            window,
            depthwise: false,
        },
        Activation::Relu,
        9,
    );
    let window = ConvWindow::same([3, 3], [2, 2], [9, 8]);
    check(
        Conv {
            inputs: 40,
            outputs: 300,
            batch: 2,
            size: [9, 8],
            window,
            depthwise: false,
        },
        Activation::Relu6,
        10,
    );
}

#[test]
fn planes_wider_than_a_piece_are_cut_into_rows() {
    let window = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
    check(
        Conv {
            inputs: 3,
            outputs: 5,
            batch: 2,
            size: [7, 300],
            window,
            depthwise: false,
        },
        Activation::Relu,
        11,
    );
    check(
        Conv {
            inputs: 2,
            outputs: 4,
            batch: 3,
            size: [40, 33],
            window,
            depthwise: false,
        },
        Activation::Relu,
        12,
    );
    check(
        Conv {
            inputs: 2,
            outputs: 2,
            batch: 2,
            size: [50, 96],
            window,
            depthwise: true,
        },
        Activation::Relu,
        13,
    );
}

#[test]
fn winograd_cuts_long_dimensions() {
    let window = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
    let check = |c, seed| check_with(Algorithm::Winograd, 10.0, c, Activation::Relu, seed);
    check(
        Conv {
            inputs: 300,
            outputs: 34,
            batch: 1,
            size: [9, 8],
            window,
            depthwise: false,
        },
        21,
    );
    check(
        Conv {
            inputs: 34,
            outputs: 270,
            batch: 5,
            size: [8, 16],
            window,
            depthwise: false,
        },
        22,
    );
    check(
        Conv {
            inputs: 3,
            outputs: 7,
            batch: 2,
            size: [33, 260],
            window,
            depthwise: false,
        },
        23,
    );
}

/// Whole rows of whole vectors, rows with a rest, and rows so short that they are packed; pieces of an image that load their rows together; blocks of
/// channels that are turned.
#[test]
fn dense_reads_rows_of_every_length() {
    let window = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
    let shapes = [
        (16, 16, 1, [40, 64], window),
        (3, 17, 2, [24, 128], window),
        (33, 14, 1, [9, 100], window),
        (48, 7, 3, [6, 8], window),
        (17, 31, 5, [4, 4], window),
        (5, 6, 9, [5, 2], window),
        (16, 5, 2, [30, 49], ConvWindow::valid([5, 1], [1, 1])),
        (5, 20, 2, [12, 70], ConvWindow::same([2, 3], [1, 1], [12, 70])),
        (
            140,
            9,
            1,
            [7, 32],
            ConvWindow {
                before: [2, 0],
                ..window
            },
        ),
    ];
    for (seed, (inputs, outputs, batch, size, window)) in (31..).zip(shapes) {
        let conv = Conv {
            inputs,
            outputs,
            batch,
            size,
            window,
            depthwise: false,
        };
        check(conv, ACTS[seed as usize % 4], seed);
    }
}

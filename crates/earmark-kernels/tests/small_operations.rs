//! Pooling, layout, activations, statistics and optimizer steps against their definitions.

mod oracle;

use earmark_kernels::conv::pointwise;
use earmark_kernels::elementwise::gate;
use earmark_kernels::elementwise::optimizer_steps::{Adam, AdamEpsilon, Sgd};
use earmark_kernels::elementwise::pool::{self, Pool, PoolShape};
use earmark_kernels::hardware::layout;
use earmark_kernels::{Activation, ConvWindow, Epilogue, Isa, IsaError, Norm, OpInput, Workspace};
use oracle::{Rng, assert_close, f64s};

#[test]
fn pools_agree_with_their_definition() {
    let mut rng = Rng(1);
    for case in 0..60 {
        let (channels, batch) = (rng.pick(1, 4), rng.pick(1, 3));
        let size = [rng.pick(1, 17), rng.pick(1, 40)];
        let window = match case % 4 {
            0 => size,
            1 => [2.min(size[0]), 2.min(size[1])],
            2 => [4.min(size[0]), 8.min(size[1])],
            _ => [rng.pick(1, size[0]), rng.pick(1, size[1])],
        };
        let out = pool::output(size, window).expect("it fits");
        let n = batch * size[0] * size[1];
        let (x, g) = (rng.vec(channels * n), rng.vec(channels * batch * out[0] * out[1]));
        let (mean, variance, gamma, beta) = (
            rng.vec(channels),
            vec![0.4; channels],
            rng.vec(channels),
            rng.vec(channels),
        );
        let norm = Norm::fixed(&mean, &variance, &gamma, &beta, 1e-3);
        // Hard-swish: no ties between windows' values, unlike ReLU's zeros.
        let input = OpInput::pending(&x, &norm, Activation::HardSwish);
        let map = |c: usize| {
            (
                f64::from(mean[c]),
                f64::from(gamma[c]) / (f64::from(0.4f32) + f64::from(1e-3f32)).sqrt(),
                f64::from(beta[c]),
            )
        };
        let (values, slopes) = oracle::seen(&input, map, channels);
        for pool in [Pool::Mean, Pool::Max] {
            let (mut y, mut dx) = (vec![0.0; g.len()], vec![0.0; x.len()]);
            for (plane, (py, pg)) in y
                .chunks_mut(out[0] * out[1])
                .zip(g.chunks(out[0] * out[1]))
                .enumerate()
            {
                let base = plane * size[0] * size[1];
                for i in 0..out[0] * out[1] {
                    let cells: Vec<usize> = (0..window[0] * window[1])
                        .map(|k| {
                            let (r, c) = (
                                i / out[1] * window[0] + k / window[1],
                                i % out[1] * window[1] + k % window[1],
                            );
                            base + r * size[1] + c
                        })
                        .collect();
                    match pool {
                        Pool::Mean => {
                            py[i] = cells.iter().map(|&c| values[c]).sum::<f64>() / cells.len() as f64;
                            cells
                                .iter()
                                .for_each(|&c| dx[c] = f64::from(pg[i]) / cells.len() as f64 * slopes[c]);
                        }
                        Pool::Max => {
                            let best = *cells
                                .iter()
                                .max_by(|a, b| values[**a].total_cmp(&values[**b]))
                                .expect("a cell");
                            py[i] = values[best];
                            dx[best] = f64::from(pg[i]) * slopes[best];
                        }
                    }
                }
            }
            let shape = PoolShape {
                pool,
                window,
                channels,
                size,
            };
            for isa in Isa::available() {
                let ws = Workspace::with_isa(isa);
                let (mut got, mut back) = (vec![f32::NAN; g.len()], vec![f32::NAN; x.len()]);
                pool::forward(&ws, &shape, input, &mut got);
                let sums = pool::backward(&ws, &shape, input, &g, &mut back);
                assert_close(&format!("{pool:?} {window:?} of {size:?}"), &got, &y, 2e-6);
                assert_close(&format!("{pool:?} {window:?} of {size:?} back"), &back, &dx, 2e-6);
                for (c, (s1, s2)) in sums.into_iter().enumerate() {
                    let row = &dx[c * n..][..n];
                    let want2: f64 = row
                        .iter()
                        .zip(&x[c * n..])
                        .map(|(d, &x)| d * (f64::from(x) - f64::from(mean[c])))
                        .sum();
                    assert!((s1 - row.iter().sum::<f64>()).abs() < 1e-4 && (s2 - want2).abs() < 1e-4);
                }
            }
        }
    }
}

/// What the tests of this machine cover, and the names that choose an instruction set.
#[test]
#[expect(clippy::print_stdout, reason = "what a run did not cover is printed")]
fn instruction_sets_have_names_and_missing_ones_are_reported() {
    let available = Isa::available();
    assert_eq!(available[0], Isa::portable());
    assert!(available.contains(&Isa::detect()));
    for isa in &available {
        assert_eq!(Isa::named(isa.name()), Ok(*isa));
        assert_eq!(Workspace::with_isa(*isa).isa(), *isa);
    }
    for name in ["avx2", "avx512"] {
        if Isa::named(name) == Err(IsaError::Missing(name.into())) {
            println!("this machine lacks {name}: no test runs with it");
        }
    }
    let error = Isa::named("sse9").expect_err("unknown set");
    assert_eq!(error, IsaError::Unknown("sse9".into()));
    assert!(error.to_string().starts_with(
        "EARMARK_SIMD=sse9: unknown instruction set; choose one that this machine supports: portable"
    ));
}

#[test]
fn max_pool_keeps_nan_and_takes_the_first_of_equals() {
    let ws = Workspace::new();
    let x = [1.0, 1.0, f32::NAN, 2.0];
    let mut y = [0.0; 2];
    let shape = PoolShape {
        pool: Pool::Max,
        window: [1, 2],
        channels: 1,
        size: [1, 4],
    };
    pool::forward(&ws, &shape, OpInput::plain(&x), &mut y);
    assert!(y[0] == 1.0 && y[1].is_nan());
    let mut dx = [9.0; 4];
    pool::backward(&ws, &shape, OpInput::plain(&x), &[3.0, 5.0], &mut dx);
    assert_eq!(dx, [3.0, 0.0, 5.0, 0.0]);

    // Windows of 2 x 2, which are computed without a branch, at an odd width and height.
    const NAN: f32 = f32::NAN;
    #[rustfmt::skip]
    let x = [
        1.0, 1.0, 0.5, NAN, -0.0, 0.0, 1.0, 2.0, 9.0,
        1.0, 1.0, NAN, 3.0, -0.0, 0.0, 3.0, 3.0, 9.0,
        9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0,
    ];
    #[rustfmt::skip]
    let want = [
        3.0, 0.0, 0.0, 5.0, 7.0, 0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ];
    for isa in Isa::available() {
        let ws = Workspace::with_isa(isa);
        let shape = PoolShape {
            window: [2, 2],
            size: [3, 9],
            ..shape
        };
        let mut dx = [9.0; 27];
        pool::backward(&ws, &shape, OpInput::plain(&x), &[3.0, 5.0, 7.0, 8.0], &mut dx);
        assert_eq!(dx, want, "{isa:?}");
    }
}

#[test]
fn layouts_swap_and_return() {
    let x: Vec<f32> = (0..2 * 3 * 4).map(|v| v as f32).collect();
    let (mut y, mut z) = (vec![0.0; 24], vec![0.0; 24]);
    layout::to_channels_outermost(&x, &mut y, 2, 3, 4);
    // Channel 1 of example 1 is plane 4 of [B, C] and plane 3 of [C, B].
    assert_eq!(y[3 * 4..4 * 4], x[4 * 4..5 * 4]);
    layout::from_channels_outermost(&y, &mut z, 2, 3, 4);
    assert_eq!(x, z);
}

#[test]
fn activations_have_their_values_slopes_and_keep_nan() {
    let acts = [
        Activation::Identity,
        Activation::Relu,
        Activation::Relu6,
        Activation::HardSwish,
    ];
    for act in acts {
        assert!(act.apply(f32::NAN).is_nan(), "{act:?} hides a NaN");
        for x in [-9.0f32, -3.0, -2.5, -0.1, 0.0, 0.1, 2.5, 3.0, 5.9, 6.0, 6.1] {
            let (value, slope) = oracle::activation(act, f64::from(x));
            assert!((f64::from(act.apply(x)) - value).abs() < 1e-6, "{act:?} at {x}");
            assert!(
                (f64::from(act.derivative(x)) - slope).abs() < 1e-6,
                "slope of {act:?} at {x}"
            );
        }
    }
}

#[test]
fn statistics_hold_far_from_zero() {
    // Deviation 1 around 10,000: the sum of squares alone would lose all of the variance in f32.
    let mut rng = Rng(2);
    let x: Vec<f32> = rng
        .vec(3 * 50_001)
        .iter()
        .enumerate()
        .map(|(i, v)| v * 1.7 + 1e4 * (i / 50_001) as f32)
        .collect();
    let want = oracle::statistics(&f64s(&x), 3);
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let mut y = vec![0.0; x.len()];
    for isa in Isa::available() {
        let ws = Workspace::with_isa(isa);
        let packed = pointwise::pack(&ws, &identity, 3, 3);
        let moments = pointwise::forward(&ws, &packed, OpInput::plain(&x), &mut y, Epilogue::Moments);
        for (got, want) in moments.iter().zip(&want) {
            assert!(
                (got.mean - want.0).abs() < 1e-6 * want.0.abs().max(1.0),
                "{} {}",
                got.mean,
                want.0
            );
            assert!(
                (got.variance() / want.1 - 1.0).abs() < 1e-5,
                "{} {}",
                got.variance(),
                want.1
            );
        }
    }
}

#[test]
fn same_padding_is_tensorflows() {
    // 100 -> 50 -> 25 -> 13 -> 7 and 96 -> 48 -> 24 -> 12 -> 6, the planes of the DCASE baseline.
    let w = ConvWindow::same([3, 3], [2, 2], [25, 24]);
    assert_eq!(
        (w.before, w.after, w.output([25, 24])),
        ([1, 0], [1, 1], Some([13, 12]))
    );
    assert_eq!(
        ConvWindow::same([3, 3], [1, 1], [7, 6]),
        ConvWindow::symmetric([3, 3], [1, 1], [1, 1])
    );
    assert_eq!(ConvWindow::valid([3, 3], [1, 1]).output([2, 9]), None);
}

#[test]
fn optimizers_follow_their_formulas() {
    let mut rng = Rng(4);
    let n = 40_001;
    let start = rng.vec(n);
    for isa in Isa::available() {
        let ws = Workspace::with_isa(isa);
        for epsilon_at in [AdamEpsilon::Corrected, AdamEpsilon::Raw] {
            let adam = Adam {
                learning_rate: 1e-2,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-3,
                epsilon_at,
            };
            let (mut p, mut m, mut v) = (start.clone(), vec![0.0; n], vec![0.0; n]);
            let (mut p64, mut m64, mut v64) = (f64s(&start), vec![0.0; n], vec![0.0; n]);
            for step in 1..=5u64 {
                let g = rng.vec(n);
                adam.update(&ws, step, &mut p, &g, &mut m, &mut v);
                let (c1, c2) = (1.0 - 0.9f64.powf(step as f64), 1.0 - 0.999f64.powf(step as f64));
                for i in 0..n {
                    let g = f64::from(g[i]);
                    m64[i] = 0.9 * m64[i] + 0.1 * g;
                    v64[i] = 0.999 * v64[i] + 0.001 * g * g;
                    p64[i] -= match epsilon_at {
                        AdamEpsilon::Corrected => 1e-2 * (m64[i] / c1) / ((v64[i] / c2).sqrt() + 1e-3),
                        AdamEpsilon::Raw => 1e-2 * c2.sqrt() / c1 * m64[i] / (v64[i].sqrt() + 1e-3),
                    };
                }
            }
            // beta2 = 0.999 itself is only known to 3e-8 in f32, a relative 3e-5 of 1 - beta2.
            assert_close("parameters", &p, &p64, 2e-6);
            assert_close("first moment", &m, &m64, 1e-6);
            assert_close("second moment", &v, &v64, 3e-5);
        }
        let sgd = Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
        };
        let (mut p, mut v) = (vec![1.0f32; 3], vec![0.0f32; 3]);
        sgd.update(&ws, &mut p, &[1.0, 0.0, -2.0], &mut v);
        sgd.update(&ws, &mut p, &[1.0, 0.0, -2.0], &mut v);
        assert_close("sgd", &p, &[1.0 - 0.1 - 0.19, 1.0, 1.0 + 0.2 + 0.38], 1e-6);
    }
}

/// Every plane by its factor, and both gradients, against their definition: odd sizes, one pixel, more planes than one thread takes.
#[test]
fn gates_agree_with_their_definition() {
    let mut rng = Rng(11);
    for (planes, n) in [(1, 1), (3, 35), (70, 19), (130, 1), (5, 1321), (64, 16)] {
        let (x, g, by) = (rng.vec(planes * n), rng.vec(planes * n), rng.vec(planes));
        let (mut want_y, mut want_dx, mut want_d) = (vec![], vec![], vec![0.0f64; planes]);
        for (i, (&x, &g)) in x.iter().zip(&g).enumerate() {
            let factor = f64::from(by[i / n]);
            want_y.push(f64::from(x) * factor);
            want_dx.push(f64::from(g) * factor);
            want_d[i / n] += f64::from(g) * f64::from(x);
        }
        for isa in Isa::available() {
            let ws = Workspace::with_isa(isa);
            let run = || {
                let (mut y, mut dx, mut d) = (
                    vec![f32::NAN; x.len()],
                    vec![f32::NAN; x.len()],
                    vec![f32::NAN; planes],
                );
                gate::forward(&ws, &x, &by, &mut y);
                gate::backward(&ws, &x, &by, &g, &mut dx, &mut d);
                (y, dx, d)
            };
            let (y, dx, d) = run();
            let what = |part: &str| format!("{part} of {planes} planes of {n} on {isa:?}");
            assert_close(&what("y"), &y, &want_y, 1e-7);
            assert_close(&what("dx"), &dx, &want_dx, 1e-7);
            oracle::assert_within(&what("factors"), &d, &want_d, (n as f64).sqrt(), 1e-6);
            let one = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .expect("a thread starts");
            assert!(
                one.install(run) == (y, dx, d),
                "{}",
                what("the number of threads")
            );
        }
    }
}

//! The oracle against finite differences, and training against the oracle.

use super::oracle::{Rng, assert_close, f64s};
use super::{Values, backward, borrow, chains, conv_of, forward, random_params};
use earmark_kernels::chain::{Chain, ConvKind, ConvLayer, LayerGrads};
use earmark_kernels::elementwise::pool::{self, Pool};
use earmark_kernels::{Activation, ConvWindow, Isa, Workspace};

#[test]
fn the_oracle_agrees_with_finite_differences() {
    for chain in chains() {
        let (mut rng, batch) = (Rng(3), 2);
        let params: Vec<Values> = random_params(&chain, &mut rng)
            .iter()
            .map(|p| p.each_ref().map(|v| f64s(v)))
            .collect();
        let first = conv_of(&chain, 0, batch);
        let x = f64s(&rng.vec(first.x_len()));
        let steps = forward(&chain, &params, &x, batch, None);
        let r = f64s(&rng.vec(steps.last().expect("a layer").out.len()));
        let loss = |p: &[Values]| -> f64 {
            forward(&chain, p, &x, batch, None)
                .last()
                .expect("a layer")
                .out
                .iter()
                .zip(&r)
                .map(|(a, b)| a * b)
                .sum()
        };
        let (grads, _) = backward(&chain, &params, &steps, &r, batch);
        for i in 0..params.len() {
            for part in 0..3 {
                let at = rng.pick(0, params[i][part].len() - 1);
                let mut moved = params.clone();
                // Small enough that hardly any activation changes sides.
                let h = 1e-7;
                moved[i][part][at] += h;
                let up = loss(&moved);
                moved[i][part][at] -= 2.0 * h;
                let slope = (up - loss(&moved)) / (2.0 * h);
                let scale = grads[i][part].iter().fold(1.0f64, |m, v| m.max(v.abs()));
                assert!(
                    (slope - grads[i][part][at]).abs() < 2e-6 * scale,
                    "layer {i} part {part}: {slope} {}",
                    grads[i][part][at]
                );
            }
        }
    }
}

type Results = (Vec<f32>, Vec<LayerGrads>, Vec<f32>);

fn train(chain: &Chain, ws: &Workspace, params: &[[Vec<f32>; 3]], x: &[f32], r: &[f32]) -> Results {
    let borrowed = borrow(params);
    let saved = chain.forward(ws, &borrowed, x);
    let channels = chain.layers().last().expect("a layer").outputs;
    let mut out = vec![0.0; r.len()];
    saved.output().materialise(ws, channels, &mut out);
    let mut g = ws.take(r.len());
    g.copy_from_slice(r);
    let sums = saved.output().materialise_backward(ws, channels, &mut g);
    let mut dx = vec![f32::NAN; x.len()];
    let grads = chain.backward(ws, &borrowed, x, &saved, (g, sums), Some(&mut dx));
    (out, grads, dx)
}

#[test]
fn training_agrees_with_the_oracle() {
    for (number, chain) in chains().iter().enumerate() {
        for batch in [1, 3] {
            let mut rng = Rng(17 + number as u64);
            let params = random_params(chain, &mut rng);
            let x = rng.vec(conv_of(chain, 0, batch).x_len());
            let exact: Vec<Values> = params.iter().map(|p| p.each_ref().map(|v| f64s(v))).collect();
            let steps = forward(chain, &exact, &f64s(&x), batch, None);
            let want = &steps.last().expect("a layer").out;
            let r = rng.vec(want.len());
            let (grads, dx) = backward(chain, &exact, &steps, &f64s(&r), batch);
            for isa in Isa::available() {
                let ws = Workspace::with_isa(isa);
                let got = train(chain, &ws, &params, &x, &r);
                let what = |part: &str| format!("chain {number}, batch {batch}, {isa:?}: {part}");
                // Up to five layers of f32 rounding, each amplified by the division by the deviation.
                assert_close(&what("output"), &got.0, want, 5e-6);
                assert_close(&what("dx"), &got.2, &dx, 5e-5);
                for (i, (got, want)) in got.1.iter().zip(&grads).enumerate() {
                    for (part, (got, want)) in [&got.weight, &got.gamma, &got.beta]
                        .into_iter()
                        .zip(want)
                        .enumerate()
                    {
                        assert_close(&what(&format!("layer {i} gradient {part}")), got, want, 5e-5);
                    }
                }
                for threads in [1, 2] {
                    let pool = rayon::ThreadPoolBuilder::new()
                        .num_threads(threads)
                        .build()
                        .expect("threads start");
                    assert!(
                        got == pool.install(|| train(chain, &ws, &params, &x, &r)),
                        "{}",
                        what("threads differ")
                    );
                }
            }
        }
    }
}

/// A chain's last layer reads the gradient of a pool of means without one for each of the pool's inputs: the bits are the same.
#[test]
fn a_pool_at_the_end_is_taken_back_with_the_bits_of_two_passes() {
    let windows = [
        (Pool::Mean, [2, 2]),
        (Pool::Mean, [1, 3]),
        (Pool::Mean, [4, 1]),
        (Pool::Max, [2, 2]),
    ];
    // Enough channels and tiles for Winograd's algorithm.
    let layer = |inputs, outputs| ConvLayer {
        kind: ConvKind::Dense(ConvWindow::symmetric([3, 3], [1, 1], [1, 1])),
        inputs,
        outputs,
        act: Activation::Relu,
        epsilon: 1e-3,
    };
    let transformed = Chain::new([10, 13], vec![layer(3, 32), layer(32, 33)]).expect("the layers follow");
    // Padded beyond its kernel: outputs behind the last column read nothing of the input.
    let beyond = ConvLayer {
        kind: ConvKind::Dense(ConvWindow {
            kernel: [3, 3],
            stride: [1, 1],
            before: [0, 0],
            after: [0, 3],
        }),
        ..layer(3, 4)
    };
    let padded = Chain::new([6, 5], vec![beyond]).expect("the layer fits");
    for (number, chain) in chains().into_iter().chain([transformed, padded]).enumerate() {
        for (pool, window) in windows {
            let Ok(chain) = chain.clone().pooled(pool, window) else {
                continue;
            };
            let shape = chain.final_pool().expect("a pool");
            let (mut rng, batch) = (Rng(29 + number as u64), 3);
            let params = random_params(&chain, &mut rng);
            let x = rng.vec(conv_of(&chain, 0, batch).x_len());
            let [h, w] = chain.output_size();
            let g = rng.vec(shape.channels * batch * h * w);
            for isa in Isa::available() {
                let ws = Workspace::with_isa(isa);
                let borrowed = borrow(&params);
                let saved = chain.forward(&ws, &borrowed, &x);
                let mut wide = ws.take(saved.output().raw.len());
                let sums = pool::backward(&ws, &shape, saved.output(), &g, &mut wide);
                let mut dx = [vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]];
                let last = (wide, sums);
                let two = chain.backward(&ws, &borrowed, &x, &saved, last, Some(&mut dx[0]));
                let one = chain.backward_pooled(&ws, &borrowed, &x, &saved, &g, Some(&mut dx[1]));
                assert!(
                    one == two && dx[0] == dx[1],
                    "chain {number}, {pool:?} of {window:?}, {isa:?}"
                );
                assert!(one.iter().any(|g| g.weight.iter().any(|v| *v != 0.0)));
            }
        }
    }
}

#[test]
fn a_second_step_allocates_nothing() {
    let chain = &chains()[0];
    let (mut rng, ws) = (Rng(5), Workspace::new());
    let params = random_params(chain, &mut rng);
    let x = rng.vec(conv_of(chain, 0, 2).x_len());
    let r = rng.vec(20 * 2 * 6 * 4);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread starts");
    let first = pool.install(|| train(chain, &ws, &params, &x, &r));
    let held = ws.idle_bytes();
    let second = pool.install(|| train(chain, &ws, &params, &x, &r));
    assert!(
        held > 0 && ws.idle_bytes() == held,
        "the workspace grew from {held} to {}",
        ws.idle_bytes()
    );
    assert!(first == second, "buffers that were used before change nothing");
    ws.clear();
    assert_eq!(ws.idle_bytes(), 0);
}

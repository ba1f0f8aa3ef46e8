//! Whole chains (convolution, batch normalisation, activation) against an f64 oracle, which is itself
//! checked by finite differences; inference against the same oracle with fixed statistics.

mod oracle;

use earmark_kernels::chain::{
    Chain, ChainError, ConvKind, ConvLayer, InferenceChain, LayerGrads, LayerParams, MovingStatistics,
};
use earmark_kernels::elementwise::pool::{self, Pool};
use earmark_kernels::{Activation, ConvWindow, Isa, OpInput, Workspace};
use oracle::{Conv, Rng, assert_close, f64s};

const EPSILON: f32 = 1e-3;

/// A layer's parameters in f64: weight, gamma, beta.
type Values = [Vec<f64>; 3];

fn conv_of(chain: &Chain, i: usize, batch: usize) -> Conv {
    let layer = chain.layers()[i];
    let (window, depthwise) = match layer.kind {
        ConvKind::Dense(w) => (w, false),
        ConvKind::Depthwise(w) => (w, true),
        ConvKind::Pointwise => (ConvWindow::valid([1, 1], [1, 1]), false),
    };
    Conv {
        inputs: layer.inputs,
        outputs: layer.outputs,
        batch,
        size: chain.size(i),
        window,
        depthwise,
    }
}

/// One layer's forward pass in f64: raw output, statistics, normalised output, activated output.
struct Step {
    input: Vec<f64>,
    statistics: Vec<(f64, f64)>,
    hat: Vec<f64>,
    slope: Vec<f64>,
    out: Vec<f64>,
}

fn forward(
    chain: &Chain,
    params: &[Values],
    x: &[f64],
    batch: usize,
    fixed: Option<&[Vec<(f64, f64)>]>,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (i, (layer, [weight, gamma, beta])) in chain.layers().iter().zip(params).enumerate() {
        let input = steps.last().map_or(x.to_vec(), |s| s.out.clone());
        let raw = conv_of(chain, i, batch).forward(&input, weight);
        let statistics = fixed.map_or_else(|| oracle::statistics(&raw, layer.outputs), |f| f[i].clone());
        let n = raw.len() / layer.outputs;
        let hat: Vec<f64> = raw
            .iter()
            .enumerate()
            .map(|(j, v)| (v - statistics[j / n].0) / (statistics[j / n].1 + f64::from(EPSILON)).sqrt())
            .collect();
        let (out, slope) = hat
            .iter()
            .enumerate()
            .map(|(j, h)| oracle::activation(layer.act, h * gamma[j / n] + beta[j / n]))
            .unzip();
        steps.push(Step {
            input,
            statistics,
            hat,
            slope,
            out,
        });
    }
    steps
}

/// Gradients of the parameters and of x for a gradient of the output.
fn backward(
    chain: &Chain,
    params: &[Values],
    steps: &[Step],
    dout: &[f64],
    batch: usize,
) -> (Vec<Values>, Vec<f64>) {
    let mut g = dout.to_vec();
    let mut grads = Vec::new();
    for (i, (step, [weight, gamma, _])) in steps.iter().zip(params).enumerate().rev() {
        let channels = chain.layers()[i].outputs;
        let n = g.len() / channels;
        let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
        for (j, v) in g.iter_mut().enumerate() {
            *v *= step.slope[j];
            dgamma[j / n] += *v * step.hat[j];
            dbeta[j / n] += *v;
        }
        let raw: Vec<f64> = g
            .iter()
            .enumerate()
            .map(|(j, v)| {
                let c = j / n;
                let scale = gamma[c] / (step.statistics[c].1 + f64::from(EPSILON)).sqrt();
                scale * (v - dbeta[c] / n as f64 - step.hat[j] * dgamma[c] / n as f64)
            })
            .collect();
        let (dx, dw) = conv_of(chain, i, batch).backward(&step.input, weight, &raw);
        grads.push([dw, dgamma, dbeta]);
        g = dx;
    }
    grads.reverse();
    (grads, g)
}

fn random_params(chain: &Chain, rng: &mut Rng) -> Vec<[Vec<f32>; 3]> {
    chain
        .layers()
        .iter()
        .map(|l| {
            let gamma = (0..l.outputs).map(|_| 1.0 + 0.5 * rng.f32()).collect();
            [rng.vec(l.weights()), gamma, rng.vec(l.outputs)]
        })
        .collect()
}

fn borrow(params: &[[Vec<f32>; 3]]) -> Vec<LayerParams<'_>> {
    params
        .iter()
        .map(|[weight, gamma, beta]| LayerParams { weight, gamma, beta })
        .collect()
}

fn layer(kind: ConvKind, inputs: usize, outputs: usize, act: Activation) -> ConvLayer {
    ConvLayer {
        kind,
        inputs,
        outputs,
        act,
        epsilon: EPSILON,
    }
}

/// Chains with every kind of layer: like MobileNetV1, like inverted residual blocks with kernels of 3, 5 and 7, like a pair of 3x3 convolutions, with
/// the stem's stride.
fn chains() -> Vec<Chain> {
    let same = |stride, size| ConvWindow::same([3, 3], [stride; 2], size);
    let symmetric = ConvWindow::symmetric([3, 3], [1, 1], [1, 1]);
    let padded = |kernel: usize, stride| ConvWindow::symmetric([kernel; 2], [stride; 2], [kernel / 2; 2]);
    let relu = Activation::Relu;
    let all = [
        (
            [11, 8],
            vec![
                layer(ConvKind::Dense(same(1, [11, 8])), 1, 4, relu),
                layer(ConvKind::Depthwise(same(1, [11, 8])), 4, 4, relu),
                layer(ConvKind::Pointwise, 4, 9, relu),
                layer(ConvKind::Depthwise(same(2, [11, 8])), 9, 9, relu),
                layer(ConvKind::Pointwise, 9, 20, relu),
            ],
        ),
        (
            [7, 9],
            vec![
                layer(ConvKind::Pointwise, 5, 13, Activation::Relu6),
                layer(ConvKind::Depthwise(same(2, [7, 9])), 13, 13, Activation::Relu6),
                layer(ConvKind::Pointwise, 13, 6, Activation::Identity),
            ],
        ),
        (
            [8, 12],
            vec![
                layer(ConvKind::Dense(symmetric), 3, 17, relu),
                layer(ConvKind::Dense(symmetric), 17, 16, Activation::HardSwish),
            ],
        ),
        (
            [9, 15],
            vec![
                layer(ConvKind::Dense(same(2, [9, 15])), 3, 6, relu),
                layer(
                    ConvKind::Dense(ConvWindow::same([3, 11], [1, 1], [5, 8])),
                    6,
                    7,
                    Activation::HardSwish,
                ),
                layer(ConvKind::Dense(same(2, [5, 8])), 7, 5, relu),
            ],
        ),
        ([4, 5], vec![layer(ConvKind::Depthwise(symmetric), 3, 3, relu)]),
        (
            [9, 21],
            vec![
                layer(ConvKind::Pointwise, 4, 10, Activation::HardSwish),
                layer(ConvKind::Depthwise(padded(5, 2)), 10, 10, Activation::HardSwish),
                layer(ConvKind::Pointwise, 10, 5, Activation::Identity),
                layer(ConvKind::Depthwise(padded(7, 1)), 5, 5, Activation::Relu6),
                layer(ConvKind::Depthwise(padded(5, 1)), 5, 5, relu),
                layer(ConvKind::Pointwise, 5, 18, relu),
                layer(ConvKind::Depthwise(padded(7, 2)), 18, 18, relu),
            ],
        ),
    ];
    all.into_iter()
        .map(|(size, layers)| Chain::new(size, layers).expect("the layers follow each other"))
        .collect()
}

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

#[test]
fn inference_agrees_with_the_oracle_in_any_batch() {
    for (number, chain) in chains().iter().enumerate() {
        let (mut rng, batch) = (Rng(99), 11);
        let params = random_params(chain, &mut rng);
        let statistics: Vec<[Vec<f32>; 2]> = chain
            .layers()
            .iter()
            .map(|l| {
                [
                    rng.vec(l.outputs),
                    (0..l.outputs).map(|_| rng.f32().abs() + 0.2).collect(),
                ]
            })
            .collect();
        let x = rng.vec(conv_of(chain, 0, batch).x_len());
        let exact: Vec<Values> = params.iter().map(|p| p.each_ref().map(|v| f64s(v))).collect();
        let fixed: Vec<Vec<(f64, f64)>> = statistics
            .iter()
            .map(|[m, v]| {
                m.iter()
                    .zip(v)
                    .map(|(&m, &v)| (f64::from(m), f64::from(v)))
                    .collect()
            })
            .collect();
        let want = forward(chain, &exact, &f64s(&x), batch, Some(&fixed))
            .pop()
            .expect("a layer")
            .out;
        for isa in Isa::available() {
            let ws = Workspace::with_isa(isa);
            let borrowed: Vec<MovingStatistics<'_>> = statistics
                .iter()
                .map(|[mean, variance]| MovingStatistics { mean, variance })
                .collect();
            let ready = InferenceChain::new(&ws, chain, &borrow(&params), &borrowed);
            let mut out = vec![f32::NAN; want.len()];
            ready.run(&ws, &x, &mut out);
            assert_close(&format!("chain {number}, {isa:?}"), &out, &want, 5e-6);
            // The first example alone gives the same bits.
            let (inputs, [h, w]) = (chain.layers()[0].inputs, chain.size(0));
            let alone: Vec<f32> = (0..inputs)
                .flat_map(|c| x[c * batch * h * w..][..h * w].to_vec())
                .collect();
            let [oh, ow] = chain.output_size();
            let mut one = vec![f32::NAN; out.len() / batch];
            ready.run(&ws, &alone, &mut one);
            for (c, one) in one.chunks_exact(oh * ow).enumerate() {
                assert_eq!(one, &out[c * batch * oh * ow..][..oh * ow]);
            }
            // Planes of another size take the same packed weights, and give the bits of weights packed for them.
            let other = Chain::new([h + 3, w + 5], chain.layers().to_vec()).expect("it fits");
            let x = rng.vec(conv_of(&other, 0, 2).x_len());
            let [oh, ow] = other.output_size();
            let channels = other.layers().last().map_or(0, |l| l.outputs);
            let run = |ready: &InferenceChain| {
                let mut out = vec![f32::NAN; channels * 2 * oh * ow];
                ready.run(&ws, &x, &mut out);
                out
            };
            let fresh = InferenceChain::new(&ws, &other, &borrow(&params), &borrowed);
            assert_eq!(
                run(&ready.resized(other)),
                run(&fresh),
                "chain {number} of another size"
            );
        }
    }
}

/// A pool at a chain's end yields the very bits of the same pool over the chain's output.
#[test]
fn a_pooled_chain_is_a_chain_and_a_pool() {
    for (number, chain) in chains().iter().enumerate() {
        let whole = chain.output_size();
        for (pool, window) in [
            (Pool::Mean, [2.min(whole[0]), 2.min(whole[1])]),
            (Pool::Max, [1, 3.min(whole[1])]),
            (Pool::Mean, whole),
            (Pool::Max, whole),
        ] {
            let pooled = chain.clone().pooled(pool, window).expect("it fits");
            let shape = pooled.final_pool().expect("a pool");
            let out = pooled.output_size();
            assert_eq!(Some(out), pool::output(whole, window));
            let (mut rng, batch) = (Rng(7 + number as u64), 9);
            let params = random_params(chain, &mut rng);
            let moving: Vec<Vec<f32>> = chain.layers().iter().map(|l| vec![0.5; l.outputs]).collect();
            let statistics: Vec<MovingStatistics<'_>> = moving
                .iter()
                .map(|v| MovingStatistics { mean: v, variance: v })
                .collect();
            let x = rng.vec(conv_of(chain, 0, batch).x_len());
            let ws = Workspace::new();
            let run = |chain: &Chain, len: usize| {
                let mut y = vec![f32::NAN; len];
                InferenceChain::new(&ws, chain, &borrow(&params), &statistics).run(&ws, &x, &mut y);
                y
            };
            let wide = run(chain, shape.channels * batch * whole[0] * whole[1]);
            let mut want = vec![f32::NAN; shape.channels * batch * out[0] * out[1]];
            pool::forward(&ws, &shape, OpInput::plain(&wide), &mut want);
            assert_eq!(
                run(&pooled, want.len()),
                want,
                "chain {number}, {pool:?} of {window:?}"
            );
        }
        let [h, w] = whole;
        let error = chain
            .clone()
            .pooled(Pool::Mean, [h + 1, w])
            .expect_err("too large");
        let layer = chain.layers().len();
        assert_eq!(error, ChainError::Window { layer, size: whole });
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

#[test]
fn layers_that_do_not_follow_are_refused_with_their_place() {
    let relu = Activation::Relu;
    assert_eq!(Chain::new([4, 4], vec![]), Err(ChainError::Empty));
    let wrong = Chain::new(
        [4, 4],
        vec![
            layer(ConvKind::Pointwise, 2, 3, relu),
            layer(ConvKind::Pointwise, 4, 3, relu),
        ],
    );
    assert_eq!(
        wrong,
        Err(ChainError::Channels {
            layer: 1,
            reached: 3,
            declared: (4, 3)
        })
    );
    let large = Chain::new(
        [4, 2],
        vec![layer(
            ConvKind::Dense(ConvWindow::valid([3, 3], [1, 1])),
            2,
            3,
            relu,
        )],
    );
    assert_eq!(
        large,
        Err(ChainError::Window {
            layer: 0,
            size: [4, 2]
        })
    );
    assert!(large.expect_err("refused").to_string().contains("4 x 2"));
}

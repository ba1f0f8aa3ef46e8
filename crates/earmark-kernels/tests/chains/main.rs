//! Whole chains (convolution, batch normalisation, activation) against an f64 oracle, which is itself
//! checked by finite differences; inference against the same oracle with fixed statistics.

#[path = "../oracle/mod.rs"]
mod oracle;

mod channels_last;
mod fewer_bits;
mod inference;
mod refused_layers;
mod squeezed_block;
mod training;

use earmark_kernels::chain::{Chain, ConvKind, ConvLayer, LayerParams};
use earmark_kernels::{Activation, ConvWindow};
use oracle::{Conv, Rng};

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

/// Chains with every kind of layer: like MobileNetV1, like inverted residual blocks with kernels of 3, 5 and 7, like a
/// pair of 3x3 convolutions, with the stem's stride.
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

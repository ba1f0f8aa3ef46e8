//! Inverted residual blocks with squeeze-and-excitation as one operation, against the f64 oracle.

use super::oracle::{Rng, assert_close, f64s};
use super::{Values, borrow, forward, random_params};
use earmark_kernels::chain::{
    Chain, ConvKind, ConvLayer, DenseLayer, InferenceChain, MovingStatistics, SqueezedBlock,
};
use earmark_kernels::{Activation, ConvWindow, Isa, Workspace};

/// A chain with its parameters and fixed statistics.
struct Part {
    chain: Chain,
    params: Vec<[Vec<f32>; 3]>,
    moving: Vec<[Vec<f32>; 2]>,
}

impl Part {
    fn new(size: [usize; 2], layers: Vec<ConvLayer>, rng: &mut Rng) -> Self {
        let chain = Chain::new(size, layers).expect("they fit");
        let params = random_params(&chain, rng);
        let mut moving = Vec::new();
        for layer in chain.layers() {
            let variance = (0..layer.outputs).map(|_| rng.f32().abs() + 0.2).collect();
            moving.push([rng.vec(layer.outputs), variance]);
        }
        Self {
            chain,
            params,
            moving,
        }
    }

    fn ready(&self, ws: &Workspace) -> InferenceChain {
        let moving = self.moving.iter();
        let moving: Vec<_> = moving
            .map(|[mean, variance]| MovingStatistics { mean, variance })
            .collect();
        InferenceChain::new(ws, &self.chain, &borrow(&self.params), &moving)
    }

    fn exact(&self, x: &[f64], batch: usize) -> Vec<f64> {
        let params: Vec<Values> = (self.params.iter())
            .map(|p| p.each_ref().map(|v| f64s(v)))
            .collect();
        let fixed: Vec<Vec<(f64, f64)>> = (self.moving.iter())
            .map(|[mean, variance]| f64s(mean).into_iter().zip(f64s(variance)).collect())
            .collect();
        let mut steps = forward(&self.chain, &params, x, batch, Some(&fixed));
        steps.pop().expect("a layer").out
    }
}

fn layer(kind: ConvKind, inputs: usize, outputs: usize, act: Activation) -> ConvLayer {
    ConvLayer {
        kind,
        inputs,
        outputs,
        act,
        epsilon: super::EPSILON,
    }
}

fn dense(x: &[f64], layer: &DenseLayer<'_>, then: impl Fn(f64) -> f64) -> Vec<f64> {
    let inputs = layer.weight.len() / layer.bias.len();
    let rows = layer.weight.chunks_exact(inputs).zip(layer.bias);
    rows.map(|(row, bias)| {
        let sum: f64 = row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum();
        then(sum + f64::from(*bias))
    })
    .collect()
}

#[test]
fn blocks_are_their_parts() {
    let mut rng = Rng(11);
    let (inputs, expanded, squeezed) = (12, 36, 5);
    for (size, step, batch) in [([9, 7], 1, 1), ([9, 7], 2, 3), ([4, 5], 1, 8), ([3, 3], 1, 21)] {
        let act = Activation::HardSwish;
        let window = ConvWindow::same([3, 3], [step, step], size);
        let first = vec![
            layer(ConvKind::Pointwise, inputs, expanded, act),
            layer(ConvKind::Depthwise(window), expanded, expanded, act),
        ];
        let first = Part::new(size, first, &mut rng);
        let behind = first.chain.output_size();
        let project = vec![layer(ConvKind::Pointwise, expanded, inputs, Activation::Identity)];
        let project = Part::new(behind, project, &mut rng);
        let (reduce, expand) = (rng.vec(squeezed * expanded), rng.vec(expanded * squeezed));
        let (reduce_bias, expand_bias) = (rng.vec(squeezed), rng.vec(expanded));
        let (reduce, expand) = (
            DenseLayer {
                weight: &reduce,
                bias: &reduce_bias,
            },
            DenseLayer {
                weight: &expand,
                bias: &expand_bias,
            },
        );
        let x = rng.vec(inputs * batch * size[0] * size[1]);

        let mut y = first.exact(&f64s(&x), batch);
        let pixels = behind[0] * behind[1];
        for b in 0..batch {
            let plane = |c: usize| (c * batch + b) * pixels;
            let mean = |c: usize| y[plane(c)..][..pixels].iter().sum::<f64>() / pixels as f64;
            let seen: Vec<f64> = (0..expanded).map(mean).collect();
            let hidden = dense(&seen, &reduce, |v| v.max(0.0));
            let factors = dense(&hidden, &expand, |v| 1.0 / (1.0 + (-v).exp()));
            for (c, factor) in factors.iter().enumerate() {
                y[plane(c)..][..pixels].iter_mut().for_each(|v| *v *= factor);
            }
        }
        let mut want = project.exact(&y, batch);
        let adds = step == 1;
        if adds {
            want.iter_mut().zip(&x).for_each(|(y, x)| *y += f64::from(*x));
        }
        for isa in Isa::available() {
            let ws = Workspace::with_isa(isa);
            let block = SqueezedBlock {
                first: &first.ready(&ws),
                reduce,
                expand,
                project: &project.ready(&ws),
                adds,
            };
            let mut out = vec![f32::NAN; want.len()];
            block.run(&ws, &x, &mut out);
            assert_close(&format!("{size:?}, {batch}, {isa:?}"), &out, &want, 1e-5);
            // An example alone, on one thread, gives the same bits.
            let alone: Vec<f32> = (0..inputs)
                .flat_map(|c| x[c * batch * size[0] * size[1]..][..size[0] * size[1]].to_vec())
                .collect();
            let mut one = vec![f32::NAN; inputs * pixels];
            block.run(&ws.serial(), &alone, &mut one);
            for (c, one) in one.chunks_exact(pixels).enumerate() {
                assert_eq!(one, &out[c * batch * pixels..][..pixels]);
            }
        }
    }
}

//! Every operation that networks and losses are made of, each by itself: its output, and the gradients of its inputs.

use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Int, Tensor, TensorData, activation, module};
use earmark_core::random::{Purpose, normal, stream};
use earmark_engine::Loss;
use earmark_models::to_host;

/// Results of one thing that is compared, by name.
pub(super) type NamedResults = Vec<(String, Vec<f32>)>;

/// An operation on numbers of these shapes.
pub(super) struct Operation {
    pub name: &'static str,
    shapes: &'static [&'static [usize]],
    compute: fn(&Leaves) -> Tensor<1>,
}

/// What goes into an operation, flat, with its shapes.
struct Leaves {
    shapes: &'static [&'static [usize]],
    values: Vec<Tensor<1>>,
}

impl Leaves {
    /// One in its shape.
    ///
    /// # Panics
    /// If it has another rank.
    fn get<const D: usize>(&self, k: usize) -> Tensor<D> {
        let shape: [usize; D] = self.shapes[k]
            .try_into()
            .unwrap_or_else(|_| panic!("{:?} has not {D} axes", self.shapes[k]));
        self.values[k].clone().reshape(shape)
    }
}

/// The same numbers on every device: from the standard normal distribution, so that a maximum is never tied.
pub(super) fn numbers(of: &str, k: u64, count: usize) -> Vec<f32> {
    let of = of.bytes().map(u64::from);
    let path = Vec::from_iter([Purpose::Init as u64, k].into_iter().chain(of));
    let mut rng = stream(0, &path);
    (0..count).map(|_| normal(&mut rng)).collect()
}

/// A tensor of [`numbers`].
pub(super) fn tensor<const D: usize>(of: &str, k: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = numbers(of, k, shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

impl Operation {
    /// Output and gradients on a device.
    pub fn results(&self, device: &Device) -> NamedResults {
        let device = device.clone().autodiff();
        let leaf = |(k, shape): (u64, &&[usize])| {
            tensor(self.name, k, [shape.iter().product::<usize>()], &device).require_grad()
        };
        let leaves = Leaves {
            shapes: self.shapes,
            values: (0..).zip(self.shapes).map(leaf).collect(),
        };
        let output = (self.compute)(&leaves);
        let weights = tensor("weights", 0, output.dims(), &device);
        let grads = (output.clone() * weights).sum().backward();
        let mut results = vec![("output".to_owned(), to_host(output.inner()))];
        for (k, leaf) in leaves.values.iter().enumerate() {
            let gradient = leaf.grad(&grads).map_or_else(Vec::new, to_host);
            results.push((format!("gradient of input {k}"), gradient));
        }
        results
    }
}

/// The losses, with a name each: of logits against targets between 0 and 1, every second row noisy.
pub(super) fn losses() -> Vec<(&'static str, Loss)> {
    let sigmoid = || {
        Box::new(Loss::SigmoidCrossEntropy {
            label_smoothing: 0.1,
            class_weights: None,
        })
    };
    vec![
        ("sigmoid cross-entropy", *sigmoid()),
        (
            "softmax cross-entropy",
            Loss::SoftmaxCrossEntropy {
                label_smoothing: 0.1,
                class_weights: None,
            },
        ),
        ("soft bootstrap", Loss::SoftBootstrap { beta: 0.7 }),
        ("Lq", Loss::Lq { q: 0.5 }),
        (
            "focal",
            Loss::Focal {
                gamma: 2.0,
                positive_weight: Some(0.7),
            },
        ),
        ("LSEP", Loss::Lsep {}),
        ("outlier cross-entropy", Loss::OutlierCrossEntropy { share: 0.8 }),
        (
            "by subset",
            Loss::BySubset {
                curated: sigmoid(),
                noisy: Box::new(Loss::Lq { q: 0.5 }),
                curated_weight: 1.0,
                noisy_weight: 0.5,
            },
        ),
    ]
}

/// A loss and the gradient of the logits.
pub(super) fn results_of_loss(loss: &Loss, device: &Device) -> NamedResults {
    const SHAPE: [usize; 2] = [6, 5];
    let device = device.clone().autodiff();
    let logits = tensor("logits", 0, SHAPE, &device).require_grad();
    let targets = numbers("targets", 0, SHAPE[0] * SHAPE[1]).into_iter();
    let targets: Vec<f32> = targets.map(|v| f32::from(u8::from(v > 0.3))).collect();
    let targets = Tensor::from_data(TensorData::new(targets, SHAPE), &device);
    let noisy = [false, true, false, true, false, true];
    let value = loss.forward(logits.clone(), targets, &noisy);
    let grads = value.backward();
    vec![
        ("loss".into(), to_host(value.inner())),
        (
            "gradient of the logits".into(),
            logits.grad(&grads).map_or_else(Vec::new, to_host),
        ),
    ]
}

/// All numbers of a tensor.
fn flat<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let count = x.dims().iter().product::<usize>();
    x.reshape([count])
}

/// A convolution of the first two inputs, with the third as a bias if there is one.
fn conv(x: &Leaves, stride: usize, padding: usize, groups: usize) -> Tensor<1> {
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    let bias = (x.values.len() > 2).then(|| x.get(2));
    flat(module::conv2d(x.get(0), x.get(1), bias, options))
}

/// Above 0.5.
fn positive(x: &Leaves) -> Tensor<1> {
    let x = x.get::<1>(0);
    (x.clone() * x).add_scalar(0.5)
}

const PLANES: &[&[usize]] = &[&[2, 3, 8, 12]];
const ROWS: &[&[usize]] = &[&[5, 7]];
const VECTOR: &[&[usize]] = &[&[60]];

const fn operation(
    name: &'static str,
    shapes: &'static [&'static [usize]],
    compute: fn(&Leaves) -> Tensor<1>,
) -> Operation {
    Operation {
        name,
        shapes,
        compute,
    }
}

/// The operations, in groups: convolutions and pools, products, sums and statistics, activations, parts and places.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "convolution 3 x 3 with bias",
        &[&[2, 3, 9, 11], &[4, 3, 3, 3], &[4]],
        |x| conv(x, 1, 1, 1),
    ),
    operation(
        "convolution 3 x 3 of 32 channels",
        &[&[2, 32, 6, 10], &[16, 32, 3, 3]],
        |x| conv(x, 1, 1, 1),
    ),
    operation(
        "convolution 5 x 5, stride 2",
        &[&[2, 3, 11, 13], &[4, 3, 5, 5]],
        |x| conv(x, 2, 2, 1),
    ),
    operation("convolution 7 x 7", &[&[2, 2, 9, 9], &[1, 2, 7, 7]], |x| {
        conv(x, 1, 3, 1)
    }),
    operation("convolution 1 x 1", &[&[2, 6, 5, 7], &[8, 6, 1, 1]], |x| {
        conv(x, 1, 0, 1)
    }),
    operation("depthwise convolution", &[&[2, 6, 9, 8], &[6, 1, 3, 3]], |x| {
        conv(x, 1, 1, 6)
    }),
    operation(
        "depthwise convolution, stride 2",
        &[&[2, 6, 9, 8], &[6, 1, 5, 5]],
        |x| conv(x, 2, 2, 6),
    ),
    operation("maximum pool", PLANES, |x| {
        flat(module::max_pool2d(x.get(0), MaxPoolOptions::new([2, 2])))
    }),
    operation("mean pool", PLANES, |x| {
        flat(module::avg_pool2d(x.get(0), AvgPoolOptions::new([2, 3])))
    }),
    operation("mean of a plane", PLANES, |x| {
        flat(module::avg_pool2d(x.get(0), AvgPoolOptions::new([8, 12])))
    }),
    operation("matrix product", &[&[5, 7], &[7, 9]], |x| {
        flat(x.get::<2>(0).matmul(x.get(1)))
    }),
    operation("product with a transposed matrix", &[&[5, 70], &[33, 70]], |x| {
        flat(x.get::<2>(0).matmul(x.get::<2>(1).transpose()))
    }),
    operation("product of batches", &[&[3, 4, 5], &[3, 5, 6]], |x| {
        flat(x.get::<3>(0).matmul(x.get(1)))
    }),
    operation("product with each of a batch", &[&[1, 4, 5], &[3, 5, 6]], |x| {
        flat(x.get::<3>(0).matmul(x.get(1)))
    }),
    operation("factor of each channel", &[&[2, 3, 4, 5], &[2, 3, 1, 1]], |x| {
        flat(x.get::<4>(0) * x.get::<4>(1))
    }),
    operation("sum over rows", ROWS, |x| flat(x.get::<2>(0).sum_dim(0))),
    operation("mean over columns", ROWS, |x| flat(x.get::<2>(0).mean_dim(1))),
    operation("maximum over columns", ROWS, |x| flat(x.get::<2>(0).max_dim(1))),
    operation("sum", VECTOR, |x| x.get::<1>(0).sum()),
    operation("mean", VECTOR, |x| x.get::<1>(0).mean()),
    operation("batch statistics", PLANES, |x| {
        let x = x.get::<4>(0);
        let mean_of = |x: Tensor<4>| x.mean_dim(0).mean_dim(2).mean_dim(3);
        let centred = x.clone() - mean_of(x);
        let variance = mean_of(centred.clone() * centred.clone());
        flat(centred / variance.add_scalar(1e-3).sqrt())
    }),
    operation("ReLU", VECTOR, |x| activation::relu(x.get(0))),
    operation("clamp", VECTOR, |x| x.get::<1>(0).clamp(-0.5, 1.0)),
    operation("PReLU", &[&[5, 7], &[1]], |x| {
        flat(activation::prelu(x.get::<2>(0), x.get(1)))
    }),
    operation("hard swish", VECTOR, |x| {
        let x = x.get::<1>(0);
        x.clone() * x.add_scalar(3.0).clamp(0.0, 6.0).div_scalar(6.0)
    }),
    operation("sigmoid", VECTOR, |x| activation::sigmoid(x.get::<1>(0))),
    operation("tanh", VECTOR, |x| x.get::<1>(0).tanh()),
    operation("softmax", ROWS, |x| flat(activation::softmax(x.get::<2>(0), 1))),
    operation("log-softmax", ROWS, |x| {
        flat(activation::log_softmax(x.get::<2>(0), 1))
    }),
    operation("exponential", VECTOR, |x| x.get::<1>(0).exp()),
    operation("logarithm", VECTOR, |x| positive(x).log()),
    operation("logarithm of 1 + x", VECTOR, |x| positive(x).log1p()),
    operation("square root", VECTOR, |x| positive(x).sqrt()),
    operation("power", VECTOR, |x| positive(x).powf_scalar(0.7)),
    operation("magnitude", VECTOR, |x| x.get::<1>(0).abs()),
    operation("sign times x", VECTOR, |x| x.get::<1>(0).sign() * x.get::<1>(0)),
    operation("quotient", &[&[60], &[60]], |x| {
        let below = x.get::<1>(1);
        x.get::<1>(0) / (below.clone() * below).add_scalar(0.5)
    }),
    operation("difference", &[&[60], &[60]], |x| x.get::<1>(0) - x.get::<1>(1)),
    operation("parts put together", &[&[5, 3], &[5, 4]], |x| {
        flat(Tensor::cat(vec![x.get::<2>(0), x.get(1)], 1))
    }),
    operation("part", ROWS, |x| flat(x.get::<2>(0).narrow(1, 2, 4))),
    operation("rows taken apart", ROWS, |x| {
        let rows = x.get::<2>(0).split(2, 0);
        flat(Tensor::cat(rows.into_iter().rev().collect(), 0))
    }),
    operation("some rows", ROWS, |x| {
        let x = x.get::<2>(0);
        let rows = TensorData::new(vec![0_i32, 2, 3], [3]);
        let rows = Tensor::<1, Int>::from_data(rows, &x.device());
        flat(x.select(0, rows))
    }),
    operation("repeated rows", &[&[1, 7]], |x| {
        flat(x.get::<2>(0).repeat_dim(0, 3))
    }),
    operation("other order of axes", &[&[2, 3, 4, 5]], |x| {
        flat(x.get::<4>(0).permute([0, 2, 3, 1]))
    }),
    operation("replaced where it is small", VECTOR, |x| {
        let x = x.get::<1>(0);
        let small = x.clone().lower_equal_elem(0.0);
        x.mask_fill(small, 1.0)
    }),
    operation("counted where it is large", VECTOR, |x| {
        let x = x.get::<1>(0);
        x.clone().greater_elem(0.0).float() * x
    }),
];

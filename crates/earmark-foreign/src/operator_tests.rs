//! Each family of operators that the field's graphs need: computed by the runtime, and by the reference implementation
//! of earmark-onnx or by hand.

use crate::graph::read_graph;
use crate::ports::{input_of, narrow};
use crate::run::LoadedGraph;
use earmark_models::GraphShape;
use earmark_onnx::{Attribute, Builder, Dim, Graph, OnnxModel, Tensor, Value, signed};
use std::f64::consts::TAU;

/// Samples of a window.
const N: usize = 12;

fn samples() -> Vec<f32> {
    (0..N).map(|i| ((i * i + 3) as f32 * 0.37).sin()).collect()
}

/// A graph of a window to one row of numbers.
fn graph(build: impl FnOnce(&mut Builder, &Value) -> Value) -> Graph {
    let mut g = Builder::default();
    let x = g.input("x", &[Dim::Named("batch"), Dim::Fixed(N)]);
    let y = build(&mut g, &x);
    let row = g.reshape(&y, &[1, -1]);
    g.output("y", &row, &[Dim::Named("batch"), Dim::Named("numbers")]);
    g.finish()
}

/// What the runtime makes of the window, by the way of every imported graph.
fn computed(graph: &Graph) -> Vec<f32> {
    let mut model = read_graph(&OnnxModel::of(graph.clone()).bytes()).unwrap();
    let shape = GraphShape {
        input: [1, 1, N],
        scores: 0,
        embedding: 0,
    };
    let input = input_of(model.graph.as_ref().unwrap(), shape.input).unwrap();
    narrow(&mut model, &input, &["y".into()]);
    let bytes = model.write_buf().unwrap();
    let loaded = LoadedGraph::load(&bytes, shape).unwrap();
    loaded.one(&samples()).unwrap().values.remove(0)
}

fn check(what: &str, graph: &Graph, wanted: &[f64]) {
    let got = computed(graph);
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (k, (got, want)) in got.iter().zip(wanted).enumerate() {
        let off = (f64::from(*got) - want).abs();
        assert!(
            off < 1e-5 * want.abs().max(1.0),
            "{what}, {k}: {got} instead of {want}"
        );
    }
}

/// Compares the runtime with the reference implementation.
fn check_by_reference(what: &str, graph: &Graph) {
    let out = graph.run(&[("x", Tensor::floats(&[1, N], samples()))]).unwrap();
    let wanted: Vec<f64> = out[0]
        .as_floats()
        .unwrap()
        .iter()
        .map(|x| f64::from(*x))
        .collect();
    check(what, graph, &wanted);
}

/// Numbers that look random.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7 + 1) as f32 * 0.61).cos()).collect()
}

fn ints(values: &[i64]) -> Attribute {
    Attribute::Ints(values.to_vec())
}

#[test]
fn matrices_and_activations() {
    let dense = graph(|g, x| {
        let (w, b) = (
            g.weight("w", &[N, 5], numbers(N * 5)),
            g.weight("b", &[5], numbers(5)),
        );
        let y = g.op("MatMul", &[x, &w], &[]);
        let y = g.op("Add", &[&y, &b], &[]);
        let slope = g.float(0.25);
        let y = g.op("PRelu", &[&y, &slope], &[]);
        let v = g.weight("v", &[3, 5], numbers(15));
        let c = g.weight("c", &[3], numbers(3));
        let y = g.op("Gemm", &[&y, &v, &c], &[("transB", 1.into())]);
        g.op("HardSwish", &[&y], &[])
    });
    check_by_reference("dense layers", &dense);
    for op in ["Relu", "Sigmoid", "Atan", "Softmax"] {
        let axis = [("axis", Attribute::Int(1))];
        let attributes = if op == "Softmax" { &axis[..] } else { &[] };
        check_by_reference(op, &graph(|g, x| g.op(op, &[x], attributes)));
    }
    type ByHand = (&'static str, fn(f64) -> f64);
    let by_hand: [ByHand; 6] = [
        ("Tanh", |x| x.tanh()),
        ("Exp", |x| x.exp()),
        ("Abs", |x| x.abs()),
        ("Floor", |x| x.floor()),
        ("Softplus", |x| x.exp().ln_1p()),
        ("Elu", |x| if x > 0.0 { x } else { x.exp_m1() }),
    ];
    for (op, by_hand) in by_hand {
        let wanted: Vec<f64> = samples().iter().map(|x| by_hand(f64::from(*x))).collect();
        check(op, &graph(|g, x| g.op(op, &[x], &[])), &wanted);
    }
}

#[test]
fn convolutions_and_pools() {
    let planes = graph(|g, x| {
        let x = g.reshape(x, &[1, 1, 3, 4]);
        let w = g.weight("w", &[2, 1, 2, 3], numbers(12));
        let b = g.weight("b", &[2], numbers(2));
        let attributes = [
            ("kernel_shape", ints(&[2, 3])),
            ("pads", ints(&[1, 1, 0, 1])),
            ("strides", ints(&[1, 1])),
        ];
        let y = g.op("Conv", &[&x, &w, &b], &attributes); // [1, 2, 3, 4]
        let depthwise = g.weight("d", &[2, 1, 3, 3], numbers(18));
        let attributes = [
            ("kernel_shape", ints(&[3, 3])),
            ("pads", ints(&[1, 1, 1, 1])),
            ("group", 2.into()),
        ];
        let y = g.op("Conv", &[&y, &depthwise], &attributes);
        let attributes = [("kernel_shape", ints(&[1, 2])), ("strides", ints(&[1, 2]))];
        let most = g.op("MaxPool", &[&y], &attributes);
        let mean = g.op("AveragePool", &[&y], &attributes);
        g.concat(&[&most, &mean], 1)
    });
    check_by_reference("convolutions", &planes);
    let normalised = graph(|g, x| {
        let x = g.reshape(x, &[1, 3, 2, 2]);
        let constant = |g: &mut Builder, name: &str, values: [f32; 3]| g.weight(name, &[3], values.to_vec());
        let scale = constant(g, "scale", [1.0, 2.0, 0.5]);
        let shift = constant(g, "shift", [0.0, 1.0, -1.0]);
        let mean = constant(g, "mean", [0.1, 0.2, 0.3]);
        let variance = constant(g, "variance", [1.0, 4.0, 0.25]);
        let y = g.op("BatchNormalization", &[&x, &scale, &shift, &mean, &variance], &[]);
        g.op("GlobalAveragePool", &[&y], &[])
    });
    let x = samples();
    let wanted = [0, 1, 2].map(|c| {
        let mean: f64 = x[4 * c..4 * c + 4].iter().map(|x| f64::from(*x)).sum::<f64>() / 4.0;
        let [scale, shift] = [[1.0, 2.0, 0.5][c], [0.0, 1.0, -1.0][c]];
        let [centre, variance] = [[0.1, 0.2, 0.3][c], [1.0, 4.0, 0.25][c]];
        (mean - centre) / f64::sqrt(variance + 1e-5) * scale + shift
    });
    check("normalisation", &normalised, &wanted);
}

#[test]
fn shapes_and_frames() {
    // Frames of 4 samples every 2, as a graph of TensorFlow cuts them.
    let frames = graph(|g, x| {
        let count = g.length(5);
        let starts = g.count_to(&count);
        let starts = g.reshape(&starts, &[5, 1]);
        let hop = g.int(2);
        let starts = g.op("Mul", &[&starts, &hop], &[]);
        let four = g.length(4);
        let within = g.count_to(&four);
        let indices = g.op("Add", &[&starts, &within], &[]);
        g.op("Gather", &[x, &indices], &[("axis", 1.into())])
    });
    check_by_reference("frames", &frames);
    let moved = graph(|g, x| {
        let x = g.reshape(x, &[1, 3, 4]);
        let (from, to, axis) = (g.ints(&[1]), g.ints(&[3]), g.ints(&[2]));
        let part = g.op("Slice", &[&x, &from, &to, &axis], &[]); // [1, 3, 2]
        let pads = g.ints(&[0, 0, 1, 0, 0, 0]);
        let value = g.float(0.5);
        let padded = g.op("Pad", &[&part, &pads, &value], &[("mode", "constant".into())]); // [1, 3, 3]
        let turned = g.transpose(&padded, &[0, 2, 1]);
        let shape = g.ints(&[2, 3, 3]);
        let twice = g.op("Expand", &[&turned, &shape], &[]);
        let zero = g.float(0.0);
        let below = g.op("Less", &[&twice, &zero], &[]);
        let one = g.float(1.0);
        g.op("Where", &[&below, &one, &twice], &[])
    });
    check_by_reference("rearranging", &moved);
    let x: Vec<f64> = samples().iter().map(|x| f64::from(*x)).collect();
    let reversed = graph(|g, x| {
        let rows = g.reshape(x, &[signed(N), 1]);
        let lengths = g.ints(&[signed(N)]);
        let attributes = [("batch_axis", 1.into()), ("time_axis", Attribute::Int(0))];
        let rows = g.op("ReverseSequence", &[&rows, &lengths], &attributes);
        let axis = g.ints(&[1]);
        let row = g.op("Squeeze", &[&rows, &axis], &[]);
        let (axis, power) = (g.ints(&[0]), g.float(2.0));
        let row = g.op("Unsqueeze", &[&row, &axis], &[]);
        g.op("Pow", &[&row, &power], &[])
    });
    let wanted: Vec<f64> = x.iter().rev().map(|x| x * x).collect();
    check("reversed squares", &reversed, &wanted);
    let summed = graph(|g, x| {
        let axes = g.ints(&[1]);
        let sum = g.op("ReduceSum", &[x, &axes], &[("keepdims", 1.into())]);
        let attributes = [("axes", ints(&[1])), ("keepdims", 1.into())];
        let length = g.op("ReduceL2", &[x], &attributes);
        let most = g.op("ReduceMax", &[x], &attributes);
        g.concat(&[&sum, &length, &most], 1)
    });
    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let most = x.iter().copied().fold(f64::MIN, f64::max);
    check("sums", &summed, &[x.iter().sum(), length, most]);
}

#[test]
fn recurrence() {
    let lstm = graph(|g, x| {
        let (inputs, hidden) = (3, 2);
        let x = g.reshape(x, &[4, 1, signed(inputs)]);
        let w = g.weight("w", &[2, 4 * hidden, inputs], numbers(8 * hidden * inputs));
        let r = g.weight("r", &[2, 4 * hidden, hidden], numbers(8 * hidden * hidden));
        let b = g.weight("b", &[2, 8 * hidden], numbers(16 * hidden));
        let attributes = [
            ("hidden_size", Attribute::from(hidden)),
            ("direction", Attribute::from("bidirectional")),
        ];
        g.op("LSTM", &[&x, &w, &r, &b], &attributes)
    });
    check_by_reference("LSTM", &lstm);
}

/// `sum x[t] e^(-i 2 pi k t / n)`, real and imaginary part.
fn fourier(x: &[f64], k: usize) -> [f64; 2] {
    let angle = |t: usize| TAU * (k * t) as f64 / x.len() as f64;
    let sum = |f: fn(f64) -> f64| x.iter().enumerate().map(|(t, x)| x * f(angle(t))).sum::<f64>();
    [sum(f64::cos), -sum(f64::sin)]
}

#[test]
fn fourier_transforms() {
    let x: Vec<f64> = samples().iter().map(|x| f64::from(*x)).collect();
    let whole = graph(|g, x| {
        let x = g.reshape(x, &[1, signed(N), 1]);
        g.op("DFT", &[&x], &[("axis", 1.into()), ("onesided", 1.into())])
    });
    let wanted: Vec<f64> = (0..=N / 2).flat_map(|k| fourier(&x, k)).collect();
    check("DFT", &whole, &wanted);
    let window: Vec<f32> = (0..8).map(|i| 0.5 + i as f32 / 16.0).collect();
    let short = graph(|g, x| {
        let x = g.reshape(x, &[1, signed(N), 1]);
        let (step, window) = (g.int(4), g.weight("window", &[8], window.clone()));
        g.op("STFT", &[&x, &step, &window], &[("onesided", 1.into())])
    });
    let frame = |start: usize| -> Vec<f64> {
        let x = x[start..start + 8].iter();
        x.zip(&window).map(|(x, w)| x * f64::from(*w)).collect()
    };
    let mut wanted = Vec::new();
    for start in [0, 4] {
        let frame = frame(start);
        wanted.extend((0..=4).flat_map(|k| fourier(&frame, k)));
    }
    check("STFT", &short, &wanted);
}

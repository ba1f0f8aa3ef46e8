//! Transforms and products in float64 against their definitions: alone, and as nodes of graphs between those of the
//! runtime.

use crate::float32::{InFloat64, as_float32, precision};
use crate::float64::Array;
use crate::fourier::{Form, dft, stft};
use crate::graph::read_graph;
use crate::product::product;
use crate::run::LoadedGraph;
use crate::turns::turns;
use earmark_models::GraphShape;
use earmark_onnx::{Attribute, Builder, Dim, OnnxModel, Value, signed};
use rten_onnx::onnx::{DataType, ModelProto, NodeProto};
use std::cell::RefCell;
use std::f64::consts::TAU;

/// Lengths with and without factors, odd and even.
const LENGTHS: [usize; 9] = [1, 2, 3, 7, 12, 15, 31, 64, 250];

/// What is lost of a transform in float64, as a part of its largest number. In float32 it is 1e-7.
const ROUNDING: f64 = 1e-13;

/// Numbers from -1 to 1 that look random.
fn noise(count: usize, seed: u32) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}

/// A periodic Hann window times a number: what a frame of digital silence is behind a shift and a window.
fn silence(count: usize) -> Vec<f64> {
    (0..count)
        .map(|i| 0.25 * (1.0 - (TAU * i as f64 / count as f64).cos()))
        .collect()
}

fn impulse(count: usize) -> Vec<f64> {
    (0..count).map(|i| f64::from(u8::from(i == count / 3))).collect()
}

fn array(shape: &[usize], values: Vec<f64>) -> Array {
    assert_eq!(shape.iter().product::<usize>(), values.len());
    Array {
        shape: shape.to_vec(),
        values,
    }
}

/// `sum z[t] e^(sign i 2 pi k t / n)`, real and imaginary part.
fn fourier(z: &[[f64; 2]], k: usize, sign: f64) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for (t, [re, im]) in z.iter().enumerate() {
        let (sin, cos) = (sign * TAU * (k * t % z.len()) as f64 / z.len() as f64).sin_cos();
        sum[0] += re * cos - im * sin;
        sum[1] += re * sin + im * cos;
    }
    sum
}

fn complex(real: &[f64]) -> Vec<[f64; 2]> {
    real.iter().map(|x| [*x, 0.0]).collect()
}

/// Compares numbers with those in float64, of which they are rounded.
fn check(what: &str, got: &[f32], wanted: &[f64], rounding: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let most = wanted.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    for (k, (got, want)) in got.iter().zip(wanted).enumerate() {
        let off = (f64::from(*got) - want).abs();
        assert!(
            off <= rounding * most + 6e-8 * want.abs(),
            "{what}, {k}: {got} instead of {want}"
        );
    }
}

const ONESIDED: Form = Form {
    inverse: false,
    onesided: true,
};
const FORWARD: Form = Form {
    inverse: false,
    onesided: false,
};
const INVERSE: Form = Form {
    inverse: true,
    onesided: false,
};
const INVERSE_ONESIDED: Form = Form {
    inverse: true,
    onesided: true,
};

#[test]
fn real_signals_have_the_spectrum_of_the_definition() {
    for n in LENGTHS {
        for (what, x) in [
            ("silence", silence(n)),
            ("impulse", impulse(n)),
            ("noise", noise(n, 5)),
        ] {
            for (form, bins) in [(ONESIDED, n / 2 + 1), (FORWARD, n)] {
                let got = dft(&array(&[1, n, 1], x.clone()), None, 1, form).unwrap();
                assert_eq!(got.shape, [1, bins, 2]);
                let wanted: Vec<f64> = (0..bins).flat_map(|k| fourier(&complex(&x), k, -1.0)).collect();
                check(
                    &format!("{what} of {n}, {form:?}"),
                    &got.values,
                    &wanted,
                    ROUNDING,
                );
            }
        }
    }
}

#[test]
fn inverses_give_what_was_transformed() {
    for n in LENGTHS {
        let x = noise(2 * n, 3);
        let z: Vec<[f64; 2]> = x.chunks_exact(2).map(|z| [z[0], z[1]]).collect();
        let got = dft(&array(&[n, 2], x), None, 0, INVERSE).unwrap();
        let wanted = (0..n).flat_map(|k| fourier(&z, k, 1.0).map(|part| part / n as f64));
        check(
            &format!("inverse of {n}"),
            &got.values,
            &wanted.collect::<Vec<_>>(),
            ROUNDING,
        );
        let x = noise(n, 4);
        let spectrum: Vec<f64> = (0..=n / 2).flat_map(|k| fourier(&complex(&x), k, -1.0)).collect();
        let spectrum = array(&[n / 2 + 1, 2], spectrum);
        let got = dft(&spectrum, Some(n), -2, INVERSE_ONESIDED).unwrap();
        assert_eq!(got.shape, [n, 1]);
        check(&format!("one-sided inverse of {n}"), &got.values, &x, ROUNDING);
        if n > 1 && n.is_multiple_of(2) {
            let without = dft(&spectrum, None, -2, INVERSE_ONESIDED).unwrap();
            assert_eq!(without.values, got.values);
        }
    }
}

/// Axes within others, lengths that cut off and fill up.
#[test]
fn any_axis_is_transformed_to_any_length() {
    let x = array(&[2, 5, 3, 1], noise(30, 7));
    for length in [3, 5, 8] {
        let got = dft(&x, Some(length), 1, ONESIDED).unwrap();
        let bins = length / 2 + 1;
        assert_eq!(got.shape, [2, bins, 3, 2]);
        let mut wanted = vec![0.0; 2 * bins * 3 * 2];
        for (row, lane) in (0..2).flat_map(|row| (0..3).map(move |lane| (row, lane))) {
            let mut signal: Vec<f64> = (0..5).map(|i| x.values[(row * 5 + i) * 3 + lane]).collect();
            signal.resize(length, 0.0);
            for k in 0..bins {
                let at = ((row * bins + k) * 3 + lane) * 2;
                wanted[at..at + 2].copy_from_slice(&fourier(&complex(&signal), k, -1.0));
            }
        }
        check(&format!("to {length}"), &got.values, &wanted, ROUNDING);
        assert_eq!(dft(&x, Some(length), -3, ONESIDED).unwrap().values, got.values);
    }
}

#[test]
fn frames_are_transformed_behind_a_window() {
    let x = noise(2 * 40, 9);
    for (length, step) in [(8, 4), (9, 5), (40, 1)] {
        let window = array(&[length], silence(length));
        for windowed in [true, false] {
            let window = windowed.then_some(&window);
            let got = stft(&array(&[2, 40], x.clone()), step, window, Some(length), true).unwrap();
            let frames = (40 - length) / step + 1;
            assert_eq!(got.shape, [2, frames, length / 2 + 1, 2]);
            let mut wanted = Vec::new();
            for (row, frame) in (0..2).flat_map(|row| (0..frames).map(move |frame| (row, frame))) {
                let start = row * 40 + frame * step;
                let weight = |i: usize| window.map_or(1.0, |window| window.values[i]);
                let signal: Vec<f64> = (0..length).map(|i| x[start + i] * weight(i)).collect();
                wanted.extend((0..=length / 2).flat_map(|k| fourier(&complex(&signal), k, -1.0)));
            }
            check(&format!("frames of {length}"), &got.values, &wanted, ROUNDING);
        }
    }
    let got = stft(&array(&[1, 40, 2], x.clone()), 16, None, Some(16), false).unwrap();
    let z: Vec<[f64; 2]> = x.chunks_exact(2).map(|z| [z[0], z[1]]).collect();
    let frames = [&z[..16], &z[16..32]];
    let wanted = frames
        .iter()
        .flat_map(|z| (0..16).flat_map(|k| fourier(z, k, -1.0)));
    check(
        "complex frames",
        &got.values,
        &wanted.collect::<Vec<_>>(),
        ROUNDING,
    );
}

#[test]
fn matrices_are_multiplied_as_their_shapes_say() {
    type Case = (&'static [usize], &'static [usize], &'static [usize]);
    let cases: [Case; 9] = [
        (&[9, 7], &[7, 5], &[9, 5]),
        (&[7], &[7, 5], &[5]),
        (&[9, 7], &[7], &[9]),
        (&[7], &[7], &[]),
        (&[2, 3, 9, 7], &[7, 5], &[2, 3, 9, 5]),
        (&[2, 3, 9, 7], &[3, 7, 5], &[2, 3, 9, 5]),
        (&[2, 1, 9, 7], &[1, 3, 7, 5], &[2, 3, 9, 5]),
        (&[9, 7], &[2, 7, 5], &[2, 9, 5]),
        (&[0, 7], &[7, 5], &[0, 5]),
    ];
    for (left, right, shape) in cases {
        let [a, b] = [left, right].map(|shape| array(shape, noise(shape.iter().product(), 2)));
        let got = product(&a, &b).unwrap();
        assert_eq!(got.shape, shape, "{left:?} x {right:?}");
        let rows = if left.len() > 1 { left[left.len() - 2] } else { 1 };
        let columns = if right.len() > 1 {
            right[right.len() - 1]
        } else {
            1
        };
        // Which matrix of an operand is taken, for those of these cases.
        let matrix = |shape: &[usize], i: usize, j: usize| match shape {
            [2, 3, _, _] => 3 * i + j,
            [2, _, _] | [2, 1, _, _] => i,
            [3, _, _] | [1, 3, _, _] => j,
            _ => 0,
        };
        let (first, second) = match shape {
            [2, 3, ..] => (2, 3),
            [2, _, _] => (2, 1),
            _ => (1, 1),
        };
        let mut wanted = Vec::new();
        for (i, j) in (0..first).flat_map(|i| (0..second).map(move |j| (i, j))) {
            let (at, to) = (matrix(left, i, j) * rows * 7, matrix(right, i, j) * 7 * columns);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let products =
                    (0..7).map(|k| a.values[at + row * 7 + k] * b.values[to + k * columns + column]);
                wanted.push(products.sum());
            }
        }
        check(&format!("{left:?} x {right:?}"), &got.values, &wanted, ROUNDING);
    }
    for (left, right) in [(&[9, 7][..], &[5, 7][..]), (&[2, 9, 7], &[3, 7, 5]), (&[], &[7])] {
        let [a, b] = [left, right].map(|shape| array(shape, noise(shape.iter().product(), 2)));
        let message = product(&a, &b).unwrap_err();
        let wanted = format!("multiplies matrices of shapes {left:?} and {right:?}");
        assert_eq!(message, wanted);
    }
}

/// Samples of a window.
const N: usize = 60;

/// The model of a graph of a window to some rows of numbers, one output for each.
fn model(build: impl FnOnce(&mut Builder, &Value) -> Vec<Value>) -> ModelProto {
    let mut g = Builder::default();
    let x = g.input("x", &[Dim::Fixed(1), Dim::Fixed(N)]);
    for (k, y) in build(&mut g, &x).iter().enumerate() {
        let row = g.reshape(y, &[1, -1]);
        g.output(&format!("y{k}"), &row, &[Dim::Fixed(1), Dim::Named("numbers")]);
    }
    read_graph(&OnnxModel::of(g.finish()).bytes()).unwrap()
}

fn load(model: &ModelProto) -> Result<LoadedGraph, String> {
    let shape = GraphShape {
        input: [1, 1, N],
        scores: 0,
        embedding: 0,
    };
    LoadedGraph::load(&model.write_buf().unwrap(), shape)
}

fn computed(model: &ModelProto, x: &[f64]) -> Vec<Vec<f32>> {
    let x: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    load(model).unwrap().one(&x).unwrap().values
}

fn as_single(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x as f32)).collect()
}

const TO_DOUBLE: [(&str, Attribute); 1] = [("to", Attribute::Int(11))];
const TO_FLOAT: [(&str, Attribute); 1] = [("to", Attribute::Int(1))];

fn transform(g: &mut Builder, x: &Value, attributes: &[&'static str]) -> Value {
    let mut all = vec![("axis", Attribute::Int(1))];
    all.extend(attributes.iter().map(|name| (*name, Attribute::Int(1))));
    g.op("DFT", &[x], &all)
}

/// The frame as float64, its transform, and back.
fn spectrum(g: &mut Builder, x: &Value) -> Vec<Value> {
    let x = g.op("Cast", &[x], &TO_DOUBLE);
    let x = g.reshape(&x, &[1, signed(N), 1]);
    let y = transform(g, &x, &["onesided"]);
    vec![g.op("Cast", &[&y], &TO_FLOAT)]
}

#[test]
fn a_graph_with_a_transform_has_its_precision() {
    let model = model(spectrum);
    for x in [silence(N), impulse(N), noise(N, 1)] {
        let z = complex(&as_single(&x));
        let wanted: Vec<f64> = (0..=N / 2).flat_map(|k| fourier(&z, k, -1.0)).collect();
        check("graph", &computed(&model, &x)[0], &wanted, ROUNDING);
    }
}

/// Samples are normalised before a transform: what is divided by one number is divided, not multiplied by its reciprocal.
#[test]
fn what_is_transformed_was_rounded_once() {
    let model = model(|g, x| {
        let most = g.op("ReduceMax", &[x], &[("keepdims", Attribute::Int(1))]);
        let x = g.op("Div", &[x, &most], &[]);
        spectrum(g, &x)
    });
    let differs = |x: &f32| x * (1.0 / x) != 1.0;
    let loud = (1..100).map(|k| k as f32 / 100.0).find(differs).unwrap();
    let mut x = vec![0.0; N];
    x[0] = f64::from(loud);
    // An impulse of 1 has this spectrum, and no other one.
    assert_eq!(computed(&model, &x)[0], [1.0, 0.0].repeat(N / 2 + 1));
}

/// A matrix of cosines, float64 in the file, times what was cast to float64; without the cast it is the runtime's.
#[test]
fn a_product_of_float64_has_its_precision() {
    let cosines: Vec<f64> = (0..N * N)
        .map(|at| (TAU * (at / N * (at % N) % N) as f64 / N as f64).cos())
        .collect();
    let made = |is_double: bool| {
        let mut model = model(|g, x| {
            let w = g.weight("w", &[N, N], vec![0.0; N * N]);
            if !is_double {
                return vec![g.op("MatMul", &[x, &w], &[])];
            }
            let x = g.op("Cast", &[x], &TO_DOUBLE);
            let y = g.op("MatMul", &[&x, &w], &[]);
            vec![g.op("Cast", &[&y], &TO_FLOAT)]
        });
        let weights = model.graph.as_mut().unwrap().initializer.iter_mut();
        for weight in weights.filter(|weight| weight.name.as_deref() == Some("w")) {
            let bytes = cosines.iter().flat_map(|x| x.to_le_bytes()).collect();
            weight.data_type = Some(DataType::DOUBLE);
            weight.raw_data = Some(RefCell::new(bytes));
        }
        model
    };
    let x = as_single(&silence(N));
    let wanted: Vec<f64> = (0..N).map(|k| fourier(&complex(&x), k, -1.0)[0]).collect();
    check("product", &computed(&made(true), &x)[0], &wanted, ROUNDING);
    let single = &computed(&made(false), &x)[0];
    let off = single
        .iter()
        .zip(&wanted)
        .map(|(got, want)| (f64::from(*got) - want).abs());
    assert!(off.fold(0.0, f64::max) > 1e-8, "the runtime is as precise");
}

/// Transforms behind each other and beside each other, and a value from before the first one behind the last one.
#[test]
fn transforms_and_the_runtime_take_turns() {
    let model = model(|g, x| {
        let two = g.float(2.0);
        let doubled = g.op("Mul", &[x, &two], &[]);
        let z = g.reshape(&doubled, &[1, signed(N), 1]);
        let spectrum = transform(g, &z, &["onesided"]);
        let louder = g.op("Mul", &[&spectrum, &two], &[]);
        let back = transform(g, &louder, &["inverse", "onesided"]);
        let row = g.reshape(&back, &[1, signed(N)]);
        let both = g.op("Sub", &[&row, &doubled], &[]);
        vec![both, spectrum]
    });
    let order = turns(&model, "x").unwrap();
    // What the last turn takes of the first one is kept, and nothing is asked for twice.
    let mut asked: Vec<Vec<String>> = order.iter().map(|turn| turn.values.clone()).collect();
    asked.iter_mut().for_each(|names| names.sort());
    assert_eq!(
        asked,
        [vec!["Mul", "Reshape"], vec!["Mul_2", "y1"], vec!["y0"]],
        "{asked:?}"
    );
    let x = as_single(&noise(N, 8));
    let got = computed(&model, &x);
    // 4 x - 2 x.
    let twice: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    check("there and back", &got[0], &twice, 3e-7);
    let wanted: Vec<f64> = (0..=N / 2)
        .flat_map(|k| fourier(&complex(&twice), k, -1.0))
        .collect();
    check("the spectrum", &got[1], &wanted, ROUNDING);
}

/// The axis is an attribute, an input or left out, as the version of the operators says.
#[test]
fn the_axis_is_that_of_the_version() {
    let x = as_single(&noise(N, 6));
    // Rows of 12 and columns of 5, which are the axes before the last one.
    let of_axis = |axis: Option<usize>, version: i64| {
        let mut model = model(|g, x| {
            let x = g.reshape(x, &[1, 5, 12, 1]);
            let axis = axis.map(|axis| g.int(axis));
            let length = g.int(12);
            let inputs: Vec<&Value> = [&x]
                .into_iter()
                .chain(axis.iter().flat_map(|axis| [&length, axis]))
                .collect();
            vec![g.op("DFT", &inputs, &[("onesided", Attribute::Int(1))])]
        });
        model.opset_import[0].version = Some(version);
        computed(&model, &x).remove(0).len()
    };
    assert_eq!(of_axis(None, 17), 3 * 12 * 2);
    assert_eq!(of_axis(None, 20), 5 * 7 * 2);
    assert_eq!(of_axis(Some(2), 20), 5 * 7 * 2);
    // 5 rows filled up to 12.
    assert_eq!(of_axis(Some(1), 20), 7 * 12 * 2);
}

#[test]
fn what_has_no_transform_is_refused_by_the_name_of_its_node() {
    let refused = |build: fn(&mut Builder, &Value) -> Value| {
        let loaded = load(&model(|g, x| vec![build(g, x)]));
        let computed = loaded.and_then(|graph| graph.one(&[0.5; N]));
        computed.err().unwrap_or_default()
    };
    let message = refused(|g, x| {
        let z = g.reshape(x, &[1, signed(N / 2), 2]);
        transform(g, &z, &["onesided"])
    });
    assert_eq!(
        message,
        "can't be computed: its node `DFT` (DFT) gets complex numbers, which have no one-sided spectrum"
    );
    let message = refused(|g, x| {
        let z = g.reshape(x, &[1, signed(N), 1]);
        transform(g, &z, &["inverse", "onesided"])
    });
    assert!(
        message.contains("its node `DFT` (DFT) gets real numbers, and inverts"),
        "{message}"
    );
    let message = refused(|g, x| {
        let z = g.reshape(x, &[1, signed(N / 3), 3]);
        transform(g, &z, &[])
    });
    assert!(
        message.contains("its node `DFT` (DFT) gets numbers of shape [1, 20, 3]"),
        "{message}"
    );
    let message = refused(|g, x| {
        let z = g.reshape(x, &[1, signed(N), 1]);
        g.op("DFT", &[&z], &[("axis", Attribute::Int(2))])
    });
    assert!(
        message.contains("its node `DFT` (DFT) transforms along axis 2 of [1, 60, 1]"),
        "{message}"
    );
    let message = refused(|g, x| {
        let (step, length) = (g.int(4), g.int(N + 1));
        let window = g.weight("window", &[N + 1], vec![1.0; N + 1]);
        g.op("STFT", &[x, &step, &window, &length], &[])
    });
    assert!(
        message.contains("its node `STFT` (STFT) takes frames of 61 numbers, 4 apart, of 60"),
        "{message}"
    );
    // A length that comes from the sound, of which no transform can be planned.
    let message = refused(|g, x| {
        let z = g.reshape(x, &[1, signed(N), 1]);
        let most = g.op("ReduceMax", &[x], &[("keepdims", Attribute::Int(0))]);
        let huge = g.float(4e9);
        let length = g.op("Mul", &[&most, &huge], &[]);
        let length = g.op("Cast", &[&length], &[("to", Attribute::Int(7))]);
        g.op("DFT", &[&z, &length], &[("axis", Attribute::Int(1))])
    });
    assert!(
        message.contains("its node `DFT` (DFT) transforms 2000000000 numbers"),
        "{message}"
    );
}

#[test]
fn nodes_out_of_order_are_refused() {
    let mut model = model(spectrum);
    model.graph.as_mut().unwrap().node.reverse();
    let message = load(&model).err().unwrap();
    assert!(message.starts_with("computes `"), "{message}");
}

/// The same numbers behind casts to float64 and back, with the float64 constants of the file.
#[test]
fn casts_say_what_is_computed_in_float64() {
    let mut model = model(|g, x| {
        let z = g.reshape(x, &[1, signed(N), 1]);
        let y = transform(g, &z, &["onesided"]);
        let x = g.op("Cast", &[x], &TO_DOUBLE);
        let w = g.weight("w", &[N, 2], noise(2 * N, 4).iter().map(|x| *x as f32).collect());
        vec![y, g.op("MatMul", &[&x, &w], &[])]
    });
    let graph = model.graph.as_mut().unwrap();
    let weight = graph
        .initializer
        .iter_mut()
        .find(|weight| weight.name.as_deref() == Some("w"));
    let weight = weight.unwrap();
    let bytes = noise(2 * N, 4).iter().flat_map(|x| x.to_le_bytes()).collect();
    weight.data_type = Some(DataType::DOUBLE);
    weight.raw_data = Some(RefCell::new(bytes));
    let x = silence(N);
    let wanted = computed(&model, &x);
    let graph = model.graph.as_mut().unwrap();
    let in_float64 = InFloat64::of(graph);
    as_float32(graph);
    assert_eq!(precision(graph), "float32");
    in_float64.cast(graph, "float64/");
    assert_eq!(precision(graph), "float32 and float64");
    let names = |node: &NodeProto| (node.op_type.clone().unwrap(), node.input.clone());
    let nodes: Vec<(String, Vec<String>)> = graph.node.iter().map(names).collect();
    let has = |op: &str, inputs: &[&str]| {
        let inputs: Vec<String> = inputs.iter().map(|name| (*name).to_owned()).collect();
        assert!(nodes.contains(&(op.to_owned(), inputs)), "{op}: {nodes:?}");
    };
    has("DFT", &["float64/DFT/0"]);
    has("Cast", &["float64/DFT"]);
    has("MatMul", &["float64/MatMul/0", "float64/MatMul/1"]);
    let double = graph
        .initializer
        .iter()
        .filter(|weight| weight.data_type == Some(DataType::DOUBLE));
    let double: Vec<_> = double.filter_map(|weight| weight.name.as_deref()).collect();
    assert_eq!(double, ["float64/MatMul/1"]);
    assert_eq!(computed(&model, &x), wanted);
}

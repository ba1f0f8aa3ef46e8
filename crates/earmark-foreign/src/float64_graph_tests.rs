//! Transforms and products in float64 as nodes of graphs, between those of the runtime.

use crate::float32::{InFloat64, as_float32, precision};
use crate::float64_tests::{ROUNDING, check, complex, fourier, impulse, noise, silence};
use crate::graph::read_graph;
use crate::run::LoadedGraph;
use crate::turns::turns;
use earmark_models::GraphShape;
use earmark_onnx::{Attribute, Builder, Dim, OnnxModel, Value, signed};
use rten_onnx::onnx::{DataType, ModelProto, NodeProto};
use std::cell::RefCell;
use std::f64::consts::TAU;

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

/// Transforms behind each other and next to each other, and a value from before the first one behind the last one.
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

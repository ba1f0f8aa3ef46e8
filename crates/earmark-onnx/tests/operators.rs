//! The evaluation against examples worked out by hand from the operators' documentation.

use earmark_onnx::{Attribute, Builder, Dim, Graph, OnnxModel, Tensor, TensorData, Value};

/// Evaluates one node over constants.
fn node(
    op: &'static str,
    inputs: &[Tensor],
    attributes: &[(&'static str, Attribute)],
) -> Result<Tensor, String> {
    let mut g = Builder::default();
    let inputs: Vec<Value> = inputs.iter().map(|t| g.constant("x", t.clone())).collect();
    let inputs: Vec<&Value> = inputs.iter().collect();
    let y = g.op(op, &inputs, attributes);
    g.output("y", &y, &[]);
    let graph = g.finish();
    graph.check().unwrap();
    graph
        .run(&[])
        .map(|mut out| out.remove(0))
        .map_err(|e| e.to_string())
}

fn floats(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::floats(shape, values.to_vec())
}

fn ints(values: &[i64]) -> Tensor {
    Tensor::ints(&[values.len()], values.to_vec())
}

/// 1, 2, 3, ...
fn count(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    Tensor::floats(shape, (1..=n).map(|i| i as f32).collect())
}

#[test]
fn elementwise_operators_broadcast() {
    let row = floats(&[3], &[1.0, 2.0, 4.0]);
    let column = floats(&[2, 1], &[1.0, -1.0]);
    let sum = node("Mul", &[row.clone(), column], &[]).unwrap();
    assert_eq!(sum, floats(&[2, 3], &[1.0, 2.0, 4.0, -1.0, -2.0, -4.0]));
    let whole = node("Mod", &[ints(&[7, 8, 9]), ints(&[4])], &[]).unwrap();
    assert_eq!(whole, ints(&[3, 0, 1]));
    let slope = node("PRelu", &[floats(&[2], &[-4.0, 4.0]), floats(&[1], &[0.25])], &[]).unwrap();
    assert_eq!(slope, floats(&[2], &[-1.0, 4.0]));
    let swish = node("HardSwish", &[floats(&[4], &[-4.0, -1.5, 1.5, 4.0])], &[]).unwrap();
    assert_eq!(swish, floats(&[4], &[0.0, -0.375, 1.125, 4.0]));
    let soft = node(
        "Softmax",
        &[floats(&[1, 2], &[0.0, 3.0_f32.ln()])],
        &[("axis", 1.into())],
    )
    .unwrap();
    assert!((soft.as_floats().unwrap()[1] - 0.75).abs() < 1e-6);
    let few = node("Add", &[row, floats(&[2], &[1.0, 2.0])], &[]).unwrap_err();
    assert_eq!(few, "Add `Add`: shapes [3] and [2] do not match");
}

#[test]
fn rearranging_operators() {
    let x = count(&[2, 3]);
    let turned = node(
        "Transpose",
        std::slice::from_ref(&x),
        &[("perm", [1_usize, 0][..].into())],
    )
    .unwrap();
    assert_eq!(turned, floats(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
    let picked = node(
        "Gather",
        &[x.clone(), Tensor::ints(&[2, 1], vec![2, 0])],
        &[("axis", 1.into())],
    )
    .unwrap();
    assert_eq!(picked, floats(&[2, 2, 1], &[3.0, 1.0, 6.0, 4.0]));
    let part = node("Slice", &[x.clone(), ints(&[1]), ints(&[9]), ints(&[1])], &[]).unwrap();
    assert_eq!(part, floats(&[2, 2], &[2.0, 3.0, 5.0, 6.0]));
    let edges = node(
        "Pad",
        &[x.clone(), ints(&[0, 1, 0, 2])],
        &[("mode", "edge".into())],
    )
    .unwrap();
    assert_eq!(
        edges,
        floats(
            &[2, 6],
            &[1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 4.0, 4.0, 5.0, 6.0, 6.0, 6.0]
        )
    );
    let filled = node(
        "Pad",
        &[floats(&[1, 1], &[7.0]), ints(&[1, 0, 0, 1]), floats(&[], &[-1.0])],
        &[],
    )
    .unwrap();
    assert_eq!(filled, floats(&[2, 2], &[-1.0, -1.0, 7.0, -1.0]));
    let wide = node("Expand", &[floats(&[2, 1], &[1.0, 2.0]), ints(&[1, 2])], &[]).unwrap();
    assert_eq!(wide, floats(&[2, 2], &[1.0, 1.0, 2.0, 2.0]));
    let both = node(
        "Concat",
        &[x.clone(), floats(&[2, 1], &[8.0, 9.0])],
        &[("axis", 1.into())],
    )
    .unwrap();
    assert_eq!(both, floats(&[2, 4], &[1.0, 2.0, 3.0, 8.0, 4.0, 5.0, 6.0, 9.0]));
    let shape = node(
        "Shape",
        std::slice::from_ref(&x),
        &[("start", 1.into()), ("end", 2.into())],
    )
    .unwrap();
    assert_eq!(shape, ints(&[3]));
    assert_eq!(
        node("Reshape", &[x.clone(), ints(&[0, -1, 1])], &[])
            .unwrap()
            .shape,
        [2, 3, 1]
    );
    assert!(node("Reshape", &[x, ints(&[4, -1])], &[]).is_err());
}

#[test]
fn matrix_products_and_convolutions() {
    let (a, b) = (count(&[1, 2, 2]), count(&[2, 1]));
    assert_eq!(
        node("MatMul", &[a, b], &[]).unwrap(),
        floats(&[1, 2, 1], &[5.0, 11.0])
    );
    let gemm = [count(&[1, 2]), count(&[2, 2]), floats(&[2], &[0.5, -0.5])];
    assert_eq!(
        node("Gemm", &gemm, &[("transB", 1.into())]).unwrap(),
        floats(&[1, 2], &[5.5, 10.5])
    );
    // A kernel that adds its corners, over planes of 3 x 4 with zeros around.
    let x = count(&[1, 1, 3, 4]);
    let corners = floats(&[1, 1, 3, 3], &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let pads = ("pads", [1_usize, 1, 1, 1][..].into());
    let y = node("Conv", &[x.clone(), corners.clone()], &[pads]).unwrap();
    assert_eq!(
        y,
        floats(
            &[1, 1, 3, 4],
            &[6.0, 7.0, 8.0, 0.0, 10.0, 12.0, 14.0, 3.0, 0.0, 5.0, 6.0, 7.0]
        )
    );
    // TensorFlow's SAME: with stride 2, 4 columns are padded only at the end and 3 rows on both sides.
    let same = [
        ("auto_pad", "SAME_UPPER".into()),
        ("strides", [2_usize, 2][..].into()),
    ];
    let y = node("Conv", &[x, corners], &same).unwrap();
    assert_eq!(y, floats(&[1, 1, 2, 2], &[7.0, 0.0, 5.0, 7.0]));
    // Two groups, each with a bias.
    let grouped = [
        count(&[1, 2, 1, 2]),
        floats(&[2, 1, 1, 1], &[10.0, 100.0]),
        floats(&[2], &[1.0, 2.0]),
    ];
    let y = node("Conv", &grouped, &[("group", 2.into())]).unwrap();
    assert_eq!(y, floats(&[1, 2, 1, 2], &[11.0, 21.0, 302.0, 402.0]));
}

/// Two steps of one feature in both directions, worked out by the formulas of the documentation; ONNX Runtime and
/// PyTorch agree.
#[test]
fn lstms_run_in_both_directions() {
    let inputs = [
        floats(&[2, 1, 1], &[1.0, -2.0]),
        floats(&[2, 4, 1], &[0.5, -0.25, 1.0, 0.75, -0.5, 1.0, 0.25, -1.0]),
        floats(&[2, 4, 1], &[0.1, 0.2, -0.3, 0.4, -0.2, 0.3, 0.5, 0.6]),
        floats(
            &[2, 8],
            &[
                0.1, 0.0, 0.2, -0.1, 0.0, 0.3, -0.1, 0.2, 0.2, -0.1, 0.0, 0.1, 0.0, 0.0, 0.3, -0.4,
            ],
        ),
    ];
    let attributes = [("direction", "bidirectional".into()), ("hidden_size", 1.into())];
    let y = node("LSTM", &inputs, &attributes).unwrap();
    assert_eq!(y.shape, [2, 2, 1, 1]);
    // The first step forward and backward, then the second.
    let wanted = [0.214_616, 0.072_762_5, -0.137_361, 0.067_227_5];
    for (got, wanted) in y.as_floats().unwrap().iter().zip(wanted) {
        assert!((got - wanted).abs() < 1e-6, "{got} instead of {wanted}");
    }
    let refused = node("LSTM", &inputs[..3], &attributes).unwrap_err();
    assert!(refused.contains("only two directions with biases"), "{refused}");
    let forward = [("direction", "forward".into()), ("hidden_size", 1.into())];
    assert!(node("LSTM", &inputs, &forward).is_err());
}

#[test]
fn pooling_and_reduction() {
    let x = count(&[1, 1, 2, 4]);
    let window = [
        ("kernel_shape", [2_usize, 2][..].into()),
        ("strides", [2_usize, 2][..].into()),
    ];
    assert_eq!(
        node("AveragePool", std::slice::from_ref(&x), &window).unwrap(),
        floats(&[1, 1, 1, 2], &[3.5, 5.5])
    );
    assert_eq!(
        node("MaxPool", std::slice::from_ref(&x), &window).unwrap(),
        floats(&[1, 1, 1, 2], &[6.0, 8.0])
    );
    let axes = ("axes", [2_usize, 3][..].into());
    let mean = node(
        "ReduceMean",
        std::slice::from_ref(&x),
        &[axes, ("keepdims", 0.into())],
    )
    .unwrap();
    assert_eq!(mean, floats(&[1, 1], &[4.5]));
    let least = node("ReduceMin", &[x], &[("axes", [3_usize][..].into())]).unwrap();
    assert_eq!(least, floats(&[1, 1, 2, 1], &[1.0, 5.0]));
}

#[test]
fn unsupported_operators_and_missing_values_are_refused() {
    assert_eq!(
        node("Erf", &[count(&[1])], &[]).unwrap_err(),
        "Erf `Erf`: the operator Erf is not supported"
    );
    let mut g = Builder::default();
    let x = g.input("x", &[Dim::Named("n")]);
    g.output("y", &x, &[Dim::Named("n")]);
    let missing = g.finish().run(&[]).unwrap_err().to_string();
    assert_eq!(missing, "Identity `y/Identity`: uses a value that does not exist");
}

/// Fields of a message of the wire format: number and value, where a number is its bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let n = bytes.iter().position(|b| b & 0x80 == 0).expect("an end") + 1;
        let (head, rest) = bytes.split_at(n);
        *bytes = rest;
        head.iter().rev().fold(0, |v, b| v << 7 | u64::from(b & 0x7f))
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        match key & 7 {
            0 => found.push((key >> 3, varint(&mut bytes).to_le_bytes().to_vec())),
            2 => {
                let n = varint(&mut bytes) as usize;
                let (value, rest) = bytes.split_at(n);
                found.push((key >> 3, value.to_vec()));
                bytes = rest;
            }
            kind => panic!("kind {kind}"),
        }
    }
    found
}

/// All values of a field.
fn all(message: &[u8], field: u64) -> Vec<Vec<u8>> {
    fields(message)
        .into_iter()
        .filter(|(f, _)| *f == field)
        .map(|(_, v)| v)
        .collect()
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number"))
}

fn small_model() -> OnnxModel {
    let mut g = Builder::default();
    let x = g.input("x", &[Dim::Named("batch"), Dim::Fixed(3)]);
    let w = g.constant("w", Tensor::new(&[2], TensorData::Int8(vec![-1, 2])));
    let w = g.op("Cast", &[&w], &[("to", 1.into())]);
    let [a, b] = g.op_many("Split", &[&w], &[("axis", 0.into())]);
    let y = g.op("Mul", &[&x, &a], &[]);
    let y = g.op("Mul", &[&y, &b], &[]);
    g.output("y", &y, &[Dim::Named("batch"), Dim::Fixed(3)]);
    OnnxModel {
        producer: "test".into(),
        producer_version: "1".into(),
        doc: "a small model".into(),
        metadata: vec![("classes".into(), "[\"a\"]".into())],
        graph: g.finish(),
    }
}

/// Read back field by field, with the numbers of `onnx.proto`.
#[test]
fn files_contain_what_the_model_says() {
    let model = small_model();
    let bytes = model.bytes();
    assert_eq!(bytes, model.clone().bytes());
    assert_eq!(number(&all(&bytes, 1)[0]), 8);
    assert_eq!(all(&bytes, 2)[0], b"test");
    let opset = &all(&bytes, 8)[0];
    assert_eq!((all(opset, 1)[0].len(), number(&all(opset, 2)[0])), (0, 17));
    let entry = &all(&bytes, 14)[0];
    assert_eq!(
        (&all(entry, 1)[0][..], &all(entry, 2)[0][..]),
        (&b"classes"[..], &b"[\"a\"]"[..])
    );
    let graph = &all(&bytes, 7)[0];
    let ops: Vec<String> = all(graph, 1)
        .iter()
        .map(|n| String::from_utf8(all(n, 4)[0].clone()).unwrap())
        .collect();
    assert_eq!(ops, ["Cast", "Split", "Mul", "Mul", "Identity"]);
    let split = &all(graph, 1)[1];
    assert_eq!(all(split, 2), [b"Split:0", b"Split:1"]);
    let axis = &all(split, 5)[0];
    assert_eq!(
        (
            &all(axis, 1)[0][..],
            number(&all(axis, 3)[0]),
            number(&all(axis, 20)[0])
        ),
        (&b"axis"[..], 0, 2)
    );
    let constant = &all(graph, 5)[0];
    assert_eq!(
        (number(&all(constant, 1)[0]), number(&all(constant, 2)[0])),
        (2, 3)
    );
    assert_eq!(
        (&all(constant, 8)[0][..], &all(constant, 9)[0][..]),
        (&b"w"[..], &[0xff, 2][..])
    );
    // name, then type -> tensor -> element type and shape -> dimensions
    let input = &all(graph, 11)[0];
    assert_eq!(all(input, 1)[0], b"x");
    let tensor = all(&all(input, 2)[0], 1).remove(0);
    assert_eq!(number(&all(&tensor, 1)[0]), 1);
    let dims = all(&all(&tensor, 2)[0], 1);
    assert_eq!(
        (&all(&dims[0], 2)[0][..], number(&all(&dims[1], 1)[0])),
        (&b"batch"[..], 3)
    );
    let doubled = Graph::run(
        &model.graph,
        &[("x", Tensor::floats(&[1, 3], vec![1.0, 2.0, 3.0]))],
    )
    .unwrap();
    assert_eq!(doubled[0], floats(&[1, 3], &[-2.0, -4.0, -6.0]));
}

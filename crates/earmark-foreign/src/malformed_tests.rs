//! Graphs that can't be networks of sound, or that somebody made to do harm: refused in words, never by a panic.

use crate::graph::{parse_graph, read_graph};
use crate::ports::{check_output, input_of, narrow};
use crate::run::{LoadedGraph, open};
use earmark_core::protobuf::Message;
use earmark_models::GraphShape;
use earmark_onnx::{Attribute, Builder, Dim, Graph, OnnxModel, Tensor, Value};

const SHAPE: GraphShape = GraphShape {
    input: [1, 1, 8],
    scores: 3,
    embedding: 4,
};

/// A window of 8 samples to 4 features and 3 scores.
fn graph(dims: &[Dim]) -> Graph {
    let mut g = Builder::default();
    let x = g.input("x", dims);
    let w = g.weight("w", &[8, 4], (0..32).map(|i| i as f32 / 10.0 - 1.5).collect());
    let features = g.op("MatMul", &[&x, &w], &[]);
    let v = g.weight("v", &[4, 3], (0..12).map(|i| 0.5 - i as f32 / 7.0).collect());
    let scores = g.op("MatMul", &[&features, &v], &[]);
    g.output("features", &features, &[Dim::Named("batch"), Dim::Fixed(4)]);
    g.output("scores", &scores, &[Dim::Named("batch"), Dim::Fixed(3)]);
    g.finish()
}

fn bytes(graph: Graph) -> Vec<u8> {
    OnnxModel::of(graph).bytes()
}

/// Reads, narrows, loads and computes a graph, as an import and an opened model do.
fn used(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let mut model = parse_graph(bytes)?;
    let graph = model.graph.as_ref().ok_or("no graph")?;
    check_output(graph, "--scores", "scores")?;
    let input = input_of(graph, SHAPE.input)?;
    narrow(&mut model, &input, &["scores".into()]);
    let stored = model.write_buf().map_err(|e| e.to_string())?;
    let one = LoadedGraph::load(&stored, SHAPE)?.one(&[0.5; 8])?;
    // What is stored may be changed, too.
    let _ = LoadedGraph::load(bytes, SHAPE).and_then(|graph| graph.one(&[0.5; 8]));
    Ok(one.values.concat())
}

const BATCH: [Dim; 2] = [Dim::Named("batch"), Dim::Fixed(8)];

#[test]
fn inputs_of_one_window_are_taken_whatever_their_form() {
    let [batch, n] = BATCH;
    let wanted = used(&bytes(graph(&BATCH))).unwrap();
    assert_eq!(wanted.len(), 3);
    for dims in [
        &[Dim::Fixed(1), n][..],
        &[Dim::Named("a"), Dim::Named("b")],
        &[n],
        &[batch, Dim::Fixed(1), n],
    ] {
        let got = used(&bytes(graph(dims))).unwrap();
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(
            got.len() == 3 && got.iter().zip(&wanted).all(near),
            "{dims:?}: {got:?}"
        );
    }
}

#[test]
fn what_does_not_fit_is_named_with_a_remedy() {
    let refused = |dims: &[Dim]| used(&bytes(graph(dims))).unwrap_err();
    let message = refused(&[Dim::Fixed(4), Dim::Fixed(8)]);
    assert_eq!(
        message,
        "takes `x` of [4, 8], and gets [1, 8]; export it with a batch of 1, or one of any size"
    );
    let message = refused(&[Dim::Named("batch"), Dim::Fixed(9)]);
    assert_eq!(
        message,
        "takes `x` of [any, 9], and gets [1, 8]; give the window and the sample rate that it was trained with"
    );
    let message = refused(&[Dim::Fixed(1); 4]);
    assert!(
        message.starts_with("takes `x` of [1, 1, 1, 1], and gets [1, 1, 1, 8]"),
        "{message}"
    );
    let message = refused(&[Dim::Fixed(1); 5]);
    assert!(message.contains("with 5 dimensions, not samples"), "{message}");

    let model = read_graph(&bytes(graph(&BATCH))).unwrap();
    let message = check_output(model.graph.as_ref().unwrap(), "--scores", "score").unwrap_err();
    assert_eq!(
        message,
        "--scores score: the graph has no such output, did you mean scores?; its outputs are features, scores"
    );
    check_output(model.graph.as_ref().unwrap(), "--embedding", "MatMul").unwrap();

    let mut two = graph(&BATCH);
    two.inputs.push(two.inputs[0].clone());
    two.inputs[1].name = "rate".into();
    let message = used(&bytes(two)).unwrap_err();
    assert!(message.starts_with("takes 2 inputs (x, rate)"), "{message}");
    let mut unknown = graph(&BATCH);
    unknown.nodes[1].op = "MatMulOfNobody";
    let message = used(&bytes(unknown)).unwrap_err();
    assert!(message.contains("MatMulOfNobody"), "{message}");
    let mut endless = graph(&BATCH);
    endless.nodes[1].op = "Loop";
    let message = used(&bytes(endless)).unwrap_err();
    assert!(
        message.contains("has the operator Loop, which may run for any time"),
        "{message}"
    );
    // What only other outputs need is left out.
    let mut another = graph(&BATCH);
    let mut endless = another.nodes[0].clone();
    endless.op = "Loop";
    endless.outputs = vec!["forever".into()];
    another.nodes.push(endless);
    used(&bytes(another)).unwrap();
    let mut wrong = graph(&BATCH);
    wrong.constants[1].1 = Tensor::floats(&[5, 3], vec![0.0; 15]);
    let message = used(&bytes(wrong)).unwrap_err();
    assert!(message.starts_with("can't be computed: "), "{message}");
}

#[test]
fn weights_are_what_their_shapes_say() {
    let tensor = |dims: &[i64], kind: i64, bytes: usize, outside: bool| {
        let mut m = Message::default();
        m.int(1, 8);
        m.message(7, |m| {
            m.message(5, |m| {
                dims.iter().for_each(|dim| m.int(1, *dim));
                m.int(2, kind);
                m.bytes(8, b"w");
                if outside {
                    m.int(14, 1);
                } else {
                    m.bytes(9, &vec![0; bytes]);
                }
            });
        });
        read_graph(&m.finish()).err().unwrap_or_default()
    };
    assert_eq!(tensor(&[2, 3], 1, 24, false), "");
    for (dims, bytes) in [
        (&[2, 3][..], 20),
        (&[-1, 6], 24),
        (&[1 << 40], 24),
        (&[1 << 32, 1 << 32], 0),
        (&[6], 25),
    ] {
        let message = tensor(dims, 1, bytes, false);
        assert!(
            message.starts_with("is damaged: `w` does not hold"),
            "{dims:?}: {message}"
        );
    }
    let message = tensor(&[2], 8, 8, false);
    assert!(message.starts_with("holds `w` as STRING"), "{message}");
    let message = tensor(&[2], 1, 0, true);
    assert!(
        message.starts_with("keeps the weights `w` in another file"),
        "{message}"
    );
}

/// Sizes that a constant asks for are compared before anything is computed, which begins as a graph is loaded.
#[test]
fn absurd_sizes_are_refused() {
    let refused = |build: &dyn Fn(&mut Builder, &Value) -> Value| {
        let mut g = Builder::default();
        let x = g.input("x", &BATCH);
        let y = build(&mut g, &x);
        let most = g.op("ReduceMax", &[&y], &[("keepdims", 0.into())]);
        let row = g.reshape(&most, &[1, 1]);
        g.output("scores", &row, &BATCH);
        used(&bytes(g.finish())).unwrap_err()
    };
    for (op, sizes) in [
        ("ConstantOfShape", &[1 << 20, 1 << 20][..]),
        ("Expand", &[1 << 40, 8]),
        ("Tile", &[1 << 40, 1]),
        ("Pad", &[0, 1 << 40, 0, 0]),
        ("Pad", &[1 << 15, 1 << 15, 0, 0]),
    ] {
        let message = refused(&|g, x| {
            let sizes = g.ints(sizes);
            match op {
                "ConstantOfShape" => g.op(op, &[&sizes], &[]),
                _ => g.op(op, &[x, &sizes], &[]),
            }
        });
        assert!(message.starts_with(&format!("asks {op} for ")), "{op}: {message}");
    }
    // The last two would never end.
    for [start, limit, step] in [[0.0, 1e9, 1.0], [0.0, 1e9, 1e-9], [1e9, 1e9 + 64.0, 1e-3]] {
        let message = refused(&|g, _| {
            let [start, limit, step] = [start, limit, step].map(|value| g.float(value));
            g.op("Range", &[&start, &limit, &step], &[])
        });
        assert!(message.starts_with("asks Range for "), "{step}: {message}");
    }
    // Numbers of a node itself, and as many columns as a number says.
    let message = refused(&|g, _| {
        let sizes = Attribute::Ints(vec![1 << 20, 1 << 20]);
        let sizes = g.op("Constant", &[], &[("value_ints", sizes)]);
        g.op("ConstantOfShape", &[&sizes], &[])
    });
    assert!(message.starts_with("asks ConstantOfShape for "), "{message}");
    let message = refused(&|g, _| {
        let (places, columns, values) = (g.ints(&[1, 2]), g.int(1 << 30), g.ints(&[0, 1]));
        g.op("OneHot", &[&places, &columns, &values], &[])
    });
    assert!(message.starts_with("asks OneHot for "), "{message}");
    let message = refused(&|g, x| {
        let sizes = g.ints(&[1; 65]);
        g.op("Expand", &[x, &sizes], &[])
    });
    assert!(message.starts_with("gives Expand sizes of a kind"), "{message}");
}

/// A branch takes constants of the graph that it is in, and what has two values has none.
#[test]
fn sizes_of_branches_are_compared() {
    let sizes = |m: &mut Message, values: &[i64]| {
        m.message(5, |m| {
            m.size(1, values.len());
            m.int(2, 7);
            m.bytes(8, b"sizes");
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            m.bytes(9, &bytes);
        });
    };
    let node = |m: &mut Message| {
        m.message(1, |m| {
            m.bytes(1, b"sizes");
            m.bytes(2, b"y");
            m.bytes(4, b"ConstantOfShape");
        });
    };
    let branch = |values: &[i64]| {
        let mut m = Message::default();
        m.message(7, |m| {
            sizes(m, values);
            m.message(1, |m| {
                m.bytes(2, b"z");
                m.bytes(4, b"If");
                m.message(5, |m| {
                    m.bytes(1, b"then_branch");
                    m.message(6, node);
                });
            });
        });
        read_graph(&m.finish()).err().unwrap_or_default()
    };
    assert_eq!(branch(&[2, 3]), "");
    let message = branch(&[1 << 20, 1 << 20]);
    assert!(
        message.starts_with("asks ConstantOfShape for 1099511627776 numbers"),
        "{message}"
    );
    let mut m = Message::default();
    m.message(7, |m| {
        sizes(m, &[1 << 20, 1 << 20]);
        sizes(m, &[2, 3]);
        node(m);
    });
    let message = read_graph(&m.finish()).err().unwrap_or_default();
    assert!(
        message.starts_with("gives ConstantOfShape sizes of a kind"),
        "{message}"
    );
}

/// What fills a value is not a size, however large it is.
#[test]
fn large_numbers_are_not_sizes() {
    let mut g = Builder::default();
    let x = g.input("x", &BATCH);
    let (pads, lowest) = (g.ints(&[0, 0, 0, 2]), g.float(f32::MIN));
    let padded = g.op("Pad", &[&x, &pads, &lowest], &[]); // [1, 10]
    let (large, shape) = (g.float(1e30), g.ints(&[1, 3]));
    let mask = g.op("Expand", &[&large, &shape], &[]);
    let all = g.concat(&[&padded, &mask], 1);
    g.output("scores", &all, &BATCH);
    let scores = used(&bytes(g.finish())).unwrap();
    assert_eq!(scores[7..], [0.5, f32::MIN, f32::MIN, 1e30, 1e30, 1e30]);
}

/// Shape inference knows what these give, before they are computed.
#[test]
fn small_steps_to_absurd_sizes_are_refused() {
    let mut g = Builder::default();
    let mut x = g.input("x", &BATCH);
    for _ in 0..4 {
        let (column, row) = (g.reshape(&x, &[-1, 1]), g.reshape(&x, &[1, -1]));
        x = g.op("MatMul", &[&column, &row], &[]);
    }
    g.output("scores", &x, &BATCH);
    let message = used(&bytes(g.finish())).unwrap_err();
    assert!(message.contains("at most 268435456 are computed"), "{message}");
    // More than its own numbers hold.
    let mut g = Builder::default();
    let mut x = g.input("x", &BATCH);
    let copies = g.ints(&[1, 1 << 12]);
    for _ in 0..3 {
        x = g.op("Tile", &[&x, &copies], &[]);
    }
    g.output("scores", &x, &BATCH);
    assert!(used(&bytes(g.finish())).is_err());
}

/// The scores of several windows are one list, in which each window has its place.
#[test]
fn another_number_of_scores_for_another_sound_is_refused() {
    let mut g = Builder::default();
    let x = g.input("x", &BATCH);
    let (zero, one) = (g.float(0.0), g.float(1.0));
    let low = g.op("GreaterOrEqual", &[&x, &zero], &[]);
    let high = g.op("Greater", &[&x, &one], &[]);
    let marks = g.concat(&[&low, &high], 1); // [1, 16]
    let found = g.op("NonZero", &[&marks], &[]); // [2, number of marks]
    let scores = g.op("Cast", &[&found], &[("to", 1.into())]);
    g.output("scores", &scores, &[Dim::Named("rows"), Dim::Named("numbers")]);
    let shape = GraphShape {
        scores: 8,
        embedding: 8,
        ..SHAPE
    };
    let graph = open(&bytes(g.finish()), &shape).unwrap();
    assert_eq!(graph.run(&[0.0; 16], 2).unwrap().scores.len(), 16);
    // 4 and 12 are as many as 8 and 8.
    let few: [f32; 8] = [-1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0];
    let many: [f32; 8] = [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0];
    let message = graph.run(&[few, many].concat(), 2).unwrap_err();
    assert!(
        message.starts_with("gives 4 scores and 4 features for this sound, and 8 and 8"),
        "{message}"
    );
}

/// The runtime writes as far as a size says: one beyond what its numbers hold must not look small.
#[test]
fn sizes_that_overflow_are_refused() {
    let mut g = Builder::default();
    let x = g.input("x", &BATCH);
    let (side, one, half) = (g.ints(&[1 << 16; 4]), g.length(1), g.float(0.5));
    let shape = g.op("Mul", &[&side, &one], &[]);
    let large = g.op("Expand", &[&half, &shape], &[]);
    let most = g.op("ReduceMax", &[&large], &[("keepdims", 0.into())]);
    let scores = g.op("Add", &[&x, &most], &[]);
    g.output("scores", &scores, &BATCH);
    let message = used(&bytes(g.finish())).unwrap_err();
    assert!(message.contains("overflow"), "{message}");
}

/// Every shorter file, every flipped bit of the first bytes and many of the others: refused, or computed.
#[test]
fn damaged_files_never_panic() {
    let whole = bytes(graph(&BATCH));
    used(&whole).unwrap();
    for end in 0..whole.len() {
        assert!(used(&whole[..end]).is_err() || end > whole.len() - 40, "{end}");
    }
    let mut seed = 1_u32;
    for round in 0..4000 {
        let mut damaged = whole.clone();
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = if round < 1600 {
            round / 8
        } else {
            seed as usize >> 8
        };
        let at = at % damaged.len();
        damaged[at] ^= 1 << (round % 8);
        if let Ok(scores) = used(&damaged) {
            assert!(!scores.is_empty());
        }
    }
}

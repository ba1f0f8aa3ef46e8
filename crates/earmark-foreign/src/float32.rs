//! Graphs with weights of other precisions, written as what computes them here: float32. The runtime makes float32 of
//! float16 and float64 as it loads a graph; other runtimes compute with the types that a file says, and refuse a graph
//! that mixes them. Around the nodes that are computed in float64 here, numbers are cast to it and back.

use crate::float64::float64_nodes;
use crate::names::{Constant, Constants, subgraphs_mut};
use rten_onnx::onnx::{AttributeProto, AttributeType, DataType, GraphProto, NodeProto, TensorProto};
use std::cell::RefCell;

/// Names of attributes that name a type.
const TYPE_ATTRIBUTES: [&str; 2] = ["to", "dtype"];

/// Types that become float32.
const OTHERS: [DataType; 2] = [DataType::FLOAT16, DataType::DOUBLE];

/// Makes all floating numbers of a graph, and of those within it, float32.
pub(crate) fn as_float32(graph: &mut GraphProto) {
    graph.initializer.iter_mut().for_each(widen);
    for node in &mut graph.node {
        for attribute in &mut node.attribute {
            attribute.t.iter_mut().for_each(widen);
            retype(attribute);
        }
        subgraphs_mut(node).for_each(as_float32);
    }
}

/// The nodes of a graph that are computed in float64, with the places of their inputs of floating numbers and what is
/// float64 in the file of these.
pub(crate) struct InFloat64(Vec<(usize, Inputs)>);

type Inputs = Vec<(usize, Option<TensorProto>)>;

impl InFloat64 {
    /// Those of a graph as it was imported.
    pub fn of(graph: &GraphProto) -> Self {
        let constants = Constants::of(graph, None);
        let double = |name: &String| match constants.get(name) {
            Some(Constant::Tensor(tensor)) if tensor.data_type == Some(DataType::DOUBLE) => {
                Some(tensor.clone())
            }
            _ => None,
        };
        let nodes = float64_nodes(graph).into_iter().map(|(at, places)| {
            let inputs = places.iter().filter_map(|place| {
                let name = graph.node[at].input.get(*place);
                Some((*place, double(name.filter(|name| !name.is_empty())?)))
            });
            (at, inputs.collect())
        });
        Self(nodes.collect())
    }

    /// Puts casts around these nodes of the graph, which may have got other names and types. `prefix` is what none of its
    /// names begins with.
    pub fn cast(self, graph: &mut GraphProto, prefix: &str) {
        let mut nodes: Vec<Vec<NodeProto>> = graph.node.drain(..).map(|node| vec![node]).collect();
        for (at, inputs) in self.0 {
            let Some(mut node) = nodes[at].pop() else { continue };
            let output = node.output.first().cloned().unwrap_or_default();
            for (place, double) in inputs {
                let name = format!("{prefix}{output}/{place}");
                match double {
                    Some(tensor) => graph.initializer.push(TensorProto {
                        name: Some(name.clone()),
                        ..tensor
                    }),
                    None => nodes[at].push(cast(&node.input[place], &name, DataType::DOUBLE)),
                }
                node.input[place] = name;
            }
            let name = format!("{prefix}{output}");
            node.output = vec![name.clone()];
            nodes[at].extend([node, cast(&name, &output, DataType::FLOAT)]);
        }
        graph.node = nodes.into_iter().flatten().collect();
    }
}

fn cast(from: &str, to: &str, kind: DataType) -> NodeProto {
    NodeProto {
        op_type: Some("Cast".into()),
        input: vec![from.into()],
        output: vec![to.into()],
        attribute: vec![AttributeProto {
            name: Some("to".into()),
            i: Some(kind.0.into()),
            r#type: Some(AttributeType::INT),
            ..AttributeProto::default()
        }],
        ..NodeProto::default()
    }
}

/// The precision of weights in words: `float32`, or several joined by `and`. Whole numbers are those of quantised
/// networks, if there is a row of them or more.
pub(crate) fn precision(graph: &GraphProto) -> String {
    const NAMES: [(DataType, &str); 5] = [
        (DataType::FLOAT, "float32"),
        (DataType::FLOAT16, "float16"),
        (DataType::DOUBLE, "float64"),
        (DataType::INT8, "int8"),
        (DataType::UINT8, "uint8"),
    ];
    let has = |kind: DataType| {
        let mut tensors = graph.initializer.iter();
        tensors.any(|tensor| tensor.data_type == Some(kind) && !tensor.dims.is_empty())
    };
    let found: Vec<&str> = NAMES
        .into_iter()
        .filter_map(|(kind, name)| has(kind).then_some(name))
        .collect();
    match found.is_empty() {
        true => "float32".to_owned(),
        false => found.join(" and "),
    }
}

/// A conversion to another type is one to float32.
fn retype(attribute: &mut AttributeProto) {
    let is_type = attribute
        .name
        .as_deref()
        .is_some_and(|name| TYPE_ATTRIBUTES.contains(&name));
    let is_other = |number: i64| OTHERS.iter().any(|kind| i64::from(kind.0) == number);
    if is_type && attribute.i.is_some_and(is_other) {
        attribute.i = Some(DataType::FLOAT.0.into());
    }
}

/// Makes a tensor of floating numbers one of float32.
fn widen(tensor: &mut TensorProto) {
    let raw = tensor.raw_data.as_ref().map(|raw| raw.borrow().clone());
    let values: Vec<f32> = match (tensor.data_type, raw) {
        (Some(DataType::FLOAT16), Some(raw)) => {
            let (halves, _) = raw.as_chunks::<2>();
            halves
                .iter()
                .map(|half| of_half(u16::from_le_bytes(*half)))
                .collect()
        }
        // A half is in the lower bits.
        (Some(DataType::FLOAT16), None) => {
            let halves = tensor.int32_data.iter();
            halves.map(|half| of_half(*half as u16)).collect()
        }
        (Some(DataType::DOUBLE), Some(raw)) => {
            let (doubles, _) = raw.as_chunks::<8>();
            doubles
                .iter()
                .map(|double| f64::from_le_bytes(*double) as f32)
                .collect()
        }
        (Some(DataType::DOUBLE), None) => tensor.double_data.iter().map(|double| *double as f32).collect(),
        _ => return,
    };
    tensor.data_type = Some(DataType::FLOAT);
    tensor.int32_data.clear();
    tensor.double_data.clear();
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    tensor.raw_data = Some(RefCell::new(bytes.collect()));
}

/// A half-precision number of IEEE 754, by its bits.
fn of_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from((bits >> 10) & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-24),
        0x1f if fraction == 0.0 => sign * f32::INFINITY,
        0x1f => f32::NAN,
        _ => sign * (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(kind: DataType, raw: Option<Vec<u8>>) -> TensorProto {
        TensorProto {
            dims: vec![2],
            data_type: Some(kind),
            raw_data: raw.map(RefCell::new),
            ..TensorProto::default()
        }
    }

    fn values(tensor: &TensorProto) -> Vec<f32> {
        assert!(tensor.data_type == Some(DataType::FLOAT));
        let raw = tensor.raw_data.as_ref().expect("bytes").borrow();
        let (floats, rest) = raw.as_chunks::<4>();
        assert!(rest.is_empty());
        floats.iter().map(|float| f32::from_le_bytes(*float)).collect()
    }

    #[test]
    fn halves_are_what_ieee_754_says() {
        for (bits, wanted) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert!(of_half(bits) == wanted, "{bits:#x}: {}", of_half(bits));
        }
        assert!(of_half(0x7e00).is_nan());
    }

    #[test]
    fn all_floating_numbers_become_float32() {
        let halves = [0x3c00_u16, 0xc000]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        let doubles = [0.5_f64, -3.0].into_iter().flat_map(f64::to_le_bytes).collect();
        let attribute = |name: &str, number| AttributeProto {
            name: Some(name.into()),
            i: Some(number),
            ..AttributeProto::default()
        };
        let mut graph = GraphProto {
            initializer: vec![
                tensor(DataType::FLOAT16, Some(halves)),
                TensorProto {
                    int32_data: vec![0x3c00, 0xc000],
                    ..tensor(DataType::FLOAT16, None)
                },
                tensor(DataType::DOUBLE, Some(doubles)),
                tensor(DataType::INT64, None),
            ],
            node: vec![NodeProto {
                attribute: vec![attribute("to", 10), attribute("to", 7), attribute("axis", 10)],
                ..NodeProto::default()
            }],
            ..GraphProto::default()
        };
        assert_eq!(precision(&graph), "float16 and float64");
        as_float32(&mut graph);
        assert_eq!(precision(&graph), "float32");
        let [raw, listed, doubles, whole] = &graph.initializer[..] else {
            panic!("four tensors");
        };
        assert_eq!((values(raw), values(listed)), (vec![1.0, -2.0], vec![1.0, -2.0]));
        assert_eq!(values(doubles), [0.5, -3.0]);
        assert!(whole.data_type == Some(DataType::INT64) && listed.int32_data.is_empty());
        let numbers = graph.node[0].attribute.iter().map(|attribute| attribute.i);
        assert_eq!(numbers.collect::<Vec<_>>(), [Some(1), Some(7), Some(10)]);
    }
}

//! A graph as a file holds it: read within the file's own size, and refused where it can't be a network of sound or
//! asks for more than a network needs. A graph is a program, and may be anybody's.

use crate::bounds::check_bounds;
use crate::names::{Constant, Constants, subgraphs};
use rten_onnx::onnx::{
    AttributeProto, DataLocation, DataType, GraphProto, ModelProto, NodeProto, TensorProto,
};
use std::collections::BTreeMap;

/// Largest file: the limit of Protocol Buffers.
pub(crate) const MOST_BYTES: u64 = 1 << 31;

/// Most numbers of one value, where its size is known before it is computed: 1 GiB of float32. Usual are a million.
pub(crate) const MOST_NUMBERS: usize = 1 << 28;

/// Most numbers of an input that says sizes.
const MOST_SIZES: usize = 64;

/// Operators whose result is as large as some of their inputs say, and which inputs these are.
const SIZED_BY_INPUTS: [(&str, &[usize]); 9] = [
    ("ConstantOfShape", &[0]),
    ("DFT", &[1]),
    ("Expand", &[1]),
    ("OneHot", &[1]),
    ("Pad", &[1]),
    ("Range", &[0, 1, 2]),
    ("Resize", &[2, 3]),
    ("Tile", &[1]),
    ("Upsample", &[1]),
];

/// Operators that run for as long as their inputs say.
const UNBOUNDED: [&str; 2] = ["Loop", "Scan"];

/// Reads a graph of which a part is used: what is not needed may be anything.
///
/// # Errors
///
/// For what is not a graph, in words.
pub(crate) fn parse_graph(bytes: &[u8]) -> Result<ModelProto, String> {
    check_bounds(bytes)?;
    let mut model = ModelProto::parse_buf(bytes).map_err(|e| format!("is not an ONNX file: {e}"))?;
    if model.graph.is_none() {
        return Err("is not an ONNX file, or is cut off: it has no graph".into());
    }
    // Readers know the format by it.
    model.ir_version.get_or_insert(8);
    Ok(model)
}

/// Reads a graph that is used whole, and checks it.
///
/// # Errors
///
/// For what is not a graph, and for one that is refused, in words.
pub(crate) fn read_graph(bytes: &[u8]) -> Result<ModelProto, String> {
    let model = parse_graph(bytes)?;
    if let Some(graph) = &model.graph {
        check_graph(graph, None)?;
    }
    Ok(model)
}

/// How many nodes of each operator a graph has, with those of graphs within it.
pub(crate) fn operators(graph: &GraphProto) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for node in &graph.node {
        *found.entry(operator(node)).or_insert(0) += 1;
        for inner in subgraphs(node) {
            for (name, count) in operators(inner) {
                *found.entry(name).or_insert(0) += count;
            }
        }
    }
    found
}

/// Number of weights of a graph.
pub(crate) fn parameters(graph: &GraphProto) -> usize {
    let floats = graph.initializer.iter().filter(|t| {
        let (float, half) = (Some(DataType::FLOAT), Some(DataType::FLOAT16));
        t.data_type == float || t.data_type == half
    });
    floats.filter_map(|t| numbers(&t.dims)).sum()
}

/// The version of ONNX's own operators that a model says it has.
pub(crate) fn operators_version(model: &ModelProto) -> Option<i64> {
    let is_own = |domain: Option<&str>| matches!(domain, None | Some("" | "ai.onnx"));
    let mut sets = model.opset_import.iter();
    sets.find(|set| is_own(set.domain.as_deref()))?.version
}

/// The operator of a node, with its domain where it is not ONNX's own.
pub(crate) fn operator(node: &NodeProto) -> String {
    let name = node.op_type.as_deref().unwrap_or("(none)");
    match node.domain.as_deref().unwrap_or_default() {
        "" | "ai.onnx" => name.to_owned(),
        domain => format!("{domain}.{name}"),
    }
}

fn check_graph<'a>(graph: &'a GraphProto, outer: Option<&'a Constants<'a>>) -> Result<(), String> {
    for tensor in &graph.initializer {
        check_tensor(tensor)?;
    }
    let constants = Constants::of(graph, outer);
    for node in &graph.node {
        let name = operator(node);
        if UNBOUNDED.contains(&name.as_str()) {
            return Err(format!(
                "has the operator {name}, which may run for any time; export the network without loops"
            ));
        }
        let mut tensors = node.attribute.iter().filter_map(|attribute| attribute.t.as_ref());
        tensors.try_for_each(check_tensor)?;
        if let Some((_, inputs)) = SIZED_BY_INPUTS.iter().find(|(sized, _)| *sized == name) {
            let constant = |at: &usize| constants.get(node.input.get(*at)?);
            check_sizes(&name, &inputs.iter().map(constant).collect::<Vec<_>>())?;
        }
        subgraphs(node).try_for_each(|inner| check_graph(inner, Some(&constants)))?;
    }
    Ok(())
}

/// The product of dimensions; `None` where one is negative or the product has no meaning.
fn numbers(dims: &[i64]) -> Option<usize> {
    let size = |dim: &i64| usize::try_from(*dim).ok();
    dims.iter()
        .try_fold(1_usize, |product, dim| product.checked_mul(size(dim)?))
}

/// Refuses a tensor that does not hold as many numbers as its shape says.
fn check_tensor(tensor: &TensorProto) -> Result<(), String> {
    let name = tensor.name.as_deref().unwrap_or("(unnamed)");
    if tensor.data_location == Some(DataLocation::EXTERNAL) {
        return Err(format!(
            "keeps the weights `{name}` in another file; save it as one file: \
             onnx.save(onnx.load(\"FILE.onnx\"), \"ONE.onnx\")"
        ));
    }
    let bytes = match tensor.data_type {
        Some(DataType::UINT8 | DataType::INT8 | DataType::BOOL) => 1,
        Some(DataType::FLOAT16) => 2,
        Some(DataType::FLOAT | DataType::INT32) => 4,
        Some(DataType::INT64 | DataType::DOUBLE) => 8,
        other => {
            let kind = other.and_then(|kind| kind.name().map(str::to_owned));
            let kind = kind.unwrap_or_else(|| "an unknown type".into());
            return Err(format!(
                "holds `{name}` as {kind}, which is not supported; use float32"
            ));
        }
    };
    let wanted = numbers(&tensor.dims);
    let found = match &tensor.raw_data {
        Some(raw) => {
            let length = raw.borrow().len();
            (length % bytes == 0).then_some(length / bytes)
        }
        None => {
            let counts = [
                tensor.float_data.len(),
                tensor.int32_data.len(),
                tensor.int64_data.len(),
                tensor.double_data.len(),
            ];
            Some(counts.into_iter().sum())
        }
    };
    match wanted == found && wanted.is_some() {
        true => Ok(()),
        false => Err(format!(
            "is damaged: `{name}` does not hold as many numbers as its shape {:?} says; export it again",
            tensor.dims
        )),
    }
}

/// Refuses constants that make a result of absurd size; `inputs` are those of the operator that say it, where they are
/// constants.
fn check_sizes(operator: &str, inputs: &[Option<Constant>]) -> Result<(), String> {
    let mut sizes = Vec::new();
    for constant in inputs.iter().flatten() {
        let unreadable =
            || format!("gives {operator} sizes of a kind that no network needs; export it again");
        let size = match constant {
            Constant::Tensor(tensor) => values(tensor).map(|values| (values, tensor.data_type)),
            Constant::Attribute(attribute) => attribute_values(attribute),
            Constant::Ambiguous => None,
        };
        sizes.push(size.ok_or_else(unreadable)?);
    }
    let product = |(sizes, _): &(Vec<f64>, Option<DataType>)| -> f64 {
        sizes.iter().map(|size| size.abs().max(1.0)).product()
    };
    let asked: f64 = match (operator, sizes.as_slice()) {
        ("Pad", [(pads, _)]) => {
            let (before, behind) = pads.split_at(pads.len() / 2);
            let sides = before.iter().zip(behind);
            sides.map(|(b, a)| 1.0 + b.max(0.0) + a.max(0.0)).product()
        }
        ("Range", [(start, kind), (limit, _), (step, _)]) => match (&start[..], &limit[..], &step[..]) {
            ([start], [limit], [step]) => steps(*start, *limit, *step, *kind),
            _ => f64::INFINITY,
        },
        ("Range", _) => 1.0,
        (_, sizes) => sizes.iter().map(product).fold(1.0, f64::max),
    };
    match asked <= MOST_NUMBERS as f64 {
        true => Ok(()),
        false => Err(format!(
            "asks {operator} for {asked:.0} numbers; at most {MOST_NUMBERS} are computed"
        )),
    }
}

/// Numbers from `start` to `limit`; infinitely many where a step is lost to rounding.
fn steps(start: f64, limit: f64, step: f64, kind: Option<DataType>) -> f64 {
    let is_float = matches!(kind, Some(DataType::FLOAT | DataType::DOUBLE));
    let largest = start.abs().max(limit.abs());
    match is_float && step.abs() < largest * f64::from(f32::EPSILON) {
        true => f64::INFINITY,
        // A step of nothing is the runtime's to refuse.
        false => ((limit - start) / step).max(0.0),
    }
}

/// The numbers that are an attribute, and their type; `None` where these can't be sizes.
fn attribute_values(attribute: &AttributeProto) -> Option<(Vec<f64>, Option<DataType>)> {
    let integers = attribute.i.iter().chain(&attribute.ints);
    let integers = integers.map(|value| *value as f64);
    let floats = attribute.f.iter().chain(&attribute.floats);
    let floats: Vec<f64> = floats.map(|value| f64::from(*value)).collect();
    let kind = match floats.is_empty() {
        true => DataType::INT64,
        false => DataType::FLOAT,
    };
    let all: Vec<f64> = integers.chain(floats).collect();
    (all.len() <= MOST_SIZES).then_some((all, Some(kind)))
}

/// The numbers of a constant that says sizes; `None` of one that can't.
fn values(tensor: &TensorProto) -> Option<Vec<f64>> {
    let is_short = numbers(&tensor.dims).is_some_and(|count| count <= MOST_SIZES);
    is_short.then(|| numbers_of(tensor))?
}

/// The numbers of a constant; `None` of those that are kept as other bits.
pub(crate) fn numbers_of(tensor: &TensorProto) -> Option<Vec<f64>> {
    if tensor.data_type == Some(DataType::FLOAT16) {
        return None;
    }
    let Some(raw) = &tensor.raw_data else {
        let integers = tensor.int64_data.iter().map(|value| *value as f64);
        let short = tensor.int32_data.iter().map(|value| f64::from(*value));
        let floats = tensor.float_data.iter().map(|value| f64::from(*value));
        let doubles = tensor.double_data.iter().copied();
        return Some(integers.chain(short).chain(floats).chain(doubles).collect());
    };
    let raw = raw.borrow();
    Some(match tensor.data_type {
        Some(DataType::INT64) => {
            let (numbers, _) = raw.as_chunks();
            numbers.iter().map(|b| i64::from_le_bytes(*b) as f64).collect()
        }
        Some(DataType::DOUBLE) => {
            let (numbers, _) = raw.as_chunks();
            numbers.iter().map(|b| f64::from_le_bytes(*b)).collect()
        }
        Some(DataType::INT32) => {
            let (numbers, _) = raw.as_chunks();
            let numbers = numbers.iter();
            numbers.map(|b| f64::from(i32::from_le_bytes(*b))).collect()
        }
        Some(DataType::FLOAT) => {
            let (numbers, _) = raw.as_chunks();
            let numbers = numbers.iter();
            numbers.map(|b| f64::from(f32::from_le_bytes(*b))).collect()
        }
        _ => return None,
    })
}

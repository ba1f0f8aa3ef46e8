//! What a graph takes and gives: its one input, with the shape that it will get, and the outputs that are wanted. What
//! is stored of a graph is no more than that.

use crate::names::{keep_what_is_needed, makers, subgraphs_mut};
use earmark_core::text::suggest;
use rten_onnx::onnx::{
    DataType, Dimension, GraphProto, ModelProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};
use std::collections::HashSet;

/// Number of names that an error lists.
const LISTED: usize = 12;

/// The name of the input and the shape that it gets, for inputs of some channels, bands and frames; samples are frames
/// of one band of one channel. The batch is always one: inputs are computed one by one.
///
/// # Errors
///
/// For a graph with another number of inputs, and one that takes something else.
pub(crate) fn input_of(graph: &GraphProto, [channels, bands, frames]: [usize; 3]) -> Result<Input, String> {
    let weights = graph.initializer.iter();
    let weights: HashSet<&str> = weights.filter_map(|tensor| tensor.name.as_deref()).collect();
    let is_input = |name: &str| !weights.contains(name);
    let inputs: Vec<&ValueInfoProto> = graph
        .input
        .iter()
        .filter(|input| input.name.as_deref().is_some_and(is_input))
        .collect();
    let [input] = inputs[..] else {
        return Err(format!(
            "takes {} inputs ({}); a network must take one, the sound",
            inputs.len(),
            listed(inputs.iter().filter_map(|input| input.name.as_deref()))
        ));
    };
    let name = input.name.clone().unwrap_or_default();
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let kind = tensor.and_then(|tensor| tensor.elem_type);
    if !matches!(
        kind,
        None | Some(DataType::FLOAT | DataType::FLOAT16 | DataType::DOUBLE)
    ) {
        let kind = kind
            .and_then(|kind| kind.name().map(str::to_owned))
            .unwrap_or_default();
        return Err(format!("takes `{name}` as {kind}; export it with float32 inputs"));
    }
    let declared = tensor.and_then(|tensor| tensor.shape.as_ref());
    let declared: Option<Vec<Option<usize>>> = declared.map(|shape| shape.dim.iter().map(fixed).collect());
    let is_waveform = channels == 1 && bands == 1;
    let shape = match (declared.as_ref().map(Vec::len), is_waveform) {
        (Some(1), true) => vec![frames],
        (None | Some(2), true) => vec![1, frames],
        (Some(3), true) => vec![1, 1, frames],
        (Some(3), false) if channels == 1 => vec![1, bands, frames],
        (None | Some(4), _) => vec![1, channels, bands, frames],
        (Some(rank), _) => {
            let wanted = match is_waveform {
                true => "samples [batch, samples]",
                false => "spectrograms [batch, channels, bands, frames]",
            };
            return Err(format!("takes `{name}` with {rank} dimensions, not {wanted}"));
        }
    };
    let fits = declared
        .iter()
        .flatten()
        .zip(&shape)
        .all(|(declared, wanted)| declared.is_none_or(|declared| declared == *wanted));
    match (fits, declared) {
        (true, _) | (false, None) => Ok(Input { name, shape }),
        (false, Some(declared)) => Err(misfit(&name, &declared, &shape)),
    }
}

/// The input of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub name: String,
    pub shape: Vec<usize>,
}

/// A dimension that is given as a number.
fn fixed(dim: &Dimension) -> Option<usize> {
    let value = dim.dim_value.and_then(|value| usize::try_from(value).ok());
    value.filter(|value| *value > 0)
}

fn misfit(name: &str, declared: &[Option<usize>], wanted: &[usize]) -> String {
    let shown = declared
        .iter()
        .map(|dim| dim.map_or("any".into(), |n| n.to_string()));
    let shown: Vec<String> = shown.collect();
    let is_batch = declared.len() > 1
        && declared[0].is_some_and(|batch| batch != 1)
        && declared[1..]
            .iter()
            .zip(&wanted[1..])
            .all(|(d, w)| d.is_none_or(|d| d == *w));
    let remedy = match is_batch {
        true => "export it with a batch of 1, or one of any size",
        false => "give the window and the sample rate that it was trained with",
    };
    format!(
        "takes `{name}` of [{}], and gets {wanted:?}; {remedy}",
        shown.join(", ")
    )
}

/// Makes the graph of a model one with this input and these outputs, without anything that they do not need. An output
/// may be any value that the graph computes.
pub(crate) fn narrow(model: &mut ModelProto, input: &Input, outputs: &[String]) {
    keep_what_is_needed(model, outputs);
    model.metadata_props.clear();
    let Some(graph) = &mut model.graph else { return };
    let dims = input.shape.iter().map(|n| Dimension {
        dim_value: i64::try_from(*n).ok(),
        dim_param: None,
    });
    graph.input = vec![port(&input.name, Some(dims.collect()))];
    set_outputs(graph, outputs);
    forget_shapes(graph);
}

/// Makes these values the outputs of a graph.
pub(crate) fn set_outputs(graph: &mut GraphProto, outputs: &[String]) {
    graph.output = outputs.iter().map(|name| port(name, None)).collect();
}

/// Removes the shapes of values within a graph and those within it: they are of other batches and windows.
fn forget_shapes(graph: &mut GraphProto) {
    graph.value_info.clear();
    for node in &mut graph.node {
        subgraphs_mut(node).for_each(forget_shapes);
    }
}

fn port(name: &str, dims: Option<Vec<Dimension>>) -> ValueInfoProto {
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            tensor_type: Some(TypeProtoTensor {
                elem_type: Some(DataType::FLOAT),
                shape: dims.map(|dim| TensorShapeProto { dim }),
            }),
            sequence: None,
        }),
    }
}

/// Refuses a name of an output that the graph does not compute.
///
/// # Errors
///
/// For such a name, with those that there are.
pub(crate) fn check_output(graph: &GraphProto, flag: &str, name: &str) -> Result<(), String> {
    let outputs: Vec<&str> = graph.output.iter().filter_map(|o| o.name.as_deref()).collect();
    let makers = makers(graph);
    if makers.contains_key(name) {
        return Ok(());
    }
    let near = suggest(name, outputs.iter().copied().chain(makers.keys().copied()));
    let near = near.map_or(String::new(), |near| format!(", did you mean {near}?"));
    Err(format!(
        "{flag} {name}: the graph has no such output{near}; its outputs are {}",
        listed(outputs.into_iter())
    ))
}

/// Some names, the first ones of many.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.join(", ") + &more
}

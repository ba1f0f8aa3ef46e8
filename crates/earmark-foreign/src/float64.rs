//! Nodes that are computed here, in float64: the runtime has float32 alone. These are sums in which large numbers
//! cancel each other out, so that rounding is what remains of silence: Fourier transforms, whatever their type, and
//! products of matrices one of which was cast to float64 for it.

use crate::array::{Array, Rounded};
use crate::fourier::{Form, dft, stft};
use crate::graph::{operator, operators_version};
use crate::names::{Constant, Constants, makers};
use crate::product::product;
use rten_onnx::onnx::{DataType, GraphProto, ModelProto, NodeProto};
use std::borrow::Cow;

/// Version of the operators since which the axis of a `DFT` is an input.
const AXIS_IS_INPUT: i64 = 20;

/// A node that is computed here.
#[derive(Debug)]
pub(crate) struct Float64Node {
    /// Its name and operator, for errors.
    label: String,
    kind: Kind,
    pub arguments: Vec<Argument>,
    pub output: String,
}

/// What a node takes.
#[derive(Debug)]
pub(crate) enum Argument {
    /// Nothing: it may be left out.
    None,
    /// A constant, read with the precision that it has in the file.
    Constant(Array),
    /// What other nodes give.
    Value(String),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Dft { form: Form, axis: Option<i64> },
    Stft { onesided: bool },
    Product,
}

/// The nodes of a graph that are computed here, and their inputs of floating numbers. Those of graphs within it are
/// left to the runtime.
pub(crate) fn float64_nodes(graph: &GraphProto) -> Vec<(usize, &'static [usize])> {
    let makers = makers(graph);
    let is_double = |name: &String| {
        let node = makers.get(name.as_str()).map(|node| &graph.node[*node]);
        node.is_some_and(|node| {
            operator(node) == "Cast" && integer(node, "to") == Some(i64::from(DataType::DOUBLE.0))
        })
    };
    let nodes = graph.node.iter().enumerate();
    let inputs = |node: &NodeProto| -> Option<&'static [usize]> {
        match operator(node).as_str() {
            "DFT" => Some(&[0]),
            "STFT" => Some(&[0, 2]),
            "MatMul" if node.input.iter().any(is_double) => Some(&[0, 1]),
            _ => None,
        }
    };
    nodes
        .filter_map(|(place, node)| Some((place, inputs(node)?)))
        .collect()
}

/// An attribute that is a whole number.
pub(crate) fn integer(node: &NodeProto, name: &str) -> Option<i64> {
    let mut attributes = node.attribute.iter();
    let attribute = attributes.find(|attribute| attribute.name.as_deref() == Some(name))?;
    Some(attribute.i.unwrap_or(0))
}

impl Float64Node {
    /// One of the [`float64_nodes`] of the model's graph.
    pub fn of(node: &NodeProto, model: &ModelProto, constants: &Constants) -> Self {
        let flag = |name: &str, default: i64| integer(node, name).unwrap_or(default) != 0;
        let name = operator(node);
        let kind = match name.as_str() {
            "DFT" => {
                let is_attribute = operators_version(model).is_some_and(|version| version < AXIS_IS_INPUT);
                let form = Form {
                    inverse: flag("inverse", 0),
                    onesided: flag("onesided", 0),
                };
                Kind::Dft {
                    form,
                    axis: integer(node, "axis").or(is_attribute.then_some(1)),
                }
            }
            "STFT" => Kind::Stft {
                onesided: flag("onesided", 1),
            },
            _ => Kind::Product,
        };
        let argument = |input: &String| match (input.as_str(), constants.get(input)) {
            ("", _) => Argument::None,
            (_, Some(Constant::Tensor(tensor))) => {
                Array::of_tensor(tensor).map_or(Argument::Value(input.clone()), Argument::Constant)
            }
            _ => Argument::Value(input.clone()),
        };
        let output = node.output.first().cloned().unwrap_or_default();
        let own = node.name.as_ref().filter(|name| !name.is_empty());
        Self {
            label: format!("its node `{}` ({name})", own.unwrap_or(&output)),
            kind,
            arguments: node.input.iter().map(argument).collect(),
            output,
        }
    }

    /// What the node gives for its arguments.
    ///
    /// # Errors
    ///
    /// For arguments that it can't take, in words with its name.
    pub fn compute(&self, arguments: &[Option<Cow<Array>>]) -> Result<Rounded, String> {
        let given = |place: usize| arguments.get(place)?.as_deref();
        let required = |place: usize| given(place).ok_or(format!("lacks its input {place}"));
        let whole = |place: usize| given(place).map(Array::whole).transpose();
        let length = |place: usize| match whole(place) {
            Ok(Some(length)) => match usize::try_from(length) {
                Ok(length) => Ok(Some(length)),
                Err(_) => Err(format!("gets {length} as a length")),
            },
            other => other.map(|_| None),
        };
        let computed = || match self.kind {
            Kind::Dft { form, axis } => {
                let axis = axis.or(whole(2)?).unwrap_or(-2);
                dft(required(0)?, length(1)?, axis, form)
            }
            Kind::Stft { onesided } => {
                let step = length(1)?.ok_or("lacks the step of its frames")?;
                stft(required(0)?, step, given(2), length(3)?, onesided)
            }
            Kind::Product => product(required(0)?, required(1)?),
        };
        computed().map_err(|reason| format!("{} {reason}", self.label))
    }
}

//! What a pickle builds.

use crate::dtype::DType;
use std::rc::Rc;

/// A name that a state dict calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.FloatStorage` and its like.
    Storage(DType),
}

impl Global {
    /// The one of that module and name.
    pub fn find(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", storage) => DType::of_storage(storage).map(Self::Storage),
            _ => None,
        }
    }
}

/// A row of numbers in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    pub key: String,
    pub dtype: DType,
    /// How many numbers it has.
    pub len: usize,
}

/// A tensor: a view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub storage: Rc<Storage>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

/// An object. Dictionaries and lists, which instructions change after they were made, are numbers of places in a [`Program`].
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float,
    Text(Rc<str>),
    Tuple(Rc<Tuple>),
    List(usize),
    Dict(usize),
    Global(Global),
    Storage(Rc<Storage>),
    Tensor(Rc<View>),
}

/// Objects in a row. How deeply they are nested is bounded, as dropping them calls itself.
#[derive(Debug)]
pub(crate) struct Tuple {
    pub items: Vec<Value>,
    pub depth: usize,
}

/// No state dict nests tuples deeper than three.
const DEEPEST: usize = 32;

impl Tuple {
    /// `None` if it were nested too deeply.
    pub fn value(items: Vec<Value>) -> Option<Value> {
        let depth = items.iter().map(|v| match v {
            Value::Tuple(t) => t.depth + 1,
            _ => 1,
        });
        let depth = depth.max().unwrap_or(1);
        (depth <= DEEPEST).then(|| Value::Tuple(Rc::new(Self { items, depth })))
    }
}

impl Value {
    /// A count, length or place.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    pub fn tuple(&self) -> Option<&[Value]> {
        match self {
            Self::Tuple(t) => Some(&t.items),
            _ => None,
        }
    }
}

/// What a pickle left: an object, and the dictionaries and lists that it may refer to.
#[derive(Debug)]
pub(crate) struct Program {
    pub result: Value,
    pub dicts: Vec<Vec<(Value, Value)>>,
    pub lists: Vec<Vec<Value>>,
}

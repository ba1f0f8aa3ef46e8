//! The objects that a pickle builds.

use super::allowed_names::Global;
use crate::dtype::DType;
use std::rc::Rc;

/// A sequence of numbers in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    pub key: String,
    pub dtype: DType,
    /// Count of numbers.
    pub len: usize,
}

/// A tensor: a view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorView {
    pub storage: Rc<Storage>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

/// An object. Dictionaries and lists, which instructions change after creation, are indices into a [`PickleObjects`].
#[derive(Clone, Debug, Default)]
pub(crate) enum PickleValue {
    #[default]
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
    Tensor(Rc<TensorView>),
}

/// A tuple. Its nesting depth is bounded, because dropping it is recursive.
#[derive(Debug)]
pub(crate) struct Tuple {
    pub items: Vec<PickleValue>,
    pub depth: usize,
}

/// Most levels of nested tuples; no state dict has more than three.
const DEEPEST: usize = 32;

impl Tuple {
    /// `None` if it would be nested too deeply.
    pub fn value(items: Vec<PickleValue>) -> Option<PickleValue> {
        let depth = items.iter().map(|v| match v {
            PickleValue::Tuple(t) => t.depth + 1,
            _ => 1,
        });
        let depth = depth.max().unwrap_or(1);
        (depth <= DEEPEST).then(|| PickleValue::Tuple(Rc::new(Self { items, depth })))
    }
}

impl PickleValue {
    /// A count, length or index.
    pub fn size(&self) -> Option<usize> {
        let Self::Int(n) = self else { return None };
        usize::try_from(*n).ok()
    }

    pub fn text(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        Some(text)
    }

    pub fn tuple(&self) -> Option<&[PickleValue]> {
        let Self::Tuple(tuple) = self else { return None };
        Some(&tuple.items)
    }

    /// The sizes of a tuple.
    pub fn sizes(&self) -> Option<Vec<usize>> {
        self.tuple()?.iter().map(Self::size).collect()
    }
}

/// The result of a pickle: an object, and the dictionaries and lists that it may refer to.
#[derive(Debug, Default)]
pub(crate) struct PickleObjects {
    pub result: PickleValue,
    pub dicts: Vec<Vec<(PickleValue, PickleValue)>>,
    pub lists: Vec<Vec<PickleValue>>,
}

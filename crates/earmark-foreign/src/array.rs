//! Numbers in float64 that go in and out of the nodes that are computed here.

use crate::graph::numbers_of;
use rten::ValueView;
use rten_onnx::onnx::TensorProto;
use rten_tensor::prelude::*;

/// Numbers and their shape, row-major.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// What was computed, rounded to float32.
#[derive(Debug)]
pub(crate) struct Rounded {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

impl Array {
    /// The numbers of a constant; `None` of a type that the runtime reads.
    pub fn of_tensor(tensor: &TensorProto) -> Option<Self> {
        let dims = tensor.dims.iter().map(|dim| usize::try_from(*dim).ok());
        Some(Self {
            shape: dims.collect::<Option<_>>()?,
            values: numbers_of(tensor)?,
        })
    }

    /// Numbers that the runtime gave.
    ///
    /// # Errors
    ///
    /// For what isn't numbers, in words.
    pub fn of_value(value: ValueView) -> Result<Self, String> {
        match value {
            ValueView::FloatTensor(x) => Ok(Self {
                shape: x.shape().to_vec(),
                values: x.iter().map(|x| f64::from(*x)).collect(),
            }),
            ValueView::Int32Tensor(x) => Ok(Self {
                shape: x.shape().to_vec(),
                values: x.iter().map(|x| f64::from(*x)).collect(),
            }),
            _ => Err("transforms what isn't floating numbers".into()),
        }
    }

    /// The one whole number that this is.
    pub fn whole(&self) -> Result<i64, String> {
        match self.values[..] {
            [value] if value.fract() == 0.0 => Ok(value as i64),
            _ => Err(format!(
                "gets numbers of shape {:?} for a whole number",
                self.shape
            )),
        }
    }
}

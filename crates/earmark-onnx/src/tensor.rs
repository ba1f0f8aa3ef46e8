//! Tensors: the values of constants and of evaluation.

/// The numbers of a [`Tensor`], row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorData {
    /// float32
    Float(Vec<f32>),
    /// int64
    Int(Vec<i64>),
    /// int8
    Int8(Vec<i8>),
    /// bool; not used in constants
    Bool(Vec<bool>),
}

impl TensorData {
    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Int8(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    /// ONNX's code of the element type (`TensorProto.DataType`).
    pub(crate) fn type_number(&self) -> i64 {
        match self {
            Self::Float(_) => 1,
            Self::Int8(_) => 3,
            Self::Int(_) => 7,
            Self::Bool(_) => 9,
        }
    }

    /// Bytes as in `raw_data`: little-endian.
    pub(crate) fn raw(&self) -> Vec<u8> {
        match self {
            Self::Float(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::Int(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::Int8(v) => v.iter().map(|x| x.cast_unsigned()).collect(),
            Self::Bool(v) => v.iter().map(|x| u8::from(*x)).collect(),
        }
    }
}

/// Numbers with a shape; without dimensions, a single number.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub data: TensorData,
}

impl Tensor {
    /// A tensor of this shape.
    ///
    /// # Panics
    /// If the shape does not match the number of elements.
    pub fn new(shape: &[usize], data: TensorData) -> Self {
        let wanted: usize = shape.iter().product();
        assert_eq!(
            data.len(),
            wanted,
            "a tensor of shape {shape:?} has {wanted} numbers"
        );
        Self {
            shape: shape.to_vec(),
            data,
        }
    }

    /// float32; panics as [`Tensor::new`].
    pub fn floats(shape: &[usize], values: Vec<f32>) -> Self {
        Self::new(shape, TensorData::Float(values))
    }

    /// int64; panics as [`Tensor::new`].
    pub fn ints(shape: &[usize], values: Vec<i64>) -> Self {
        Self::new(shape, TensorData::Int(values))
    }

    /// The numbers, if they are float32.
    pub fn as_floats(&self) -> Option<&[f32]> {
        match &self.data {
            TensorData::Float(v) => Some(v),
            _ => None,
        }
    }
}

//! Values: what constants hold and what evaluation computes.

/// The numbers of a [`Tensor`], row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// float32
    Float(Vec<f32>),
    /// int64
    Int(Vec<i64>),
    /// int8
    Int8(Vec<i8>),
    /// bool; no constant holds them
    Bool(Vec<bool>),
}

impl Data {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Int8(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// ONNX's number of the element type (`TensorProto.DataType`).
    pub(crate) fn type_number(&self) -> i64 {
        match self {
            Self::Float(_) => 1,
            Self::Int8(_) => 3,
            Self::Int(_) => 7,
            Self::Bool(_) => 9,
        }
    }

    /// As `raw_data` holds them: little-endian.
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
    pub data: Data,
}

impl Tensor {
    /// A tensor of as many numbers as its shape says.
    ///
    /// # Panics
    /// If there are more or fewer.
    pub fn new(shape: &[usize], data: Data) -> Self {
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
        Self::new(shape, Data::Float(values))
    }

    /// int64; panics as [`Tensor::new`].
    pub fn ints(shape: &[usize], values: Vec<i64>) -> Self {
        Self::new(shape, Data::Int(values))
    }

    /// The numbers, if they are float32.
    pub fn as_floats(&self) -> Option<&[f32]> {
        match &self.data {
            Data::Float(v) => Some(v),
            _ => None,
        }
    }
}

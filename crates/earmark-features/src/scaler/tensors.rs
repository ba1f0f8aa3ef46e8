//! Scaler and PCA as tensors of a model file.

/// A tensor as stored in a model file: flat, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Dotted name.
    pub name: &'static str,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// All values, row-major.
    pub values: Vec<f32>,
}

impl NamedTensor {
    pub(super) fn new<'a>(
        name: &'static str,
        shape: &[usize],
        values: impl IntoIterator<Item = &'a f64>,
    ) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            values: values.into_iter().map(|x| *x as f32).collect(),
        }
    }
}

//! Scaler and PCA as tensors of a model file.

use super::error::ScalerError;

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
    pub(super) fn new(name: &'static str, shape: &[usize], values: impl Iterator<Item = f64>) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            values: values.map(|x| x as f32).collect(),
        }
    }
}

/// The tensor called `name`, with `rank` dimensions.
pub(super) fn find<'a>(
    tensors: &'a [NamedTensor],
    name: &str,
    rank: usize,
) -> Result<&'a NamedTensor, ScalerError> {
    let refuse = |problem: String| ScalerError::Tensor {
        name: name.into(),
        problem,
    };
    let found = tensors.iter().find(|t| t.name == name);
    let tensor = found.ok_or_else(|| refuse("is missing".into()))?;
    if tensor.shape.len() != rank || tensor.shape.iter().product::<usize>() != tensor.values.len() {
        let problem = format!("has shape {:?} and {} values", tensor.shape, tensor.values.len());
        return Err(refuse(problem));
    }
    if !tensor.values.iter().all(|x| x.is_finite()) {
        return Err(refuse("holds values that are not finite".into()));
    }
    Ok(tensor)
}

/// Refuses a tensor whose length is not `wanted`.
pub(super) fn check_len(tensor: &NamedTensor, wanted: usize) -> Result<(), ScalerError> {
    if tensor.values.len() == wanted {
        return Ok(());
    }
    Err(ScalerError::Tensor {
        name: tensor.name.into(),
        problem: format!("holds {} values instead of {wanted}", tensor.values.len()),
    })
}

/// The values of a tensor in double precision.
pub(super) fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

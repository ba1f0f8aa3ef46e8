//! The tensor of another model for a variable of this one.

use crate::checkpoint::{HostTensor, ModelFile};
use earmark_models::VarSpec;

/// The model's tensor for a variable, which must have the wanted shape; else the variable's name and the problem.
pub(super) fn find<'a>(
    model: &'a ModelFile,
    spec: &VarSpec,
    wanted: &[usize],
) -> Result<&'a HostTensor, (String, String)> {
    let unfit = |problem: String| (spec.name.clone(), problem);
    let tensor = model.tensors.get(&spec.name);
    let tensor = tensor.ok_or_else(|| unfit("is not in the model".into()))?;
    if tensor.shape == wanted {
        return Ok(tensor);
    }
    Err(unfit(format!(
        "has shape {:?} there and {:?} here",
        tensor.shape, spec.shape
    )))
}

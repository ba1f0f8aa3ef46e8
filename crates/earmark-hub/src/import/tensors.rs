//! Takes the tensors of a network out of a checkpoint, by name and shape.

use earmark_models::VarSpec;
use earmark_torch::TorchTensor;
use std::collections::BTreeMap;

/// The tensors of a checkpoint by their upstream names.
pub(super) type Checkpoint = BTreeMap<String, TorchTensor>;

/// How many differences a message lists.
const LISTED: usize = 4;

/// Takes the values of every variable out of `checkpoint`. Only tensors that `ignores` accepts may remain.
///
/// # Errors
/// The first few differences, as text.
pub(super) fn take_tensors(
    checkpoint: &mut Checkpoint,
    specs: &[VarSpec],
    upstream_name: &dyn Fn(&VarSpec) -> String,
    ignores: &dyn Fn(&str) -> bool,
) -> Result<Vec<Vec<f32>>, String> {
    let (mut values, mut differences) = (Vec::with_capacity(specs.len()), Vec::new());
    for spec in specs {
        match take(checkpoint, &upstream_name(spec), &spec.shape) {
            Ok(taken) => values.push(taken),
            Err(difference) => differences.push(difference),
        }
    }
    let unknown = checkpoint.keys().filter(|name| !ignores(name));
    differences.extend(unknown.map(|name| format!("`{name}` is unknown")));
    if differences.is_empty() {
        return Ok(values);
    }
    let more = differences.len().saturating_sub(LISTED);
    differences.truncate(LISTED);
    let mut text = differences.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    Err(text)
}

/// Takes the values of one variable, or says how the checkpoint differs.
fn take(checkpoint: &mut Checkpoint, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let tensor = checkpoint.remove(name);
    let tensor = tensor.ok_or_else(|| format!("`{name}` is missing"))?;
    if tensor.shape != shape {
        return Err(format!("`{name}` is {:?} instead of {shape:?}", tensor.shape));
    }
    let other = format!("`{name}` holds {:?} instead of floating numbers", tensor.dtype);
    let values = tensor.values.ok_or(other)?;
    match values.iter().copied().find(|x| !x.is_finite()) {
        Some(bad) => Err(format!("`{name}` holds {bad}")),
        None => Ok(values),
    }
}

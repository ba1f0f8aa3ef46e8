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
    let mut differences = Vec::new();
    let mut values = Vec::with_capacity(specs.len());
    for spec in specs {
        let name = upstream_name(spec);
        match checkpoint.remove(&name) {
            None => differences.push(format!("`{name}` is missing")),
            Some(t) if t.shape != spec.shape => {
                differences.push(format!("`{name}` is {:?} instead of {:?}", t.shape, spec.shape));
            }
            Some(TorchTensor {
                values: None, dtype, ..
            }) => {
                differences.push(format!("`{name}` holds {dtype:?} instead of floating numbers"));
            }
            Some(TorchTensor { values: Some(v), .. }) => {
                if let Some(bad) = v.iter().find(|x| !x.is_finite()) {
                    differences.push(format!("`{name}` holds {bad}"));
                }
                values.push(v);
            }
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

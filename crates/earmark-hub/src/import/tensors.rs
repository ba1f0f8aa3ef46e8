//! Takes the tensors of a network out of a checkpoint, by name and shape.

use earmark_models::VarSpec;
use earmark_torch::TorchTensor;
use std::collections::BTreeMap;

/// The tensors of a checkpoint by their upstream names.
pub(super) type Checkpoint = BTreeMap<String, TorchTensor>;

/// How many differences a message lists.
const LISTED: usize = 4;

/// What wrappers put before every name: `DataParallel`, Lightning and similar modules, `torch.compile`.
const WRAPPERS: &[&str] = &["module.", "model.", "_orig_mod."];

/// The same tensors without the prefixes of wrappers that all names share.
pub(super) fn without_wrappers(mut checkpoint: Checkpoint) -> Checkpoint {
    let shared = |checkpoint: &Checkpoint| {
        let has = |prefix: &&str| checkpoint.keys().all(|name| name.starts_with(prefix));
        WRAPPERS.iter().copied().find(has).map(str::len)
    };
    while let (false, Some(length)) = (checkpoint.is_empty(), shared(&checkpoint)) {
        let tensors = checkpoint.into_iter();
        checkpoint = tensors
            .map(|(name, tensor)| (name[length..].to_owned(), tensor))
            .collect();
    }
    checkpoint
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_torch::DType;

    #[test]
    fn prefixes_that_all_names_share_are_taken_off() {
        let tensor = || TorchTensor {
            dtype: DType::F32,
            shape: vec![0],
            values: Some(Vec::new()),
        };
        let names = |given: &[&str]| -> Vec<String> {
            let checkpoint = given.iter().map(|name| ((*name).to_owned(), tensor())).collect();
            without_wrappers(checkpoint).into_keys().collect()
        };
        assert_eq!(names(&["module.a.weight", "module.b"]), ["a.weight", "b"]);
        assert_eq!(
            names(&["_orig_mod.module.a", "_orig_mod.module.model.b"]),
            ["a", "model.b"]
        );
        for own in [&["b", "module.a"][..], &["modules.a"], &[]] {
            assert_eq!(names(own), own);
        }
    }
}

//! Named tensors from the objects of a pickle.

use crate::dtype::DType;
use crate::error::CheckpointFault;
use crate::pickle::{PickleObjects, PickleValue, TensorView};
use std::collections::HashMap;

/// Tensors by name, in the order of the file.
pub type StateDict = Vec<(String, TorchTensor)>;

/// A tensor of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct TorchTensor {
    /// Number type in the file.
    pub dtype: DType,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// The values in single precision, row-major; `None` for integers, which are never weights.
    pub values: Option<Vec<f32>>,
}

/// Keys under which training checkpoints store the network.
const NESTED: [&str; 4] = ["model", "state_dict", "model_state_dict", "nn_state_dict"];

/// The tensors of the outermost dictionary, or of the one in it under a usual key.
pub(crate) fn tensors<'a>(
    objects: &PickleObjects,
    file_len: usize,
    storage: impl Fn(&str) -> Result<&'a [u8], CheckpointFault>,
) -> Result<StateDict, CheckpointFault> {
    let no_state = |found: String| CheckpointFault::NoState { found };
    let PickleValue::Dict(root) = objects.result else {
        return Err(no_state("its outermost object is not a dictionary".into()));
    };
    let has_tensors = |dict: usize| {
        objects.dicts[dict]
            .iter()
            .any(|(_, v)| matches!(v, PickleValue::Tensor(_)))
    };
    let nested = |key: &str| {
        objects.dicts[root].iter().find_map(|(k, v)| match v {
            PickleValue::Dict(dict) if k.text() == Some(key) => Some(*dict),
            _ => None,
        })
    };
    let dict = if has_tensors(root) {
        root
    } else {
        NESTED
            .into_iter()
            .find_map(nested)
            .filter(|dict| has_tensors(*dict))
            .ok_or_else(|| {
                let keys = objects.dicts[root].iter().filter_map(|(k, _)| k.text()).take(5);
                no_state(format!("its keys are {}", keys.collect::<Vec<_>>().join(", ")))
            })?
    };
    // Tensors may share storage; the total of what they unfold to is limited to twice the file.
    let mut room = file_len.saturating_mul(2);
    let mut found = StateDict::new();
    let mut positions = HashMap::new();
    for (key, value) in &objects.dicts[dict] {
        let (Some(name), PickleValue::Tensor(view)) = (key.text(), value) else {
            continue;
        };
        let tensor = tensor(name, view, &storage, &mut room)?;
        // As in Python, the last value of a key counts.
        let position = *positions.entry(name).or_insert(found.len());
        match found.get_mut(position) {
            Some((_, earlier)) => *earlier = tensor,
            None => found.push((name.to_owned(), tensor)),
        }
    }
    Ok(found)
}

fn tensor<'a>(
    name: &str,
    view: &TensorView,
    storage: impl Fn(&str) -> Result<&'a [u8], CheckpointFault>,
    room: &mut usize,
) -> Result<TorchTensor, CheckpointFault> {
    let bad = |problem: String| {
        let name = name.chars().take(100).collect();
        Err(CheckpointFault::Tensor { name, problem })
    };
    let (dtype, shape) = (view.storage.dtype, &view.shape);
    let (dimensions, strides) = (shape.len(), view.stride.len());
    if dimensions != strides || dimensions > 8 {
        return bad(format!("has {dimensions} dimensions and {strides} strides"));
    }
    let bytes = storage(&view.storage.key)?;
    let available = bytes.len() / dtype.size();
    if available < view.storage.len {
        return bad(format!("has {available} of {} numbers", view.storage.len));
    }
    let Some(count) = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) else {
        return bad(format!("has the shape {shape:?}"));
    };
    // The last number that the view reads.
    let mut steps = shape.iter().zip(&view.stride);
    let last = steps.try_fold(view.offset, |at, (d, s)| {
        at.checked_add(d.saturating_sub(1).checked_mul(*s)?)
    });
    if count > 0 && last.is_none_or(|last| last >= available) || count > available {
        return bad(format!("has the shape {shape:?}, but only {available} numbers"));
    }
    match room.checked_sub(count * dtype.size()) {
        Some(rest) => *room = rest,
        None => return bad("shares its storage with too many other tensors".into()),
    }
    let values = (!matches!(dtype, DType::Int(_))).then(|| numbers(view, bytes, count));
    Ok(TorchTensor {
        dtype,
        shape: shape.clone(),
        values,
    })
}

/// The numbers of a checked view, row-major.
fn numbers(view: &TensorView, bytes: &[u8], count: usize) -> Vec<f32> {
    let (dtype, size) = (view.storage.dtype, view.storage.dtype.size());
    let number = |at: usize| dtype.number(&bytes[at * size..][..size]).unwrap_or(f32::NAN);
    let mut index = vec![0usize; view.shape.len()];
    let mut at = view.offset;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(number(at));
        // The next index: the last axis first, with a carry.
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            at += view.stride[axis];
            if index[axis] < view.shape[axis] {
                break;
            }
            at -= view.stride[axis] * view.shape[axis];
            index[axis] = 0;
        }
    }
    out
}

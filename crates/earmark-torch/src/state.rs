//! From what a pickle built to named tensors.

use crate::StateDict;
use crate::dtype::DType;
use crate::error::Broken;
use crate::value::{Program, Value, View};
use std::collections::HashMap;

/// A tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Type of the numbers in the file.
    pub dtype: DType,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// The numbers in single precision, row-major; none for whole numbers, which no layer's weights are.
    pub values: Option<Vec<f32>>,
}

/// Keys under which checkpoints of trainings keep the network.
const NESTED: [&str; 3] = ["model", "state_dict", "model_state_dict"];

/// The tensors of the outermost dictionary, or of the one that it keeps under a usual key.
pub(crate) fn tensors<'a>(
    program: &Program,
    file_len: usize,
    storage: impl Fn(&str) -> Result<&'a [u8], Broken>,
) -> Result<StateDict, Broken> {
    let no_state = |found: String| Broken::NoState { found };
    let Value::Dict(root) = program.result else {
        return Err(no_state("its outermost object is no dictionary".into()));
    };
    let has_tensors = |dict: usize| {
        program.dicts[dict]
            .iter()
            .any(|(_, v)| matches!(v, Value::Tensor(_)))
    };
    let nested = |key: &str| {
        program.dicts[root].iter().find_map(|(k, v)| match v {
            Value::Dict(dict) if k.text() == Some(key) => Some(*dict),
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
                let keys = program.dicts[root].iter().filter_map(|(k, _)| k.text()).take(5);
                no_state(format!("its keys are {}", keys.collect::<Vec<_>>().join(", ")))
            })?
    };
    // Tensors may share numbers; what they make of them in all stays in proportion.
    let mut room = file_len.saturating_mul(2);
    let mut found = StateDict::new();
    let mut places = HashMap::new();
    for (key, value) in &program.dicts[dict] {
        let (Some(name), Value::Tensor(view)) = (key.text(), value) else {
            continue;
        };
        let tensor = tensor(view, &storage, &mut room).map_err(|problem| match problem {
            Problem::Storage(broken) => broken,
            Problem::Tensor(problem) => Broken::Tensor {
                name: name.chars().take(100).collect(),
                problem,
            },
        })?;
        match places.insert(name, found.len()) {
            // As in Python, the last value of a key counts.
            Some(place) => {
                found[place].1 = tensor;
                places.insert(name, place);
            }
            None => found.push((name.to_owned(), tensor)),
        }
    }
    Ok(found)
}

enum Problem {
    Storage(Broken),
    Tensor(String),
}

fn tensor<'a>(
    view: &View,
    storage: impl Fn(&str) -> Result<&'a [u8], Broken>,
    room: &mut usize,
) -> Result<Tensor, Problem> {
    let bad = |text: String| Err(Problem::Tensor(text));
    let (dtype, shape) = (view.storage.dtype, &view.shape);
    if shape.len() != view.stride.len() || shape.len() > 8 {
        return bad(format!(
            "has {} dimensions and {} strides",
            shape.len(),
            view.stride.len()
        ));
    }
    let bytes = storage(&view.storage.key).map_err(Problem::Storage)?;
    let there = bytes.len() / dtype.size();
    if there < view.storage.len {
        return bad(format!("has {there} numbers of {}", view.storage.len));
    }
    let Some(count) = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) else {
        return bad(format!("has the shape {shape:?}"));
    };
    // The last number that it reads.
    let last = shape
        .iter()
        .zip(&view.stride)
        .try_fold(view.offset, |at, (d, s)| {
            at.checked_add(d.saturating_sub(1).checked_mul(*s)?)
        });
    if count > 0 && last.is_none_or(|last| last >= there) || count > there {
        return bad(format!(
            "has the shape {shape:?}, for which its {there} numbers do not suffice"
        ));
    }
    match room.checked_sub(count * dtype.size()) {
        Some(rest) => *room = rest,
        None => return bad("shares its numbers with too many others".into()),
    }
    let values = (!matches!(dtype, DType::Int(_))).then(|| numbers(view, bytes, count));
    Ok(Tensor {
        dtype,
        shape: shape.clone(),
        values,
    })
}

/// The numbers of a view that was checked, row-major.
fn numbers(view: &View, bytes: &[u8], count: usize) -> Vec<f32> {
    let (dtype, size) = (view.storage.dtype, view.storage.dtype.size());
    let number = |at: usize| dtype.number(&bytes[at * size..][..size]).unwrap_or(f32::NAN);
    let mut index = vec![0usize; view.shape.len()];
    let mut at = view.offset;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(number(at));
        // The next place: the last axis first, with a carry.
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

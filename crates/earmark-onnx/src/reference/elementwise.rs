//! Operators that work element by element.

use super::call::{Call, Outcome, strides};
use crate::tensor::{Tensor, TensorData};

/// The broadcast shape of two: dimensions are equal, or one of them is 1, counted from the last.
pub(super) fn broadcast_shape(a: &[usize], b: &[usize]) -> Outcome<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => Err(format!("shapes {a:?} and {b:?} do not match")),
        })
        .collect()
}

/// The index of each element of `shape` in a tensor of shape `from`, repeated along its dimensions of 1.
pub(super) fn indices(from: &[usize], shape: &[usize]) -> Vec<usize> {
    let lead = shape.len() - from.len();
    let steps = strides(from);
    let steps: Vec<usize> = (0..shape.len())
        .map(|i| match i.checked_sub(lead) {
            Some(i) if from[i] > 1 => steps[i],
            _ => 0,
        })
        .collect();
    let axes = shape.iter().zip(steps);
    axes.fold(vec![0], |indices, (n, step)| spread(&indices, *n, step))
}

/// Each index, and those that follow it in `n` steps.
pub(super) fn spread(indices: &[usize], n: usize, step: usize) -> Vec<usize> {
    let from = |&p: &usize| (0..n).map(move |i| p + i * step);
    indices.iter().flat_map(from).collect()
}

/// Combines both, element by element.
fn zip<A: Copy, B: Copy, T>(
    a: (&[usize], &[A]),
    b: (&[usize], &[B]),
    f: impl Fn(A, B) -> T,
) -> Outcome<(Vec<usize>, Vec<T>)> {
    if a.0 == b.0 {
        let values = a.1.iter().zip(b.1).map(|(x, y)| f(*x, *y)).collect();
        return Ok((a.0.to_vec(), values));
    }
    if b.1.len() == 1 && b.0.len() <= a.0.len() {
        return Ok((a.0.to_vec(), a.1.iter().map(|x| f(*x, b.1[0])).collect()));
    }
    let shape = broadcast_shape(a.0, b.0)?;
    let (pa, pb) = (indices(a.0, &shape), indices(b.0, &shape));
    let values = pa.into_iter().zip(pb).map(|(i, j)| f(a.1[i], b.1[j])).collect();
    Ok((shape, values))
}

impl Call<'_> {
    pub(super) fn binary(&self) -> Outcome {
        let (a, b) = (self.input(0)?, self.input(1)?);
        match (&a.data, &b.data) {
            (TensorData::Float(x), TensorData::Float(y)) => {
                let (x, y) = ((&a.shape[..], &x[..]), (&b.shape[..], &y[..]));
                if self.node.op == "Less" {
                    let (shape, values) = zip(x, y, |x, y| x < y)?;
                    return Ok(Tensor::new(&shape, TensorData::Bool(values)));
                }
                let f: fn(f32, f32) -> f32 = match self.node.op {
                    "Add" => |x, y| x + y,
                    "Sub" => |x, y| x - y,
                    "Mul" => |x, y| x * y,
                    "Div" => |x, y| x / y,
                    "Max" => f32::max,
                    "Min" => f32::min,
                    "PRelu" => |x, slope| if x < 0.0 { slope * x } else { x },
                    other => return Err(format!("{other} of float32 is not supported")),
                };
                let (shape, values) = zip(x, y, f)?;
                Ok(Tensor::floats(&shape, values))
            }
            (TensorData::Int(x), TensorData::Int(y)) => {
                if matches!(self.node.op, "Div" | "Mod") && y.contains(&0) {
                    return Err("division by 0".into());
                }
                let f: fn(i64, i64) -> i64 = match self.node.op {
                    "Add" => |x, y| x + y,
                    "Sub" => |x, y| x - y,
                    "Mul" => |x, y| x * y,
                    // Runtimes disagree about negative numbers: some round down and some towards 0.
                    "Div" if x.iter().chain(y).all(|v| *v >= 0) => |x, y| x / y,
                    "Mod" if x.iter().chain(y).all(|v| *v >= 0) => |x, y| x % y,
                    "Max" => i64::max,
                    "Min" => i64::min,
                    other => return Err(format!("{other} of these int64 is not supported")),
                };
                let (shape, values) = zip((&a.shape, x), (&b.shape, y), f)?;
                Ok(Tensor::ints(&shape, values))
            }
            _ => Err("the inputs have different types".into()),
        }
    }

    pub(super) fn unary(&self) -> Outcome {
        let f: fn(f32) -> f32 = match self.node.op {
            "Sqrt" => f32::sqrt,
            "Log" => f32::ln,
            "Relu" => |x| x.max(0.0),
            "Sigmoid" => |x| 1.0 / (1.0 + (-x).exp()),
            "Atan" => f32::atan,
            _ => |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0), // HardSwish
        };
        self.map(f)
    }

    fn map(&self, f: impl Fn(f32) -> f32) -> Outcome {
        let values = self.floats(0)?.iter().map(|x| f(*x)).collect();
        Ok(Tensor::floats(&self.input(0)?.shape, values))
    }

    pub(super) fn clip(&self) -> Outcome {
        let (&[low], &[high]) = (self.floats(1)?, self.floats(2)?) else {
            return Err("needs two single bounds".into());
        };
        self.map(|x| x.max(low).min(high))
    }

    pub(super) fn select(&self) -> Outcome {
        let TensorData::Bool(condition) = &self.input(0)?.data else {
            return Err("the condition is not bool".into());
        };
        let (a, b) = (self.floats(1)?, self.floats(2)?);
        let shapes = [0, 1, 2].map(|i| &self.inputs[i].shape[..]);
        let shape = broadcast_shape(shapes[0], &broadcast_shape(shapes[1], shapes[2])?)?;
        let [pc, pa, pb] = shapes.map(|from| indices(from, &shape));
        let value = |i| if condition[pc[i]] { a[pa[i]] } else { b[pb[i]] };
        Ok(Tensor::floats(&shape, (0..pc.len()).map(value).collect()))
    }

    pub(super) fn cast(&self) -> Outcome {
        let x = self.input(0)?;
        if self.int("to", 0) != 1 {
            return Err("only casts to float32 are supported".into());
        }
        let values = match &x.data {
            TensorData::Float(v) => v.clone(),
            TensorData::Int(v) => v.iter().map(|i| *i as f32).collect(),
            TensorData::Int8(v) => v.iter().map(|i| f32::from(*i)).collect(),
            TensorData::Bool(v) => v.iter().map(|b| f32::from(u8::from(*b))).collect(),
        };
        Ok(Tensor::floats(&x.shape, values))
    }
}

//! Operators that move values without changing them.

use super::call::{Call, Outcome, around, length, strides};
use super::elementwise::{broadcast_shape, indices, spread};
use crate::graph::signed;
use crate::tensor::{Tensor, TensorData};
use std::ops::Range;

/// The values at these indices, as a tensor of this shape.
fn pick(x: &Tensor, shape: &[usize], indices: &[usize]) -> Tensor {
    let data = match &x.data {
        TensorData::Float(v) => TensorData::Float(indices.iter().map(|i| v[*i]).collect()),
        TensorData::Int(v) => TensorData::Int(indices.iter().map(|i| v[*i]).collect()),
        TensorData::Int8(v) => TensorData::Int8(indices.iter().map(|i| v[*i]).collect()),
        TensorData::Bool(v) => TensorData::Bool(indices.iter().map(|i| v[*i]).collect()),
    };
    Tensor::new(shape, data)
}

/// The indices in a tensor of `shape` that have these indices along one axis.
fn along(shape: &[usize], axis: usize, wanted: &[usize]) -> Vec<usize> {
    let [before, n, after] = around(shape, axis);
    let mut found = Vec::with_capacity(before * wanted.len() * after);
    for b in 0..before {
        for i in wanted {
            let start = (b * n + i) * after;
            found.extend(start..start + after);
        }
    }
    found
}

/// The part of a tensor in this range of an axis.
fn part(x: &Tensor, axis: usize, range: Range<usize>) -> Tensor {
    let mut shape = x.shape.clone();
    shape[axis] = range.len();
    let indices: Vec<usize> = range.collect();
    pick(x, &shape, &along(&x.shape, axis, &indices))
}

/// The inputs, each cut into `before` pieces: all first pieces, then all second ones, and so on.
fn interleave<T: Copy>(before: usize, inputs: &[&[T]]) -> Vec<T> {
    let piece = |values: &[T], b: usize| {
        let each = values.len() / before;
        values[b * each..][..each].to_vec()
    };
    (0..before)
        .flat_map(|b| inputs.iter().flat_map(move |values| piece(values, b)))
        .collect()
}

impl Call<'_> {
    pub(super) fn shape(&self) -> Outcome {
        let shape = &self.input(0)?.shape;
        let start = length(self.int("start", 0))?;
        let end = length(self.int("end", signed(shape.len())))?;
        let part = shape.get(start..end).ok_or("has fewer dimensions")?;
        let part = part.iter().map(|n| signed(*n)).collect();
        Ok(Tensor::ints(&[end - start], part))
    }

    pub(super) fn reshape(&self) -> Outcome {
        let x = self.input(0)?;
        let wanted = self.ints(1)?;
        let mut shape = Vec::with_capacity(wanted.len());
        let mut rest = None;
        for (i, n) in wanted.iter().enumerate() {
            shape.push(match n {
                -1 if rest.is_none() => {
                    rest = Some(i);
                    1
                }
                0 => *x
                    .shape
                    .get(i)
                    .ok_or("0 refers to a dimension that does not exist")?,
                n => length(*n)?,
            });
        }
        let known: usize = shape.iter().product();
        if let Some(i) = rest {
            shape[i] = x.data.len() / known.max(1);
        }
        if shape.iter().product::<usize>() != x.data.len() {
            return Err(format!("{:?} can't be reshaped to {wanted:?}", x.shape));
        }
        Ok(Tensor::new(&shape, x.data.clone()))
    }

    pub(super) fn transpose(&self) -> Outcome {
        let x = self.input(0)?;
        let order = self.sizes("perm").ok_or("perm is missing")?;
        let steps = strides(&x.shape);
        let (mut from, mut shape) = (vec![0], Vec::new());
        for axis in order {
            let n = *x.shape.get(axis).ok_or("perm has an axis that does not exist")?;
            shape.push(n);
            from = spread(&from, n, steps[axis]);
        }
        if shape.len() != x.shape.len() {
            return Err("perm leaves out an axis".into());
        }
        Ok(pick(x, &shape, &from))
    }

    pub(super) fn concat(&self) -> Outcome {
        let first = self.input(0)?;
        let axis = self.axis(self.int("axis", 0), first.shape.len())?;
        let mut shape = first.shape.clone();
        shape[axis] = 0;
        for x in self.inputs {
            let fits =
                x.shape.len() == shape.len() && (0..shape.len()).all(|i| i == axis || x.shape[i] == shape[i]);
            if !fits {
                return Err(format!(
                    "{:?} can't be concatenated to {:?}",
                    x.shape, first.shape
                ));
            }
            shape[axis] += x.shape[axis];
        }
        let (before, n) = (around(&shape, axis)[0], self.inputs.len());
        let data = match &first.data {
            TensorData::Float(_) => {
                let inputs = (0..n).map(|i| self.floats(i)).collect::<Outcome<Vec<_>>>()?;
                TensorData::Float(interleave(before, &inputs))
            }
            TensorData::Int(_) => {
                let inputs = (0..n).map(|i| self.ints(i)).collect::<Outcome<Vec<_>>>()?;
                TensorData::Int(interleave(before, &inputs))
            }
            _ => return Err("this type is not supported".into()),
        };
        Ok(Tensor::new(&shape, data))
    }

    pub(super) fn range(&self) -> Outcome {
        let (&[start], &[end], &[step]) = (self.ints(0)?, self.ints(1)?, self.ints(2)?) else {
            return Err("needs three single numbers".into());
        };
        let step = length(step)?.max(1);
        let values: Vec<i64> = (start..end).step_by(step).collect();
        Ok(Tensor::ints(&[values.len()], values))
    }

    pub(super) fn gather(&self) -> Outcome {
        let (x, indices) = (self.input(0)?, self.ints(1)?);
        let axis = self.axis(self.int("axis", 0), x.shape.len())?;
        let n = x.shape[axis];
        let at = |i: &i64| {
            let found = usize::try_from(*i).ok().filter(|i| *i < n);
            found.ok_or_else(|| format!("index {i} is outside {n}"))
        };
        let indices: Vec<usize> = indices.iter().map(at).collect::<Outcome<_>>()?;
        let mut shape = x.shape[..axis].to_vec();
        shape.extend(&self.input(1)?.shape);
        shape.extend(&x.shape[axis + 1..]);
        Ok(pick(x, &shape, &along(&x.shape, axis, &indices)))
    }

    pub(super) fn slice(&self) -> Outcome {
        let x = self.input(0)?;
        let (&[start], &[end], &[axis]) = (self.ints(1)?, self.ints(2)?, self.ints(3)?) else {
            return Err("several axes are not supported".into());
        };
        let axis = self.axis(axis, x.shape.len())?;
        let n = signed(x.shape[axis]);
        let bound = |i: i64| if i < 0 { (i + n).max(0) } else { i.min(n) };
        Ok(part(x, axis, length(bound(start))?..length(bound(end))?))
    }

    pub(super) fn split(&self) -> Outcome<Vec<Tensor>> {
        let x = self.input(0)?;
        let axis = self.axis(self.int("axis", 0), x.shape.len())?;
        let parts = self.node.outputs.len();
        let each = x.shape[axis] / parts;
        if each * parts != x.shape[axis] {
            return Err(format!("{} can't be split into {parts}", x.shape[axis]));
        }
        Ok((0..parts)
            .map(|k| part(x, axis, k * each..(k + 1) * each))
            .collect())
    }

    /// Modes `constant` (0 without a third input) and `edge`, one axis after another.
    pub(super) fn pad(&self) -> Outcome {
        let (x, pads) = (self.input(0)?, self.ints(1)?);
        let rank = x.shape.len();
        if pads.len() != 2 * rank {
            return Err(format!("{} pads for {rank} axes", pads.len()));
        }
        let fill = match self.inputs.len() {
            2 => 0.0,
            _ => *self.floats(2)?.first().ok_or("the fill value is missing")?,
        };
        let edge = match self.text("mode").unwrap_or("constant") {
            "constant" => false,
            "edge" => true,
            other => return Err(format!("mode {other} is not supported")),
        };
        let (mut shape, mut values) = (x.shape.clone(), self.floats(0)?.to_vec());
        for axis in 0..rank {
            let (front, back) = (length(pads[axis])?, length(pads[axis + rank])?);
            if front + back == 0 {
                continue;
            }
            let [before, n, after] = around(&shape, axis);
            if edge && n == 0 {
                return Err("an empty axis has no edge".into());
            }
            let mut out = Vec::with_capacity(before * (front + n + back) * after);
            for b in 0..before {
                for i in 0..front + n + back {
                    let inside = i.checked_sub(front).filter(|i| *i < n);
                    let inside = inside.or(edge.then(|| if i < front { 0 } else { n - 1 }));
                    match inside {
                        Some(i) => out.extend_from_slice(&values[(b * n + i) * after..][..after]),
                        None => out.extend(std::iter::repeat_n(fill, after)),
                    }
                }
            }
            values = out;
            shape[axis] = front + n + back;
        }
        Ok(Tensor::floats(&shape, values))
    }

    pub(super) fn expand(&self) -> Outcome {
        let x = self.input(0)?;
        let wanted = self.ints(1)?.iter().map(|n| length(*n));
        let shape = broadcast_shape(&x.shape, &wanted.collect::<Outcome<Vec<_>>>()?)?;
        Ok(pick(x, &shape, &indices(&x.shape, &shape)))
    }
}

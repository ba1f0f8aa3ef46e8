//! Operators that reduce many numbers to one, and softmax.

use super::call::{Call, Outcome, around};
use crate::graph::Attribute;
use crate::tensor::Tensor;

impl Call<'_> {
    pub(super) fn reduce(&self) -> Outcome {
        let x = self.input(0)?;
        let Some(Attribute::Ints(axes)) = self.attribute("axes") else {
            return Err("axes are missing".into());
        };
        let (mut shape, mut values) = (x.shape.clone(), self.floats(0)?.to_vec());
        let mut gone = vec![false; shape.len()];
        for axis in axes {
            let axis = self.axis(*axis, shape.len())?;
            let [before, n, after] = around(&shape, axis);
            if n == 0 {
                return Err(format!("axis {axis} has no values"));
            }
            let at = |i: usize, k: usize| values[(i / after * n + k) * after + i % after];
            values = (0..before * after)
                .map(|i| match self.node.op {
                    "ReduceMax" => (0..n).map(|k| at(i, k)).fold(f32::NEG_INFINITY, f32::max),
                    "ReduceMin" => (0..n).map(|k| at(i, k)).fold(f32::INFINITY, f32::min),
                    _ => ((0..n).map(|k| f64::from(at(i, k))).sum::<f64>() / n as f64) as f32,
                })
                .collect();
            (shape[axis], gone[axis]) = (1, true);
        }
        if self.int("keepdims", 1) == 0 {
            let mut gone = gone.into_iter();
            shape.retain(|_| !gone.next().unwrap_or(false));
        }
        Ok(Tensor::floats(&shape, values))
    }

    /// Softmax along the last axis.
    pub(super) fn softmax(&self) -> Outcome {
        let x = self.input(0)?;
        let n = x.shape.last().copied().unwrap_or(1);
        if self.axis(self.int("axis", -1), x.shape.len())? + 1 != x.shape.len() {
            return Err("only the last axis is supported".into());
        }
        let mut values = self.floats(0)?.to_vec();
        for row in values.chunks_mut(n.max(1)) {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut().for_each(|v| *v = (*v - most).exp());
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|v| *v /= sum);
        }
        Ok(Tensor::floats(&x.shape, values))
    }
}

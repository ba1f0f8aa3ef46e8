//! One node with its inputs: which operator it calls, and how operators read inputs and attributes.

use crate::graph::{Attribute, Node};
use crate::tensor::{Tensor, TensorData};

/// The result of an operator, or why it has none.
pub(super) type Outcome<T = Tensor> = Result<T, String>;

/// A node with the values of its inputs.
pub(super) struct Call<'a> {
    pub(super) node: &'a Node,
    pub(super) inputs: &'a [&'a Tensor],
}

impl Call<'_> {
    pub(super) fn run(&self) -> Outcome<Vec<Tensor>> {
        if self.node.op == "Split" {
            return self.split();
        }
        let one = match self.node.op {
            "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Mod" | "Less" | "PRelu" => self.binary(),
            "Sqrt" | "Log" | "Relu" | "Sigmoid" | "Atan" | "HardSwish" => self.unary(),
            "Clip" => self.clip(),
            "Where" => self.select(),
            "Cast" => self.cast(),
            "Identity" => Ok(self.input(0)?.clone()),
            "Shape" => self.shape(),
            "Reshape" => self.reshape(),
            "Transpose" => self.transpose(),
            "Concat" => self.concat(),
            "Range" => self.range(),
            "Gather" => self.gather(),
            "Slice" => self.slice(),
            "Pad" => self.pad(),
            "Expand" => self.expand(),
            "MatMul" => self.matmul(),
            "Gemm" => self.gemm(),
            "Conv" => self.conv(),
            "LSTM" => self.lstm(),
            "AveragePool" | "MaxPool" => self.pool(),
            "ReduceMean" | "ReduceMax" | "ReduceMin" => self.reduce(),
            "Softmax" => self.softmax(),
            other => Err(format!("the operator {other} is not supported")),
        };
        Ok(vec![one?])
    }

    pub(super) fn input(&self, i: usize) -> Outcome<&Tensor> {
        self.inputs
            .get(i)
            .copied()
            .ok_or_else(|| format!("input {i} is missing"))
    }

    pub(super) fn floats(&self, i: usize) -> Outcome<&[f32]> {
        self.input(i)?
            .as_floats()
            .ok_or_else(|| format!("input {i} is not float32"))
    }

    pub(super) fn ints(&self, i: usize) -> Outcome<&[i64]> {
        match &self.input(i)?.data {
            TensorData::Int(v) => Ok(v),
            _ => Err(format!("input {i} is not int64")),
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut all = self.node.attributes.iter();
        all.find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        match self.attribute(name) {
            Some(Attribute::Int(i)) => *i,
            _ => default,
        }
    }

    /// A list of lengths, such as strides.
    pub(super) fn sizes(&self, name: &str) -> Option<Vec<usize>> {
        match self.attribute(name) {
            Some(Attribute::Ints(all)) => all.iter().map(|i| usize::try_from(*i).ok()).collect(),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&'static str> {
        match self.attribute(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// An axis, which may count from the end.
    pub(super) fn axis(&self, axis: i64, rank: usize) -> Outcome<usize> {
        let counted = if axis < 0 {
            rank.checked_sub(axis.unsigned_abs() as usize)
        } else {
            usize::try_from(axis).ok().filter(|a| *a < rank)
        };
        counted.ok_or_else(|| format!("axis {axis} is outside {rank} dimensions"))
    }
}

/// A length from an integer of the graph.
pub(super) fn length(n: i64) -> Outcome<usize> {
    usize::try_from(n).map_err(|_| format!("{n} is not a length"))
}

/// Steps from one index to the next along each axis.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Product of the dimensions before an axis, its own length, and product of those after it.
pub(super) fn around(shape: &[usize], axis: usize) -> [usize; 3] {
    [
        shape[..axis].iter().product(),
        shape[axis],
        shape[axis + 1..].iter().product(),
    ]
}

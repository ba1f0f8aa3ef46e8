//! ONNX's product of matrices, `MatMul`, with sums in float64.
//!
//! Source: <https://onnx.ai/onnx/operators/onnx__MatMul.html>, which is `numpy.matmul`

use crate::array::{Array, Rounded};
use crate::graph::MOST_NUMBERS;
use rayon::prelude::*;

/// Rows that are computed at once, so that the other matrix is read less often.
const ROWS: usize = 4;

/// The product of two matrices, or of as many as the dimensions before say. A row alone is a matrix of one row on the
/// left, and of one column on the right, without that dimension in the result.
///
/// # Errors
///
/// For shapes that don't fit, in words that follow the name of a node.
pub(crate) fn product(a: &Array, b: &Array) -> Result<Rounded, String> {
    let misfit = || format!("multiplies matrices of shapes {:?} and {:?}", a.shape, b.shape);
    let left = split(&a.shape, |length| [1, length]);
    let right = split(&b.shape, |length| [length, 1]);
    let ((outer_a, [m, k]), (outer_b, [other, n])) = (left.ok_or_else(misfit)?, right.ok_or_else(misfit)?);
    let outer = broadcast(outer_a, outer_b)
        .filter(|_| k == other)
        .ok_or_else(misfit)?;
    let mut shape = outer.clone();
    shape.extend((a.shape.len() > 1).then_some(m));
    shape.extend((b.shape.len() > 1).then_some(n));
    let numbers = outer
        .iter()
        .chain(&[m, n])
        .try_fold(1_usize, |all, size| all.checked_mul(*size));
    let numbers = numbers.filter(|numbers| *numbers <= MOST_NUMBERS);
    let numbers = numbers.ok_or_else(|| format!("{}, which is too much", misfit()))?;
    let mut values = vec![0.0; numbers];
    if numbers == 0 {
        return Ok(Rounded { shape, values });
    }
    // Matrices times one matrix are one.
    let (outer, m) = match outer_b.is_empty() {
        true => (Vec::new(), m * outer.iter().product::<usize>()),
        false => (outer, m),
    };
    for (index, out) in values.chunks_mut(m * n).enumerate() {
        let (at, to) = (
            place(index, &outer, outer_a) * m * k,
            place(index, &outer, outer_b) * k * n,
        );
        let (a, b) = (&a.values[at..at + m * k], &b.values[to..to + k * n]);
        out.par_chunks_mut(ROWS * n).enumerate().for_each(|(rows, out)| {
            let from = rows * ROWS * k;
            multiply(&a[from..from + out.len() / n * k], b, out, [k, n]);
        });
    }
    Ok(Rounded { shape, values })
}

/// The dimensions before those of a matrix, and these; `lone` says which those of a row alone are.
fn split(shape: &[usize], lone: fn(usize) -> [usize; 2]) -> Option<(&[usize], [usize; 2])> {
    match *shape {
        [] => None,
        [length] => Some((&[], lone(length))),
        [ref outer @ .., rows, columns] => Some((outer, [rows, columns])),
    }
}

/// The dimensions of both, where one of them has 1 or none; `None` where they don't fit.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size =
        |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    let both = (0..rank).map(|axis| match (size(a, axis), size(b, axis)) {
        (1, size) | (size, 1) => Some(size),
        (a, b) => (a == b).then_some(a),
    });
    both.collect()
}

/// Which matrix of `shape` the one at `index` of `outer` is made of.
fn place(index: usize, outer: &[usize], shape: &[usize]) -> usize {
    let (mut index, mut at, mut stride) = (index, 0, 1);
    for (axis, size) in outer.iter().enumerate().rev() {
        let own = (axis + shape.len())
            .checked_sub(outer.len())
            .map_or(1, |at| shape[at]);
        if own > 1 {
            at += index % size * stride;
        }
        stride *= own;
        index /= size;
    }
    at
}

/// A few rows times a matrix.
fn multiply(a: &[f64], b: &[f64], out: &mut [f32], [k, n]: [usize; 2]) {
    let mut sums = vec![0.0; out.len()];
    for (t, b) in b.chunks_exact(n).enumerate() {
        for (row, sums) in sums.chunks_exact_mut(n).enumerate() {
            let factor = a[row * k + t];
            sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += factor * b);
        }
    }
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum as f32);
}

//! Matrix products.

use super::call::{Call, Outcome};
use crate::tensor::Tensor;

/// `out [rows, columns] += a [rows, inner] b [inner, columns]`
fn multiply(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3], out: &mut [f32]) {
    for i in 0..rows {
        let row = &mut out[i * columns..][..columns];
        for (k, x) in a[i * inner..][..inner].iter().enumerate() {
            for (out, y) in row.iter_mut().zip(&b[k * columns..][..columns]) {
                *out += x * y;
            }
        }
    }
}

impl Call<'_> {
    /// One of the two may have leading dimensions, over which the other is repeated.
    pub(super) fn matmul(&self) -> Outcome {
        let (a, b) = (self.input(0)?, self.input(1)?);
        let (&[ref a_front @ .., rows, inner], &[ref b_front @ .., b_inner, columns]) =
            (&a.shape[..], &b.shape[..])
        else {
            return Err("vectors are not supported".into());
        };
        let front = match (a_front, b_front) {
            (front, []) | ([], front) => front,
            (x, y) if x == y => x,
            _ => return Err(format!("{:?} by {:?} is not supported", a.shape, b.shape)),
        };
        if inner != b_inner {
            return Err(format!("{:?} by {:?}", a.shape, b.shape));
        }
        let batches: usize = front.iter().product();
        let mut out = vec![0.0; batches * rows * columns];
        let (x, y) = (self.floats(0)?, self.floats(1)?);
        for k in 0..batches {
            let start = |front: &[usize], n: usize| if front.is_empty() { 0 } else { k * n };
            let x = &x[start(a_front, rows * inner)..];
            let y = &y[start(b_front, inner * columns)..];
            let out = &mut out[k * rows * columns..][..rows * columns];
            multiply(x, y, [rows, inner, columns], out);
        }
        let mut shape = front.to_vec();
        shape.extend([rows, columns]);
        Ok(Tensor::floats(&shape, out))
    }

    /// `a b^T + c`, with `c` a row.
    pub(super) fn gemm(&self) -> Outcome {
        let (&[rows, inner], &[columns, b_inner]) = (&self.input(0)?.shape[..], &self.input(1)?.shape[..])
        else {
            return Err("needs two matrices".into());
        };
        if self.int("transB", 0) != 1 || inner != b_inner || self.input(2)?.data.len() != columns {
            return Err("only a b^T + c is supported".into());
        }
        let (a, b, c) = (self.floats(0)?, self.floats(1)?, self.floats(2)?);
        let mut out = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            let x = &a[row * inner..][..inner];
            out.extend(b.chunks(inner.max(1)).zip(c).map(|(y, c)| {
                // In double precision: no order of one long sum is more right than another.
                let sum: f64 = x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                (sum + f64::from(*c)) as f32
            }));
        }
        Ok(Tensor::floats(&[rows, columns], out))
    }
}

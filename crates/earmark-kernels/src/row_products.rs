//! Products of one row with many: the scan of a search through embeddings.
//!
//! Rows are single precision or bytes, which are read at a quarter of the memory's traffic. Both are summed in single
//! precision in 32 sums; [`rounding_error`] bounds what that may be off by, so that a search can scan with these
//! and still be exact.

use crate::hardware::simd::{madd, multiversion};

/// Independent sums of a product: enough to hide the latency of an addition in vector code.
const LANES: usize = 32;

/// What a row consists of.
trait RowValue: Copy {
    /// As single precision.
    fn value(self) -> f32;
}

impl RowValue for f32 {
    #[inline(always)]
    fn value(self) -> f32 {
        self
    }
}

/// A byte of a file that holds signed numbers.
impl RowValue for u8 {
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self.cast_signed())
    }
}

#[inline(always)]
fn product<const FMA: bool, T: RowValue>(row: &[T], with: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (row, with) = (row.chunks_exact(LANES), with.chunks_exact(LANES));
    let (row_rest, with_rest) = (row.remainder(), with.remainder());
    for (a, b) in row.zip(with) {
        for i in 0..LANES {
            sums[i] = madd::<FMA>(a[i].value(), b[i], sums[i]);
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(row_rest).zip(with_rest) {
        *sum = madd::<FMA>(a.value(), *b, *sum);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

#[inline(always)]
fn float_body<const FMA: bool>(rows: &[f32], with: &[f32], out: &mut [f32]) {
    for (row, out) in rows.chunks_exact(with.len()).zip(out) {
        *out = product::<FMA, f32>(row, with);
    }
}

#[inline(always)]
fn byte_body<const FMA: bool>(rows: &[u8], stride: usize, with: &[f32], out: &mut [f32]) {
    let first = stride - with.len();
    for (row, out) in rows.chunks_exact(stride).zip(out) {
        *out = product::<FMA, u8>(&row[first..], with);
    }
}

multiversion! {
    /// The product of each row of `rows`, `[rows, with.len()]`, with `with`.
    ///
    /// # Panics
    /// If `with` is empty.
    pub fn float_row_products(rows: &[f32], with: &[f32], out: &mut [f32]) = float_body
}

multiversion! {
    /// The product of each row of `rows` with `with`. A row is `stride` bytes, the last `with.len()` of which are signed
    /// numbers.
    ///
    /// # Panics
    /// If `with` is empty or longer than a row.
    pub fn byte_row_products(rows: &[u8], stride: usize, with: &[f32], out: &mut [f32]) = byte_body
}

/// Bound of the rounding error of a product of `width` numbers, as a share of the product of both rows' Euclidean
/// lengths (Higham 2002, section 3.1, for sums of this shape).
pub fn rounding_error(width: usize) -> f64 {
    // Each term is rounded once as a product, then by each addition of its sum and of the sums.
    let roundings = (width.div_ceil(LANES) + LANES.ilog2() as usize + 1) as f64;
    let unit = f64::from(f32::EPSILON) / 2.0;
    roundings * unit / (1.0 - roundings * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::simd::Isa;
    use proptest::prelude::*;

    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    fn length(row: impl Iterator<Item = f64>) -> f64 {
        row.map(|v| v * v).sum::<f64>().sqrt()
    }

    proptest! {
        /// Each instruction set is within the bound of the definition, in double precision.
        #[test]
        fn products_are_within_their_bound(width in 1_usize..200, rows in 0_usize..6, extra in 0_usize..9, seed in any::<u32>()) {
            let (with, floats) = (numbers(width, seed), numbers(width * rows, seed ^ 1));
            let stride = width + extra;
            let bytes: Vec<u8> = numbers(stride * rows, seed ^ 2).iter().map(|v| ((v * 255.0) as i8).cast_unsigned()).collect();
            let of_with = length(with.iter().map(|v| f64::from(*v)));
            for isa in Isa::available() {
                let mut out = vec![f32::NAN; rows];
                float_row_products(isa, &floats, &with, &mut out);
                for (row, out) in floats.chunks_exact(width).zip(&out) {
                    let exact: f64 = row.iter().zip(&with).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                    let bound = rounding_error(width) * length(row.iter().map(|v| f64::from(*v))) * of_with;
                    prop_assert!((f64::from(*out) - exact).abs() <= bound + 1e-30, "{}", isa.name());
                }
                byte_row_products(isa, &bytes, stride, &with, &mut out);
                for (row, out) in bytes.chunks_exact(stride).zip(&out) {
                    let row: Vec<f64> = row[extra..].iter().map(|v| f64::from(v.cast_signed())).collect();
                    let exact: f64 = row.iter().zip(&with).map(|(a, b)| a * f64::from(*b)).sum();
                    let bound = rounding_error(width) * length(row.into_iter()) * of_with;
                    prop_assert!((f64::from(*out) - exact).abs() <= bound + 1e-30, "{}", isa.name());
                }
            }
        }
    }

    /// Sets with fused multiply-adds give the same bits.
    #[test]
    fn vectors_do_not_decide_sums() {
        let (with, rows) = (numbers(963, 3), numbers(963 * 5, 4));
        let fused = Isa::available().into_iter().filter(|isa| *isa != Isa::portable());
        let of = |isa| {
            let mut out = vec![0.0; 5];
            float_row_products(isa, &rows, &with, &mut out);
            out
        };
        let all: Vec<Vec<f32>> = fused.map(of).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

//! Vectors as bytes: a quarter of the memory to read, with an error that is known.
//!
//! A vector `a` is divided by its Euclidean length and written as `a / |a| = scale * bytes + rest`, where the largest
//! number becomes 127. A row of the file is the scale, the length of the rest (both float32) and the bytes.
//!
//! With the unit vector `q` of a query, `a / |a| . q = scale * (bytes . q) + rest . q`, and `|rest . q| <= |rest|`. So the
//! cosine similarity differs from `scale * (bytes . q)` by at most the length of the rest, and by what single precision
//! rounds ([`bound_of_bytes`]). A search that keeps all vectors which this bound does not exclude, and compares these by
//! their float32 numbers, finds what a search by float32 numbers finds.

use earmark_kernels::row_products::rounding_error;

/// Bytes of a row before its numbers.
pub(super) const HEAD: usize = 8;

/// What remains for sums in double precision, for the query as float32, and for similarities that are equal as float32.
const SLACK: f64 = 5e-7;

/// Appends the row of a vector.
pub(super) fn push_bytes(vector: &[f32], out: &mut Vec<u8>) {
    let length = vector.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    let largest = vector
        .iter()
        .fold(0.0_f64, |most, v| most.max(f64::from(v.abs())));
    // Of a zero vector, everything is 0, as its similarity to all others is.
    let unit = if length > 0.0 { 1.0 / length } else { 0.0 };
    let scale = (largest * unit / 127.0) as f32;
    let at = out.len();
    out.extend_from_slice(&scale.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let wide = f64::from(scale);
    let mut square = 0.0;
    for value in vector {
        let value = f64::from(*value) * unit;
        let byte = match wide > 0.0 {
            true => (value / wide).round().clamp(-127.0, 127.0) as i8,
            false => 0,
        };
        square += (value - wide * f64::from(byte)).powi(2);
        out.push(byte.cast_unsigned());
    }
    // Rounded up, so that it stays a bound.
    let rest = (square.sqrt() * (1.0 + 1e-9)) as f32;
    out[at + 4..at + HEAD].copy_from_slice(&rest.next_up().to_le_bytes());
}

/// Scale and error of a row.
pub(super) fn head_of(row: &[u8]) -> (f64, f64) {
    let number = |at: usize| {
        f64::from(f32::from_le_bytes([
            row[at],
            row[at + 1],
            row[at + 2],
            row[at + 3],
        ]))
    };
    (number(0), number(4))
}

/// What a similarity by bytes may be off by, where the error of the row is `rest`.
pub(super) fn bound_of_bytes(rest: f64, width: usize) -> f64 {
    rest * (1.0 + 1e-6) + rounding_error(width) * (1.0 + rest) * (1.0 + 1e-6) + SLACK
}

/// What a similarity by float32 numbers and single precision may be off by.
pub(super) fn bound_of_floats(width: usize) -> f64 {
    // Of the product, and of the vector's length.
    2.0 * rounding_error(width) * (1.0 + 1e-6) + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nearest_neighbours::cosine;
    use earmark_kernels::Isa;
    use earmark_kernels::row_products::byte_row_products;
    use proptest::prelude::*;

    proptest! {
        /// The similarity by bytes is within its bound, for vectors of any length and size of numbers.
        #[test]
        fn the_bound_holds(
            pairs in proptest::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 1..300),
            exponent in -60_i32..60,
            spike in any::<proptest::sample::Index>(),
            spiked in -100.0_f32..100.0,
        ) {
            let size = 2.0_f32.powi(exponent);
            let mut row: Vec<f32> = pairs.iter().map(|(a, _)| a * size).collect();
            // One number that is far larger than the others takes the precision of these.
            row[spike.index(pairs.len())] *= spiked;
            let query: Vec<f32> = pairs.iter().map(|(_, b)| *b).collect();
            let length = query.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            prop_assume!(length > 1e-3);
            let unit: Vec<f32> = query.iter().map(|v| (f64::from(*v) / length) as f32).collect();
            let mut bytes = Vec::new();
            push_bytes(&row, &mut bytes);
            prop_assert_eq!(bytes.len(), HEAD + row.len());
            let (scale, rest) = head_of(&bytes);
            let exact = f64::from(cosine(&row, &query));
            for isa in Isa::available() {
                let mut out = [0.0];
                byte_row_products(isa, &bytes, bytes.len(), &unit, &mut out);
                let found = scale * f64::from(out[0]);
                let bound = bound_of_bytes(rest, row.len());
                prop_assert!((found - exact).abs() <= bound, "{found} for {exact}, bound {bound}");
            }
        }
    }

    #[test]
    fn a_zero_vector_is_similar_to_nothing() {
        let mut bytes = Vec::new();
        push_bytes(&[0.0; 5], &mut bytes);
        assert_eq!(&bytes[HEAD..], [0; 5]);
        let (scale, rest) = head_of(&bytes);
        assert!(scale == 0.0 && rest < 1e-30);
    }

    /// Of numbers of one size, the error is a half step in each direction at most.
    #[test]
    fn the_error_is_small() {
        let row: Vec<f32> = (0..960).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let mut bytes = Vec::new();
        push_bytes(&row, &mut bytes);
        let (scale, rest) = head_of(&bytes);
        assert!(rest > 0.0 && rest <= scale / 2.0 * 960.0_f64.sqrt());
        assert!(rest < 0.01, "{rest}");
    }
}

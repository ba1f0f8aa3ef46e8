//! Sums of doubles, for fits of few numbers where single precision is not enough.

/// The sum of products, in eight sums, so that they need not wait for each other.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(sums.len()), b.chunks_exact(sums.len()));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Adds `factor` times `what` to `to`.
pub fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(t, w)| *t += factor * w);
}

/// Replaces a positive definite matrix, `[width, width]` row-major, of which only the lower half is read, by its lower
/// Cholesky factor.
///
/// # Panics
/// If the matrix is smaller.
pub fn factorise(matrix: &mut [f64], width: usize) {
    for i in 0..width {
        let (above, rest) = matrix.split_at_mut(i * width);
        let row = &mut rest[..width];
        for (j, other) in above.chunks_exact(width).enumerate() {
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        // What rounding has made negative.
        row[i] = (row[i] - dot(&row[..i], &row[..i])).max(f64::MIN_POSITIVE).sqrt();
        row[i + 1..].fill(0.0);
    }
}

/// The inverse of a lower triangular matrix, `[width, width]` row-major.
///
/// # Panics
/// If the matrix is smaller.
pub fn inverse_of(lower: &[f64], width: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; width * width];
    for i in 0..width {
        let row = &lower[i * width..(i + 1) * width];
        let (above, rest) = inverse.split_at_mut(i * width);
        let own = &mut rest[..width];
        for (k, other) in above.chunks_exact(width).enumerate() {
            add(&mut own[..=k], -(row[k] / row[i]), other);
        }
        own[i] = 1.0 / row[i];
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_definition() {
        for n in [0, 1, 7, 8, 9, 100] {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i * 37 % 11) - 5.0).collect();
            let b: Vec<f64> = (0..n).map(|i| f64::from(i * 13 % 7) / 4.0).collect();
            let sum: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &b), sum, "{n}: all are exact");
            let mut to = a.clone();
            add(&mut to, -2.0, &b);
            assert!(
                to.iter()
                    .zip(a.iter().zip(&b))
                    .all(|(to, (a, b))| *to == a - 2.0 * b)
            );
        }
    }

    /// The factor times its transpose is the matrix, and times its inverse the identity.
    #[test]
    fn factors_and_inverses_are_those_of_the_matrix() {
        for width in [1, 2, 9, 33] {
            let number = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f64 / 23.0 - 0.5;
            let place = |i: usize, j: usize| i * width + j;
            let mut matrix = vec![0.0; width * width];
            for (i, j) in (0..width).flat_map(|i| (0..width).map(move |j| (i, j))) {
                let product: f64 = (0..width).map(|k| number(i, k) * number(j, k)).sum();
                matrix[place(i, j)] = product + f64::from(u8::from(i == j));
            }
            let mut factor = matrix.clone();
            factorise(&mut factor, width);
            let inverse = inverse_of(&factor, width);
            for (i, j) in (0..width).flat_map(|i| (0..width).map(move |j| (i, j))) {
                let back: f64 = (0..width)
                    .map(|k| factor[place(i, k)] * factor[place(j, k)])
                    .sum();
                assert!((back - matrix[place(i, j)]).abs() < 1e-12, "{width}: {i}, {j}");
                let one: f64 = (0..width)
                    .map(|k| factor[place(i, k)] * inverse[place(k, j)])
                    .sum();
                let wanted = f64::from(u8::from(i == j));
                assert!((one - wanted).abs() < 1e-12, "{width}: {i}, {j}: {one}");
                assert!(j <= i || (factor[place(i, j)], inverse[place(i, j)]) == (0.0, 0.0));
            }
        }
    }
}

//! Eigenvalues and eigenvectors of a symmetric matrix.
//!
//! Householder reflections to a tridiagonal matrix, then QL iterations with implicit shifts (Martin, Reinsch and
//! Wilkinson 1968; Dubrulle, Martin and Wilkinson 1968; EISPACK's `tred2` and `tql2`). Vectors are stored as rows, so
//! that every inner loop runs along memory.

use super::rows::{add_scaled, dot};

/// Most iterations per eigenvalue; two are usual.
const MOST_ITERATIONS: usize = 60;

/// Eigenvalues, largest first, and their eigenvectors as rows of unit length, `[n][n]`, of a symmetric `n` by `n`
/// matrix (row-major; only the lower triangle is read).
pub(super) fn eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut a: Vec<Vec<f64>> = matrix.chunks_exact(n.max(1)).map(<[f64]>::to_vec).collect();
    let (mut diagonal, mut off) = (vec![0.0; n], vec![0.0; n]);
    let reflections = tridiagonal(&mut a, &mut diagonal, &mut off);
    let mut vectors = identity(n);
    ql(&mut diagonal, &mut off, &mut vectors);
    // Row v of the tridiagonal matrix's eigenvectors becomes Q v.
    for vector in &mut vectors {
        for (i, reflection) in reflections.iter().enumerate() {
            let part = &mut vector[..=i];
            let along = dot(part, reflection);
            add_scaled(part, -2.0 * along, reflection);
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| diagonal[*b].total_cmp(&diagonal[*a]));
    let mut vectors: Vec<Option<Vec<f64>>> = vectors.into_iter().map(Some).collect();
    let sorted = order.iter().map(|i| vectors[*i].take().unwrap_or_default());
    (order.iter().map(|i| diagonal[*i]).collect(), sorted.collect())
}

fn identity(n: usize) -> Vec<Vec<f64>> {
    let row = |i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect();
    (0..n).map(row).collect()
}

/// Reduces to a tridiagonal matrix: `diagonal[i]`, and `off[i]` between `i - 1` and `i`. Returns the unit vectors of
/// the reflections in the order in which they make up Q (vector `i` has `i + 1` elements; all zeros reflect nothing).
fn tridiagonal(a: &mut [Vec<f64>], diagonal: &mut [f64], off: &mut [f64]) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut reflections = Vec::with_capacity(n.saturating_sub(1));
    for i in (1..n).rev() {
        let mut u: Vec<f64> = a[i][..i].to_vec();
        let norm = dot(&u, &u).sqrt();
        diagonal[i] = a[i][i];
        // All elements of the row except the last become zero.
        let alpha = if u[i - 1] > 0.0 { -norm } else { norm };
        off[i] = alpha;
        u[i - 1] -= alpha;
        let length = dot(&u, &u).sqrt();
        if length <= f64::MIN_POSITIVE.sqrt() {
            u.fill(0.0);
            off[i] = a[i][i - 1];
        } else {
            u.iter_mut().for_each(|x| *x /= length);
            // p = A u of the symmetric part above row i, from its lower triangle.
            let mut p = vec![0.0; i];
            for j in 0..i {
                let row = &a[j][..j];
                p[j] += dot(row, &u) + a[j][j] * u[j];
                add_scaled(&mut p[..j], u[j], row);
            }
            let k = dot(&u, &p);
            // A - 2 u q' - 2 q u' with q = p - k u.
            let q: Vec<f64> = p.iter().zip(&u).map(|(p, u)| p - k * u).collect();
            for j in 0..i {
                let (uj, qj) = (2.0 * u[j], 2.0 * q[j]);
                let row = a[j][..=j].iter_mut();
                row.zip(u.iter().zip(&q))
                    .for_each(|(x, (u, q))| *x -= uj * q + qj * u);
            }
        }
        reflections.push(u);
    }
    if n > 0 {
        diagonal[0] = a[0][0];
    }
    reflections.reverse();
    reflections
}

/// QL iterations with implicit shifts on a tridiagonal matrix; its eigenvectors accumulate in the rows of `vectors`.
fn ql(diagonal: &mut [f64], off: &mut [f64], vectors: &mut [Vec<f64>]) {
    let n = diagonal.len();
    // off[i] between i and i + 1 from here on.
    off.rotate_left(usize::from(n > 0));
    if let Some(last) = off.last_mut() {
        *last = 0.0;
    }
    for l in 0..n {
        for _ in 0..MOST_ITERATIONS {
            let small = |m: usize| off[m].abs() <= f64::EPSILON * (diagonal[m].abs() + diagonal[m + 1].abs());
            let m = (l..n - 1).find(|&m| small(m)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let g = (diagonal[l + 1] - diagonal[l]) / (2.0 * off[l]);
            let r = g.hypot(1.0);
            let mut g = diagonal[m] - diagonal[l] + off[l] / (g + r.copysign(g));
            let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
            let mut whole = true;
            for i in (l..m).rev() {
                let f = sine * off[i];
                let b = cosine * off[i];
                let r = f.hypot(g);
                off[i + 1] = r;
                if r == 0.0 {
                    // The matrix splits here.
                    diagonal[i + 1] -= p;
                    off[m] = 0.0;
                    whole = false;
                    break;
                }
                (sine, cosine) = (f / r, g / r);
                let shifted = diagonal[i + 1] - p;
                let r = (diagonal[i] - shifted) * sine + 2.0 * cosine * b;
                p = sine * r;
                diagonal[i + 1] = shifted + p;
                g = cosine * r - b;
                let (head, tail) = vectors.split_at_mut(i + 1);
                let (low, high) = (&mut head[i], &mut tail[0]);
                for (x, y) in low.iter_mut().zip(high) {
                    let old = *y;
                    *y = sine * *x + cosine * old;
                    *x = cosine * *x - sine * old;
                }
            }
            if whole {
                diagonal[l] -= p;
                off[l] = g;
                off[m] = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A symmetric matrix from a pattern; a small `rank` gives many equal eigenvalues.
    fn matrix(n: usize, rank: usize) -> Vec<f64> {
        let factor = |i: usize, k: usize| ((i * i * 31 + k * 17 + i * k) % 23) as f64 / 11.0 - 1.0;
        (0..n * n)
            .map(|place| {
                (0..rank)
                    .map(|k| factor(place / n, k) * factor(place % n, k))
                    .sum()
            })
            .collect()
    }

    #[test]
    fn eigenvectors_satisfy_their_definition() {
        for (n, rank) in [(1, 1), (2, 2), (3, 1), (5, 0), (17, 17), (40, 6), (90, 200)] {
            let a = matrix(n, rank);
            let (values, vectors) = eigen(&a, n);
            let scale = values.iter().fold(1e-300, |top: f64, v| top.max(v.abs()));
            assert!(values.is_sorted_by(|a, b| a >= b));
            let trace: f64 = (0..n).map(|i| a[i * n + i]).sum();
            assert!((values.iter().sum::<f64>() - trace).abs() <= 1e-11 * scale * n as f64);
            for (i, (value, vector)) in values.iter().zip(&vectors).enumerate() {
                for row in 0..n {
                    let turned: f64 = (0..n).map(|k| a[row * n + k] * vector[k]).sum();
                    let error = (turned - value * vector[row]).abs();
                    assert!(
                        error <= 1e-11 * scale,
                        "{n}, {rank}: vector {i} is off by {error:e}"
                    );
                }
                for (j, other) in vectors.iter().enumerate() {
                    let dot: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!(
                        (dot - want).abs() < 1e-10,
                        "{n}, {rank}: vectors {i} and {j} give {dot}"
                    );
                }
            }
        }
        assert_eq!(eigen(&[], 0).0.len(), 0);
    }
}

//! Principal components.

use super::eigen::eigen;
use super::error::ScalerError;
use super::rows::{check_rows, means};
use super::tensors::{NamedTensor, check_len, double, find};

/// How many components to keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeepComponents {
    /// This number.
    Count(usize),
    /// The fewest that explain this share of the variance.
    Variance(f64),
}

/// The directions along which rows differ most, as scikit-learn's `PCA`: `(x - mean) components^T`, not whitened.
///
/// The sign of a component is such that its loading of largest magnitude is positive, as in scikit-learn from 1.5 on.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// Rows of unit length, largest variance first: `[components][columns]`.
    components: Vec<Vec<f64>>,
    variance: Vec<f64>,
    total_variance: f64,
}

impl Pca {
    const MEAN: &'static str = "pca.mean";
    const COMPONENTS: &'static str = "pca.components";
    const VARIANCE: &'static str = "pca.variance";
    const TOTAL: &'static str = "pca.total-variance";

    /// Fits on rows, by the eigenvectors of their covariance, or of their Gram matrix where there are fewer rows than
    /// columns.
    ///
    /// # Errors
    ///
    /// When there are fewer than two rows, they differ in length or hold values that are not finite, or there are fewer
    /// components than wanted.
    pub fn fit<R: AsRef<[f32]>>(rows: &[R], keep: KeepComponents) -> Result<Self, ScalerError> {
        let columns = check_rows(rows)?;
        let most = rows.len().min(columns);
        match keep {
            KeepComponents::Count(wanted) if !(1..=most).contains(&wanted) => {
                return Err(ScalerError::Components {
                    wanted,
                    rows: rows.len(),
                    columns,
                    most,
                });
            }
            KeepComponents::Variance(share) if !(share > 0.0 && share <= 1.0) => {
                return Err(ScalerError::Share(share.to_string()));
            }
            _ => {}
        }
        let mean = means(rows, columns);
        let centre = |row: &R| -> Vec<f64> {
            let pairs = row.as_ref().iter().zip(&mean);
            pairs.map(|(x, mean)| f64::from(*x) - mean).collect()
        };
        let centred: Vec<Vec<f64>> = rows.iter().map(centre).collect();
        let degrees = (rows.len() - 1) as f64;
        let (values, mut components) = if rows.len() < columns {
            from_gram_matrix(&centred, degrees)
        } else {
            eigen(&covariance(&centred, columns, degrees), columns)
        };
        // Rounding may leave a tiny negative variance.
        let values: Vec<f64> = values.into_iter().map(|v| v.max(0.0)).collect();
        let total_variance: f64 = values.iter().sum();
        let count = match keep {
            KeepComponents::Count(wanted) => wanted,
            KeepComponents::Variance(share) => {
                let mut sum = 0.0;
                let reached = values.iter().position(|v| {
                    sum += v;
                    sum >= share * total_variance
                });
                reached.map_or(most, |last| last + 1)
            }
        };
        components.truncate(count);
        components.iter_mut().for_each(|component| fix_sign(component));
        Ok(Self {
            mean,
            components,
            variance: values[..count].to_vec(),
            total_variance,
        })
    }

    /// Number of columns of a row.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// Number of components.
    pub fn components(&self) -> usize {
        self.components.len()
    }

    /// Variance along each component (divisor: rows - 1).
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// Share of the total variance that the components explain; 1 where nothing varies.
    pub fn explained(&self) -> f64 {
        if self.total_variance > 0.0 {
            self.variance.iter().sum::<f64>() / self.total_variance
        } else {
            1.0
        }
    }

    /// The row projected onto the components.
    ///
    /// # Panics
    ///
    /// When the row's length differs from the rows it was fitted on.
    pub fn apply(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.mean.len(), "a row of another length");
        let centred: Vec<f64> = row
            .iter()
            .zip(&self.mean)
            .map(|(x, mean)| f64::from(*x) - mean)
            .collect();
        let along = |component: &Vec<f64>| {
            let products = component.iter().zip(&centred).map(|(c, x)| c * x);
            products.sum::<f64>() as f32
        };
        self.components.iter().map(along).collect()
    }

    /// As tensors: `pca.mean` `[columns]`, `pca.components` `[components, columns]`, `pca.variance` `[components]`,
    /// `pca.total-variance` `[1]`.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let (columns, count) = (self.columns(), self.components());
        vec![
            NamedTensor::new(Self::MEAN, &[columns], self.mean.iter().copied()),
            NamedTensor::new(
                Self::COMPONENTS,
                &[count, columns],
                self.components.iter().flatten().copied(),
            ),
            NamedTensor::new(Self::VARIANCE, &[count], self.variance.iter().copied()),
            NamedTensor::new(Self::TOTAL, &[1], std::iter::once(self.total_variance)),
        ]
    }

    /// Reads what [`tensors`](Self::tensors) gave; other tensors are ignored.
    ///
    /// # Errors
    ///
    /// When one is missing, or they do not match.
    pub fn from_tensors(tensors: &[NamedTensor]) -> Result<Self, ScalerError> {
        let mean = find(tensors, Self::MEAN, 1)?;
        let components = find(tensors, Self::COMPONENTS, 2)?;
        let variance = find(tensors, Self::VARIANCE, 1)?;
        let total = find(tensors, Self::TOTAL, 1)?;
        let columns = mean.values.len();
        check_len(components, variance.values.len() * columns)?;
        check_len(total, 1)?;
        Ok(Self {
            components: components
                .values
                .chunks_exact(columns.max(1))
                .map(double)
                .collect(),
            mean: double(&mean.values),
            variance: double(&variance.values),
            total_variance: f64::from(total.values[0]),
        })
    }
}

/// The lower triangle of the covariance matrix.
fn covariance(centred: &[Vec<f64>], columns: usize, degrees: f64) -> Vec<f64> {
    /// Rows per block: a row of the matrix is used for all of them while it is in the cache.
    const BLOCK: usize = 16;
    let mut matrix = vec![0.0; columns * columns];
    for block in centred.chunks(BLOCK) {
        for i in 0..columns {
            let out = &mut matrix[i * columns..][..=i];
            for row in block {
                let x = row[i] / degrees;
                out.iter_mut().zip(row).for_each(|(sum, y)| *sum += x * y);
            }
        }
    }
    matrix
}

/// Eigenvalues and eigenvectors of the covariance from those of the Gram matrix of the rows: where `X X' v = w v`, `X' v` is
/// an eigenvector of `X' X` for the same `w` (the "snapshots" of Sirovich 1987). Where the variance is zero, vectors are
/// completed orthogonally.
fn from_gram_matrix(centred: &[Vec<f64>], degrees: f64) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = centred.len();
    let mut gram = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            gram[i * n + j] = centred[i]
                .iter()
                .zip(&centred[j])
                .map(|(a, b)| a * b)
                .sum::<f64>()
                / degrees;
        }
    }
    let (values, vectors) = eigen(&gram, n);
    let columns = centred[0].len();
    let mut components: Vec<Vec<f64>> = Vec::with_capacity(n);
    for (value, vector) in values.iter().zip(vectors) {
        let mut component = vec![0.0; columns];
        for (weight, row) in vector.iter().zip(centred) {
            component
                .iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += weight * x);
        }
        if *value <= values[0] * 1e-12 {
            component = unit_outside(&components, columns);
        }
        // Small components carry rounding errors of the large ones.
        for other in &components {
            let dot: f64 = component.iter().zip(other).map(|(a, b)| a * b).sum();
            component.iter_mut().zip(other).for_each(|(x, y)| *x -= dot * y);
        }
        let length = component.iter().map(|x| x * x).sum::<f64>().sqrt();
        component.iter_mut().for_each(|x| *x /= length);
        components.push(component);
    }
    (values, components)
}

/// The unit vector of the column that is least within the span of `components`.
fn unit_outside(components: &[Vec<f64>], columns: usize) -> Vec<f64> {
    let inside = |column: usize| components.iter().map(|c| c[column] * c[column]).sum::<f64>();
    let least = (0..columns)
        .min_by(|a, b| inside(*a).total_cmp(&inside(*b)))
        .unwrap_or(0);
    (0..columns)
        .map(|column| if column == least { 1.0 } else { 0.0 })
        .collect()
}

/// Makes the loading of largest magnitude positive (the first of equal ones).
fn fix_sign(component: &mut [f64]) {
    let largest = component
        .iter()
        .copied()
        .reduce(|top, x| if x.abs() > top.abs() { x } else { top });
    if largest.is_some_and(|x| x < 0.0) {
        component.iter_mut().for_each(|x| *x = -*x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows along two directions, (3, 4, 0) / 5 with three times the spread of (0, 0, 1).
    fn rows(n: usize) -> Vec<[f32; 3]> {
        (0..n)
            .map(|i| {
                let (a, b) = (
                    if i % 2 == 0 { 15.0 } else { -15.0 },
                    if i / 2 % 2 == 0 { 5.0 } else { -5.0 },
                );
                [1.0 + a * 0.6, 2.0 + a * 0.8, 3.0 + b]
            })
            .collect()
    }

    #[test]
    fn covariance_and_gram_matrix_give_the_same_directions() {
        // 4 rows or more use the covariance of 3 columns; a wide copy uses the Gram matrix.
        let narrow = Pca::fit(&rows(40), KeepComponents::Count(2)).unwrap();
        let wide: Vec<Vec<f32>> = rows(40)
            .iter()
            .map(|row| [&row[..], &[7.0; 60]].concat())
            .collect();
        let wide = Pca::fit(&wide, KeepComponents::Count(40)).unwrap();
        for pca in [&narrow, &wide] {
            for (got, want) in pca.components[..2].iter().zip([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]) {
                assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-9), "{got:?}");
            }
            assert!((pca.variance()[0] - 225.0 * 40.0 / 39.0).abs() < 1e-6);
            assert!((pca.explained() - 1.0).abs() < 1e-9);
        }
        assert!((narrow.apply(&[1.0, 2.0, 8.0])[1] - 5.0).abs() < 1e-6);
        // Directions without variance are orthogonal, too.
        for (i, a) in wide.components.iter().enumerate() {
            for (j, b) in wide.components.iter().enumerate() {
                let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!(
                    (dot - if i == j { 1.0 } else { 0.0 }).abs() < 1e-9,
                    "{i} {j}: {dot}"
                );
            }
        }
    }

    #[test]
    fn a_share_of_the_variance_decides() {
        let of = |share| {
            Pca::fit(&rows(40), KeepComponents::Variance(share))
                .unwrap()
                .components()
        };
        assert_eq!([of(0.5), of(0.89), of(0.91), of(1.0)], [1, 1, 2, 2]);
        let refused = |keep| Pca::fit(&rows(40), keep).unwrap_err().to_string();
        assert!(refused(KeepComponents::Variance(1.5)).starts_with("1.5 is not a share"));
        let message = refused(KeepComponents::Count(4));
        assert!(
            message.starts_with("40 rows of 3 numbers have at most 3 components, not 4"),
            "{message}"
        );
    }

    #[test]
    fn tensors_round_trip() {
        let pca = Pca::fit(&rows(12), KeepComponents::Count(2)).unwrap();
        let mut tensors = pca.tensors();
        let back = Pca::from_tensors(&tensors).unwrap();
        let (a, b) = (pca.apply(&[1.0, -2.0, 0.5]), back.apply(&[1.0, -2.0, 0.5]));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
        tensors[1].values.pop();
        let message = Pca::from_tensors(&tensors).unwrap_err().to_string();
        assert!(
            message.contains("`pca.components` has shape [2, 3] and 5 values"),
            "{message}"
        );
    }
}

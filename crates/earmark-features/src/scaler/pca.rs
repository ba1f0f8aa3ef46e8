//! Principal components.

use super::eigen::eigen;
use super::rows::{ScalerError, add_scaled, centred, check_rows, dot, means};
use super::tensors::NamedTensor;

/// The directions along which rows differ most, as scikit-learn's `PCA`: `(x - mean) components^T`, not whitened.
///
/// The sign of a component is such that its loading of largest magnitude is positive, as scikit-learn has done since 1.5.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// Rows of unit length, largest variance first: `[components][columns]`.
    components: Vec<Vec<f64>>,
    variance: Vec<f64>,
    total_variance: f64,
}

impl Pca {
    /// Fits `components` directions on rows, by the eigenvectors of their covariance, or of their Gram matrix where
    /// there are fewer rows than columns.
    ///
    /// # Errors
    ///
    /// When there are fewer than two rows, they differ in length or hold values that are not finite, or there are fewer
    /// components than wanted.
    pub fn fit<R: AsRef<[f32]>>(rows: &[R], components: usize) -> Result<Self, ScalerError> {
        let columns = check_rows(rows)?;
        let (count, most) = (rows.len(), rows.len().min(columns));
        if !(1..=most).contains(&components) {
            return Err(ScalerError(format!(
                "{count} rows of {columns} numbers have at most {most} components, not {components}; \
                 choose from 1 to {most}"
            )));
        }
        let mean = means(rows, columns);
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| centred(row.as_ref(), &mean)).collect();
        let degrees = (count - 1) as f64;
        let (values, mut directions) = if count < columns {
            from_gram_matrix(&rows, degrees)
        } else {
            eigen(&covariance(&rows, columns, degrees), columns)
        };
        // Rounding may leave a tiny negative variance.
        let mut variance: Vec<f64> = values.into_iter().map(|v| v.max(0.0)).collect();
        let total_variance: f64 = variance.iter().sum();
        variance.truncate(components);
        directions.truncate(components);
        directions.iter_mut().for_each(|direction| fix_sign(direction));
        Ok(Self {
            mean,
            components: directions,
            variance,
            total_variance,
        })
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
        let centred = centred(row, &self.mean);
        let along = |component: &Vec<f64>| dot(component, &centred) as f32;
        self.components.iter().map(along).collect()
    }

    /// As tensors: `pca.mean` `[columns]`, `pca.components` `[components, columns]`, `pca.variance` `[components]`,
    /// `pca.total-variance` `[1]`.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let (columns, count) = (self.mean.len(), self.components.len());
        let components = self.components.iter().flatten();
        vec![
            NamedTensor::new("pca.mean", &[columns], &self.mean),
            NamedTensor::new("pca.components", &[count, columns], components),
            NamedTensor::new("pca.variance", &[count], &self.variance),
            NamedTensor::new("pca.total-variance", &[1], [&self.total_variance]),
        ]
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
                add_scaled(out, row[i] / degrees, row);
            }
        }
    }
    matrix
}

/// Eigenvalues and eigenvectors of the covariance from those of the Gram matrix of the rows: where `X X' v = w v`,
/// `X' v` is an eigenvector of `X' X` for the same `w` (the "snapshots" of Sirovich 1987). Where the variance is
/// zero, vectors are completed orthogonally.
fn from_gram_matrix(rows: &[Vec<f64>], degrees: f64) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (n, columns) = (rows.len(), rows[0].len());
    let mut gram = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            gram[i * n + j] = dot(&rows[i], &rows[j]) / degrees;
        }
    }
    let (values, vectors) = eigen(&gram, n);
    let mut components: Vec<Vec<f64>> = Vec::with_capacity(n);
    for (value, vector) in values.iter().zip(vectors) {
        let mut component = vec![0.0; columns];
        for (weight, row) in vector.iter().zip(rows) {
            add_scaled(&mut component, *weight, row);
        }
        if *value <= values[0] * 1e-12 {
            component = unit_outside(&components, columns);
        }
        // Small components carry rounding errors of the large ones.
        for other in &components {
            let along = dot(&component, other);
            add_scaled(&mut component, -along, other);
        }
        let length = dot(&component, &component).sqrt();
        component.iter_mut().for_each(|x| *x /= length);
        components.push(component);
    }
    (values, components)
}

/// The unit vector of the column that is least within the span of `components`.
fn unit_outside(components: &[Vec<f64>], columns: usize) -> Vec<f64> {
    let inside = |column: usize| components.iter().map(|c| c[column] * c[column]).sum::<f64>();
    let least = (0..columns).min_by(|a, b| inside(*a).total_cmp(&inside(*b)));
    let mut unit = vec![0.0; columns];
    unit[least.unwrap_or(0)] = 1.0;
    unit
}

/// Makes the loading of largest magnitude positive (the first of equal ones).
fn fix_sign(component: &mut [f64]) {
    let larger = |top: f64, x: f64| if x.abs() > top.abs() { x } else { top };
    let largest = component.iter().copied().reduce(larger);
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
        let narrow = Pca::fit(&rows(40), 2).unwrap();
        let wide: Vec<Vec<f32>> = rows(40)
            .iter()
            .map(|row| [&row[..], &[7.0; 60]].concat())
            .collect();
        let wide = Pca::fit(&wide, 40).unwrap();
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
    fn impossible_numbers_of_components_are_refused() {
        let refused = |components| Pca::fit(&rows(40), components).unwrap_err().to_string();
        for components in [0, 4] {
            let message = refused(components);
            let start = format!("40 rows of 3 numbers have at most 3 components, not {components}");
            assert!(message.starts_with(&start), "{message}");
        }
        assert!((Pca::fit(&rows(40), 1).unwrap().explained() - 0.9).abs() < 1e-9);
    }

    #[test]
    fn tensors_hold_everything_that_is_applied() {
        let pca = Pca::fit(&rows(12), 2).unwrap();
        let [mean, components, variance, total] = &pca.tensors()[..] else {
            panic!("four tensors");
        };
        let shapes = [&mean.shape[..], &components.shape, &variance.shape, &total.shape];
        assert_eq!(shapes, [&[3][..], &[2, 3], &[2], &[1]]);
        let row = [1.0, -2.0, 0.5];
        for (component, got) in components.values.chunks_exact(3).zip(pca.apply(&row)) {
            let terms = component.iter().zip(&row).zip(&mean.values);
            let want: f32 = terms.map(|((c, x), mean)| c * (x - mean)).sum();
            assert!((got - want).abs() < 1e-5, "{got} is not {want}");
        }
    }
}

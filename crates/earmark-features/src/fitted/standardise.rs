//! Columns to mean 0 and standard deviation 1.

use super::{FittedError, NamedTensor, check_len, check_rows, find, means};

/// `(x - mean) / deviation` of each column, as scikit-learn's `StandardScaler`.
///
/// ```
/// use earmark_features::Standardiser;
/// let rows = [[1.0_f32, 5.0], [3.0, 5.0]];
/// let fitted = Standardiser::fit(&rows)?;
/// assert_eq!(fitted.apply(&[4.0, 6.0]), [2.0, 1.0]); // a column that never changes is only centred
/// # Ok::<(), earmark_features::FittedError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standardiser {
    const MEAN: &'static str = "standardise.mean";
    const DEVIATION: &'static str = "standardise.deviation";

    /// Mean and deviation (of the population) of each column; a column that does not change has deviation 1.
    ///
    /// # Errors
    ///
    /// When there are fewer than two rows, or they differ in length or hold what is no number.
    pub fn fit<R: AsRef<[f32]>>(rows: &[R]) -> Result<Self, FittedError> {
        let columns = check_rows(rows)?;
        let mean = means(rows, columns);
        let mut squares = vec![0.0; columns];
        for row in rows {
            for ((sum, x), mean) in squares.iter_mut().zip(row.as_ref()).zip(&mean) {
                *sum += (f64::from(*x) - mean).powi(2);
            }
        }
        let n = rows.len() as f64;
        let deviation = |(sum, mean): (f64, &f64)| {
            // What rounding leaves of a constant is no deviation.
            let least = n * (f64::EPSILON * mean).powi(2) * n;
            if sum <= least { 1.0 } else { (sum / n).sqrt() }
        };
        Ok(Self {
            deviation: squares.into_iter().zip(&mean).map(deviation).collect(),
            mean,
        })
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// A row, standardised.
    ///
    /// # Panics
    ///
    /// When the row has another length than those it was fitted on.
    pub fn apply(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.mean.len(), "a row of another length");
        let columns = row.iter().zip(&self.mean).zip(&self.deviation);
        columns
            .map(|((x, mean), deviation)| ((f64::from(*x) - mean) / deviation) as f32)
            .collect()
    }

    /// As tensors: `standardise.mean` and `standardise.deviation`, `[columns]` each.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let columns = [self.mean.len()];
        vec![
            NamedTensor::new(Self::MEAN, &columns, self.mean.iter().copied()),
            NamedTensor::new(Self::DEVIATION, &columns, self.deviation.iter().copied()),
        ]
    }

    /// Back from [`tensors`](Self::tensors); others are passed over.
    ///
    /// # Errors
    ///
    /// When one is missing, they do not fit together, or a deviation is none.
    pub fn from_tensors(tensors: &[NamedTensor]) -> Result<Self, FittedError> {
        let mean = find(tensors, Self::MEAN, 1)?;
        let deviation = find(tensors, Self::DEVIATION, 1)?;
        check_len(deviation, mean.values.len())?;
        if !deviation.values.iter().all(|x| *x > 0.0) {
            return Err(FittedError::Tensor {
                name: deviation.name.into(),
                problem: "holds deviations that are not above zero".into(),
            });
        }
        let double = |tensor: &NamedTensor| tensor.values.iter().map(|x| f64::from(*x)).collect();
        Ok(Self {
            mean: double(mean),
            deviation: double(deviation),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_out_alike() {
        let rows: Vec<[f32; 3]> = (0..50).map(|i| [i as f32, 1e6 + (i % 7) as f32, 0.1]).collect();
        let fitted = Standardiser::fit(&rows).unwrap();
        let out: Vec<Vec<f32>> = rows.iter().map(|row| fitted.apply(row)).collect();
        for column in 0..2 {
            let mean = out.iter().map(|row| row[column]).sum::<f32>() / 50.0;
            let squares = out.iter().map(|row| row[column].powi(2)).sum::<f32>() / 50.0;
            assert!(
                mean.abs() < 1e-5 && (squares - 1.0).abs() < 1e-4,
                "{mean} {squares}"
            );
        }
        assert!(out.iter().all(|row| row[2] == 0.0));
    }

    #[test]
    fn tensors_go_there_and_back() {
        let fitted = Standardiser::fit(&[[0.5_f32, 2.0], [1.5, 4.0]]).unwrap();
        let mut tensors = fitted.tensors();
        assert_eq!(Standardiser::from_tensors(&tensors).unwrap(), fitted);
        tensors[1].values[0] = 0.0;
        let message = Standardiser::from_tensors(&tensors).unwrap_err().to_string();
        assert!(
            message.contains("`standardise.deviation` holds deviations"),
            "{message}"
        );
        tensors.pop();
        let message = Standardiser::from_tensors(&tensors).unwrap_err().to_string();
        assert!(
            message.contains("`standardise.deviation` is missing"),
            "{message}"
        );
    }
}

//! Standard scaler: columns to mean 0 and standard deviation 1.

use super::error::ScalerError;
use super::rows::{check_rows, means};
use super::tensors::{NamedTensor, check_len, double, find};

/// `(x - mean) / deviation` of each column, as scikit-learn's `StandardScaler`.
///
/// ```
/// use earmark_features::Scaler;
/// let rows = [[1.0_f32, 5.0], [3.0, 5.0]];
/// let scaler = Scaler::fit(&rows)?;
/// assert_eq!(scaler.apply(&[4.0, 6.0]), [2.0, 1.0]); // a constant column is only centred
/// # Ok::<(), earmark_features::ScalerError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scaler {
    const MEAN: &'static str = "standardise.mean";
    const DEVIATION: &'static str = "standardise.deviation";

    /// Mean and (population) standard deviation of each column; a constant column has deviation 1.
    ///
    /// # Errors
    ///
    /// When there are fewer than two rows, or they differ in length or hold values that are not finite.
    pub fn fit<R: AsRef<[f32]>>(rows: &[R]) -> Result<Self, ScalerError> {
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
            // The rounding error of a constant is not a deviation.
            let least = n * (f64::EPSILON * mean).powi(2) * n;
            if sum <= least { 1.0 } else { (sum / n).sqrt() }
        };
        Ok(Self {
            deviation: squares.into_iter().zip(&mean).map(deviation).collect(),
            mean,
        })
    }

    /// Number of columns of a row.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// The scaled row.
    ///
    /// # Panics
    ///
    /// When the row's length differs from the rows it was fitted on.
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

    /// Reads what [`tensors`](Self::tensors) gave; other tensors are ignored.
    ///
    /// # Errors
    ///
    /// When one is missing, they do not match, or a deviation is not above zero.
    pub fn from_tensors(tensors: &[NamedTensor]) -> Result<Self, ScalerError> {
        let mean = find(tensors, Self::MEAN, 1)?;
        let deviation = find(tensors, Self::DEVIATION, 1)?;
        check_len(deviation, mean.values.len())?;
        if !deviation.values.iter().all(|x| *x > 0.0) {
            return Err(ScalerError::Tensor {
                name: deviation.name.into(),
                problem: "holds deviations that are not above zero".into(),
            });
        }
        Ok(Self {
            mean: double(&mean.values),
            deviation: double(&deviation.values),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_mean_0_and_deviation_1() {
        let rows: Vec<[f32; 3]> = (0..50).map(|i| [i as f32, 1e6 + (i % 7) as f32, 0.1]).collect();
        let scaler = Scaler::fit(&rows).unwrap();
        let out: Vec<Vec<f32>> = rows.iter().map(|row| scaler.apply(row)).collect();
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
    fn tensors_round_trip() {
        let scaler = Scaler::fit(&[[0.5_f32, 2.0], [1.5, 4.0]]).unwrap();
        let mut tensors = scaler.tensors();
        assert_eq!(Scaler::from_tensors(&tensors).unwrap(), scaler);
        tensors[1].values[0] = 0.0;
        let message = Scaler::from_tensors(&tensors).unwrap_err().to_string();
        assert!(
            message.contains("`standardise.deviation` holds deviations"),
            "{message}"
        );
        tensors.pop();
        let message = Scaler::from_tensors(&tensors).unwrap_err().to_string();
        assert!(
            message.contains("`standardise.deviation` is missing"),
            "{message}"
        );
    }
}

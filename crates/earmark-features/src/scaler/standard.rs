//! Standard scaler: columns to mean 0 and standard deviation 1.

use super::rows::{ScalerError, centred, check_rows, means};
use super::tensors::NamedTensor;

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
            for (sum, x) in squares.iter_mut().zip(centred(row.as_ref(), &mean)) {
                *sum += x.powi(2);
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

    /// The scaled row.
    ///
    /// # Panics
    ///
    /// When the row's length differs from the rows it was fitted on.
    pub fn apply(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.mean.len(), "a row of another length");
        let centred = centred(row, &self.mean);
        let columns = centred.iter().zip(&self.deviation);
        columns.map(|(x, deviation)| (x / deviation) as f32).collect()
    }

    /// As tensors: `standardise.mean` and `standardise.deviation`, `[columns]` each.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let columns = [self.mean.len()];
        vec![
            NamedTensor::new("standardise.mean", &columns, &self.mean),
            NamedTensor::new("standardise.deviation", &columns, &self.deviation),
        ]
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
    fn tensors_hold_mean_and_deviation() {
        let scaler = Scaler::fit(&[[0.5_f32, 2.0], [1.5, 4.0]]).unwrap();
        let [mean, deviation] = &scaler.tensors()[..] else {
            panic!("two tensors");
        };
        assert_eq!(
            (mean.name, &mean.values[..]),
            ("standardise.mean", &[1.0, 3.0][..])
        );
        assert_eq!(
            (deviation.name, &deviation.values[..]),
            ("standardise.deviation", &[0.5, 1.0][..])
        );
        assert_eq!(deviation.shape, [2]);
    }
}

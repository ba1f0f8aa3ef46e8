//! Rows that something is fitted on, one per training clip, and sums over them.

/// Why a scaler or PCA can't be fitted; the message says which row or setting, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScalerError(pub(super) String);

/// The length of all rows. Refuses fewer than two rows, rows of different lengths, and values that are not finite.
pub(super) fn check_rows<R: AsRef<[f32]>>(rows: &[R]) -> Result<usize, ScalerError> {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let count = rows.len();
    if count < 2 || columns == 0 {
        return Err(ScalerError(format!(
            "{count} rows of {columns} numbers are too few to fit; give two or more training clips"
        )));
    }
    for (index, row) in rows.iter().map(AsRef::as_ref).enumerate() {
        let length = row.len();
        if length != columns {
            return Err(ScalerError(format!(
                "row {index} has {length} numbers and the first has {columns}; all rows must come from one front end"
            )));
        }
        if let Some(column) = row.iter().position(|x| !x.is_finite()) {
            return Err(ScalerError(format!(
                "row {index}, column {column} is not finite, so nothing can be fitted"
            )));
        }
    }
    Ok(columns)
}

/// The mean of each column.
pub(super) fn means<R: AsRef<[f32]>>(rows: &[R], columns: usize) -> Vec<f64> {
    let mut means = vec![0.0; columns];
    for row in rows {
        for (mean, x) in means.iter_mut().zip(row.as_ref()) {
            *mean += f64::from(*x);
        }
    }
    means.iter_mut().for_each(|mean| *mean /= rows.len() as f64);
    means
}

/// The differences between a row and the mean of the columns.
pub(super) fn centred(row: &[f32], mean: &[f64]) -> Vec<f64> {
    let columns = row.iter().zip(mean);
    columns.map(|(x, mean)| f64::from(*x) - mean).collect()
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Adds `factor * x` to `sums`.
pub(super) fn add_scaled(sums: &mut [f64], factor: f64, x: &[f64]) {
    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x);
}

#[cfg(test)]
mod tests {
    use crate::Scaler;

    #[test]
    fn bad_rows_are_named() {
        let message = |rows: &[Vec<f32>]| Scaler::fit(rows).unwrap_err().to_string();
        assert!(message(&[]).starts_with("0 rows of 0 numbers"));
        assert!(message(&[vec![1.0]]).starts_with("1 rows of 1 numbers"));
        assert!(message(&[vec![1.0], vec![]]).starts_with("row 1 has 0 numbers and the first has 1"));
        assert!(message(&[vec![1.0], vec![f32::NAN]]).starts_with("row 1, column 0 is not finite"));
    }
}

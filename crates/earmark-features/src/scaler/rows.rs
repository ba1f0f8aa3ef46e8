//! Rows that something is fitted on: one per training clip.

use super::error::ScalerError;

/// The length of all rows. Refuses fewer than two rows, rows of different lengths, and values that are not finite.
pub(super) fn check_rows<R: AsRef<[f32]>>(rows: &[R]) -> Result<usize, ScalerError> {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    if rows.len() < 2 || columns == 0 {
        return Err(ScalerError::TooFew {
            rows: rows.len(),
            columns,
        });
    }
    for (index, row) in rows.iter().enumerate() {
        let row = row.as_ref();
        if row.len() != columns {
            return Err(ScalerError::Ragged {
                row: index,
                got: row.len(),
                wanted: columns,
            });
        }
        if let Some(column) = row.iter().position(|x| !x.is_finite()) {
            return Err(ScalerError::NotFinite { row: index, column });
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

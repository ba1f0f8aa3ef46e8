//! Means over the rows of a table.

/// The mean of each column over `rows`, summed in `f64` in the order of the rows; `None` without rows.
///
/// # Panics
///
/// When rows differ in length.
pub fn mean<R: AsRef<[f32]>>(rows: impl IntoIterator<Item = R>) -> Option<Vec<f32>> {
    let mut rows = rows.into_iter();
    let first = rows.next()?;
    // From 0, not from the first row: 0 + -0 is 0.
    let mut sums: Vec<f64> = first.as_ref().iter().map(|&v| 0.0 + f64::from(v)).collect();
    let mut count = 1usize;
    for row in rows {
        let row = row.as_ref();
        assert_eq!(row.len(), sums.len(), "rows of one table have one length");
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
        count += 1;
    }
    Some(sums.iter().map(|sum| (sum / count as f64) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::mean;

    #[test]
    fn columns_are_averaged() {
        assert_eq!(mean([[1.0, 2.0], [3.0, 6.0]]), Some(vec![2.0, 4.0]));
        assert_eq!(mean(Vec::<Vec<f32>>::new()), None);
    }
}

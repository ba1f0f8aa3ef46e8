//! Which rows of a batch have noisy labels.

use burn::tensor::{Int, Tensor, TensorData};

/// The rows of a batch whose flag is `flag`.
pub(super) fn rows_with_flag(flags: &[bool], batch: usize, flag: bool) -> Vec<i32> {
    (0..)
        .zip(0..batch)
        .filter(|&(_, row)| is_noisy(flags, row) == flag)
        .map(|(index, _)| index)
        .collect()
}

/// The given rows of `x` `[B, C]`, ascending; `x` itself where they are all of them.
pub(super) fn select_rows(x: &Tensor<2>, rows: &[i32]) -> Tensor<2> {
    if rows.len() == x.dims()[0] {
        return x.clone();
    }
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.to_vec(), [rows.len()]), &x.device());
    x.clone().select(0, rows)
}

/// Whether a row is flagged; rows beyond the end are not.
pub(super) fn is_noisy(flags: &[bool], row: usize) -> bool {
    flags.get(row).copied().unwrap_or(false)
}

//! Which rows of a batch have noisy labels, and the loss without those that are taken to be wrong.

use burn::tensor::{Int, Tensor, TensorData};

/// Mean over rows of the mean over classes of `losses` `[B, C]`, without the rows that are noisy and above `share` of the
/// greatest row. Which rows those are carries no gradient. 0 where no row remains.
pub(super) fn mean_without_outliers(losses: Tensor<2>, share: f64, noisy: &[bool]) -> Tensor<1> {
    let rows = losses.mean_dim(1); // [B, 1]
    let batch = rows.dims()[0];
    let flags: Vec<f32> = (0..batch)
        .map(|row| f32::from(u8::from(is_noisy(noisy, row))))
        .collect();
    let flags = Tensor::<2>::from_data(TensorData::new(flags, [batch, 1]), &rows.device());
    let values = rows.clone().detach();
    let limit = values.clone().max_dim(0).mul_scalar(share); // [1, 1]
    let outliers = (values - limit).greater_elem(0.0).float() * flags;
    let kept = outliers.neg().add_scalar(1.0);
    (rows * kept.clone()).sum() / kept.sum().clamp_min(1.0)
}

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

fn is_noisy(flags: &[bool], row: usize) -> bool {
    flags.get(row).copied().unwrap_or(false)
}

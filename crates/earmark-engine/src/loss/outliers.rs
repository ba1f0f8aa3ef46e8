//! The loss without outliers: noisy clips whose labels are taken to be wrong, because their loss is far above the rest.

use super::noisy_rows::is_noisy;
use burn::tensor::{Tensor, TensorData};

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

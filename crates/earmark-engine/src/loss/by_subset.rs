//! `kind = "by-subset"`: one loss for clips of `train.noisy-subsets` and another for the others.

use super::config::Loss;
use super::noisy_rows::{rows_with_flag, select_rows};
use burn::tensor::Tensor;

/// The loss of logits `[B, C]` against soft targets `[B, C]`, as a tensor of one element. The curated and the noisy loss, in this
/// order and each with its factor, are computed over the rows of their subset and weighted by the share of these rows in the batch.
pub(super) fn loss_by_subset(
    logits: Tensor<2>,
    targets: Tensor<2>,
    noisy: &[bool],
    [curated, other]: [(&Loss, f64); 2],
) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let of = |(loss, weight): (&Loss, f64), flag: bool| {
        let rows = rows_with_flag(noisy, batch, flag);
        let count = rows.len();
        (count > 0).then(|| {
            let (logits, targets) = (select_rows(&logits, &rows), select_rows(&targets, &rows));
            let loss = loss.forward(logits, targets, &vec![flag; count]);
            loss.mul_scalar(weight * count as f64 / batch as f64)
        })
    };
    match (of(curated, false), of(other, true)) {
        (Some(a), Some(b)) => a + b,
        (Some(one), None) | (None, Some(one)) => one,
        // A batch without rows has no loss.
        (None, None) => logits.sum().mul_scalar(0.0),
    }
}

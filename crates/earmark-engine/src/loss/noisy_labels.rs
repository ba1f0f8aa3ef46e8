//! Losses that treat clips with noisy labels otherwise than the others of their batch.

use super::config::Loss;
use crate::refusal::Refusal;
use burn::tensor::{Int, Tensor, TensorData};

/// Mean over rows of the mean over classes of `losses` `[B, C]`, without the rows that are noisy and above `share` of the
/// greatest row. Which those are carries no gradient. 0 where no row remains.
pub(super) fn without_outliers(losses: Tensor<2>, share: f64, noisy: &[bool]) -> Tensor<1> {
    let rows = losses.mean_dim(1); // [B, 1]
    let batch = rows.dims()[0];
    let flags: Vec<f32> = (0..batch)
        .map(|row| f32::from(u8::from(is_noisy(noisy, row))))
        .collect();
    let flags = Tensor::<2>::from_data(TensorData::new(flags, [batch, 1]), &rows.device());
    let seen = rows.clone().detach();
    let limit = seen.clone().max_dim(0).mul_scalar(share); // [1, 1]
    let outliers = (seen - limit).greater_elem(0.0).float() * flags;
    let kept = outliers.neg().add_scalar(1.0);
    (rows * kept.clone()).sum() / kept.sum().clamp_min(1.0)
}

/// The curated loss of trusted rows plus the noisy loss of the others, each times its weight and its share of the batch.
pub(super) fn by_part(
    [curated, noisy]: [&Loss; 2],
    [curated_weight, noisy_weight]: [f64; 2],
    logits: Tensor<2>,
    targets: Tensor<2>,
    flags: &[bool],
) -> Tensor<1> {
    let batch = logits.dims()[0];
    let of = |loss: &Loss, weight: f64, flag: bool| {
        let rows: Vec<i32> = (0..)
            .zip(0..batch)
            .filter(|&(_, row)| is_noisy(flags, row) == flag)
            .map(|(index, _)| index)
            .collect();
        let count = rows.len();
        let pick = |x: &Tensor<2>| {
            if count == batch {
                return x.clone();
            }
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.clone(), [count]), &x.device());
            x.clone().select(0, rows)
        };
        (count > 0).then(|| {
            loss.forward(pick(&logits), pick(&targets), &vec![flag; count])
                .mul_scalar(weight * count as f64 / batch as f64)
        })
    };
    match (of(curated, curated_weight, false), of(noisy, noisy_weight, true)) {
        (Some(a), Some(b)) => a + b,
        (Some(one), None) | (None, Some(one)) => one,
        // A batch without rows has no loss.
        (None, None) => logits.sum().mul_scalar(0.0),
    }
}

fn is_noisy(flags: &[bool], row: usize) -> bool {
    flags.get(row).copied().unwrap_or(false)
}

/// Refuses two losses that can't be one.
pub(super) fn check_by_part(losses: [&Loss; 2], weights: [f64; 2]) -> Result<(), Refusal> {
    for ((name, loss), weight) in ["curated", "noisy"].into_iter().zip(losses).zip(weights) {
        let kind = |value: &str, remedy| Err((format!("{name}.kind"), value.to_owned(), remedy));
        match loss {
            Loss::ByPart { .. } => {
                return kind("by-part", "a part can't be divided again; choose another loss");
            }
            Loss::OutlierCrossEntropy { .. } if name == "curated" => {
                let remedy = "it leaves out noisy clips alone, of which there are none here; choose sigmoid-cross-entropy";
                return kind("outlier-cross-entropy", remedy);
            }
            _ => {}
        }
        loss.check()
            .map_err(|(key, value, remedy)| (format!("{name}.{key}"), value, remedy))?;
        if !(weight >= 0.0 && weight.is_finite()) {
            let remedy = "choose 0 or a positive number";
            return Err((format!("{name}-weight"), weight.to_string(), remedy));
        }
    }
    if weights == [0.0, 0.0] {
        let remedy = "one of the two weights must be above 0";
        return Err(("curated-weight".into(), "0".into(), remedy));
    }
    if losses[0].is_single_label() != losses[1].is_single_label() {
        let remedy = "softmax and sigmoid losses give different scores; choose two of one kind";
        return Err(("noisy.kind".into(), "of another kind than curated".into(), remedy));
    }
    Ok(())
}

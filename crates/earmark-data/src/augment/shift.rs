//! What shifts along either axis share: what comes in where the content has left.

use serde::{Deserialize, Serialize};

/// What fills the places that a shift lays bare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShiftFill {
    /// What left at the other end: a roll.
    #[default]
    Wrap,
    /// The row or column at the edge, again and again (mobilenetv2-pca-2018, from Keras).
    Edge,
    /// The smallest value of the example.
    Min,
}

/// Moves `places` stretches of `width` values by `by` of them towards the end (negative: the start), and writes what
/// `fill` says into the others; `least` is the smallest value of the example.
pub(super) fn shift(values: &mut [f32], width: usize, by: isize, fill: ShiftFill, least: f32) {
    let places = values.len().checked_div(width).unwrap_or(0);
    let far = by.unsigned_abs();
    if far == 0 || places == 0 {
        return;
    }
    if fill == ShiftFill::Wrap {
        let far = far % places * width;
        return if by > 0 {
            values.rotate_right(far)
        } else {
            values.rotate_left(far)
        };
    }
    let far = far.min(places) * width;
    let length = places * width;
    let edge = match by > 0 {
        true => values[..width].to_vec(),
        false => values[length - width..].to_vec(),
    };
    let bare = if by > 0 {
        values.copy_within(..length - far, far);
        &mut values[..far]
    } else {
        values.copy_within(far.., 0);
        &mut values[length - far..]
    };
    match fill {
        ShiftFill::Edge => bare
            .chunks_exact_mut(width)
            .for_each(|place| place.copy_from_slice(&edge)),
        ShiftFill::Min | ShiftFill::Wrap => bare.fill(least),
    }
}

/// How far a shift may go at most: a share of `length`, rounded down.
pub(super) fn farthest(length: usize, max_share: f64) -> usize {
    ((length as f64 * max_share).floor() as usize).min(length)
}

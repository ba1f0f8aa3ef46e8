//! How weights are stored: float32, or int8 with a factor per channel.

/// The precision of a network's weights in the file. Computation is in float32 either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightPrecision {
    /// As they were trained.
    #[default]
    Float32,
    /// Integers from -127 to 127 with a factor per output channel, chosen so that the channel's largest weight becomes 127: a
    /// quarter of the size, and no weight is off by more than half a factor. Where a channel has few weights (depthwise
    /// convolutions, and first ones on a single channel), they stay float32: they would save little, and scores depend on them
    /// most.
    Int8,
}

/// Up to this many weights per channel are few. Measured on mn04 and ESC-10: with int8 for these too, the file is a tenth
/// smaller and the mean error of scores six times as large.
pub(super) const FEW: usize = 32;

/// Integers, and a factor for each of `channels`.
pub(super) fn to_int8(values: &[f32], channels: usize) -> (Vec<i8>, Vec<f32>) {
    let each = (values.len() / channels.max(1)).max(1);
    let factors: Vec<f32> = values
        .chunks(each)
        .map(|channel| {
            let largest = channel.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
            // A channel of zeros, or of numbers so small that the factor would lose its precision.
            if largest < 1e-30 { 1.0 } else { largest / 127.0 }
        })
        .collect();
    let whole = values
        .chunks(each)
        .zip(&factors)
        .flat_map(|(channel, factor)| {
            channel
                .iter()
                .map(move |w| (w / factor).round_ties_even().clamp(-127.0, 127.0) as i8)
        })
        .collect();
    (whole, factors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No weight is off by more than half a factor, and the largest of each channel by nothing but rounding.
        #[test]
        fn int8_is_near(channels in 1_usize..5, each in 1_usize..9, values in prop::collection::vec(-1e3_f32..1e3, 40)) {
            let values = &values[..channels * each];
            let (whole, factors) = to_int8(values, channels);
            for (c, factor) in factors.iter().enumerate() {
                let part = c * each..(c + 1) * each;
                let largest = values[part.clone()].iter().fold(0.0_f32, |m, w| m.max(w.abs()));
                for (w, q) in values[part.clone()].iter().zip(&whole[part]) {
                    let off = (f32::from(*q) * factor - w).abs();
                    prop_assert!(off <= 0.5001 * factor, "{w} became {q} x {factor}");
                    prop_assert!(w.abs() < largest || off <= largest * 1e-6);
                }
            }
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        assert_eq!(
            to_int8(&[0.0, 0.0, -2.0, 1.0], 2),
            (vec![0, 0, -127, 64], vec![1.0, 2.0 / 127.0])
        );
    }
}

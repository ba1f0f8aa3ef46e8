//! Numbers of channels at another width, rounded to multiples of 8.

/// The multiple of 8 nearest to `channels`, at least 8; the next one if the nearest is below 90 % of it (MobileNet's rule).
pub fn divisible(channels: f64) -> usize {
    let nearest = (((channels + 4.0) as usize) / 8 * 8).max(8);
    let too_few = (nearest as f64) < 0.9 * channels;
    if too_few { nearest + 8 } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_multiples_of_eight_not_far_below() {
        // By hand: value, nearest multiple, what 90 % says.
        for (value, want) in [
            (1.0, 8),
            (6.4, 8),
            (9.6, 16),
            (11.0, 16),
            (12.0, 16),
            (16.0, 16),
            (67.0, 64),
            (68.0, 72),
            (28.8, 32),
            (44.8, 48),
        ] {
            assert_eq!(divisible(value), want, "{value}");
        }
    }
}

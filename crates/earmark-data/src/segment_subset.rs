//! Some of a clip's segments: how a stacking network is shown the same clip differently in each epoch.

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use rand::Rng;

use crate::settings::settings;

settings! {
    /// Which segments of a clip are averaged: consecutive ones, or any of them (argus-2019's stacking).
    #[derive(Copy)]
    pub struct SegmentSubset {
        /// Probability that only some segments are used; otherwise all are, as in evaluation.
        pub prob: f64 = 1.0,
        /// Probability that the chosen segments are consecutive; otherwise any are.
        pub crop_prob: f64 = 0.5,
    }
}

impl Check for SegmentSubset {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        ConfigError::check_share("crop-prob", self.crop_prob)
    }
}

impl SegmentSubset {
    /// The chosen ones of a clip's `segments`, ascending: at least one, each number of them as likely.
    ///
    /// Streams in the same state give the same choice for clips with the same number of segments, which is how several input networks are shown
    /// the same part of a clip.
    pub fn draw(&self, segments: usize, rng: &mut impl Rng) -> Vec<usize> {
        let some = random::chance(rng, self.prob);
        let crop = random::chance(rng, self.crop_prob);
        if !some || segments < 2 {
            return (0..segments).collect();
        }
        let length = 1 + random::below(rng, segments);
        if crop {
            let start = random::below(rng, segments - length + 1);
            return (start..start + length).collect();
        }
        let mut chosen = random::permutation(rng, segments);
        chosen.truncate(length);
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::random::stream;

    fn draws(subset: SegmentSubset, segments: usize) -> Vec<Vec<usize>> {
        (0..2000)
            .map(|k| subset.draw(segments, &mut stream(1, &[k])))
            .collect()
    }

    fn contiguous(segments: &[usize]) -> bool {
        segments.windows(2).all(|w| w[1] == w[0] + 1)
    }

    #[test]
    fn crops_are_consecutive_and_subsets_need_not_be() {
        let crop = SegmentSubset {
            crop_prob: 1.0,
            ..Default::default()
        };
        let any = SegmentSubset {
            crop_prob: 0.0,
            ..Default::default()
        };
        assert!(draws(crop, 5).iter().all(|d| contiguous(d)));
        let any = draws(any, 5);
        assert!(any.iter().any(|d| !contiguous(d)));
        for d in any.iter().chain(&draws(SegmentSubset::default(), 5)) {
            assert!(!d.is_empty() && d.is_sorted() && d.iter().all(|t| *t < 5));
            assert!(d.windows(2).all(|w| w[0] != w[1]), "{d:?}");
        }
    }

    /// Each number of segments is drawn a fifth of the time, each segment in three of five draws.
    #[test]
    fn lengths_and_segments_are_equally_likely() {
        let drawn = draws(
            SegmentSubset {
                crop_prob: 0.0,
                ..Default::default()
            },
            5,
        );
        for length in 1..=5 {
            let share = drawn.iter().filter(|d| d.len() == length).count() as f64 / 2000.0;
            assert!((share - 0.2).abs() < 0.03, "{length}: {share}");
        }
        for segment in 0..5 {
            let share = drawn.iter().filter(|d| d.contains(&segment)).count() as f64 / 2000.0;
            assert!((share - 0.6).abs() < 0.04, "{segment}: {share}");
        }
    }

    #[test]
    fn without_a_choice_all_segments_are_used() {
        let never = SegmentSubset {
            prob: 0.0,
            ..Default::default()
        };
        assert!(draws(never, 4).iter().all(|d| *d == [0, 1, 2, 3]));
        assert!(draws(SegmentSubset::default(), 1).iter().all(|d| *d == [0]));
        assert!(
            SegmentSubset {
                prob: 1.5,
                ..Default::default()
            }
            .check()
            .is_err()
        );
    }
}

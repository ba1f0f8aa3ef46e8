//! Some of a clip's segments: how a stacking network is shown the same clip differently in each epoch.

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use rand::Rng;

use crate::settings::settings;

settings! {
    /// Which segments of a clip are averaged: consecutive ones, or any of them, or any of consecutive ones
    /// (argus-2019's stacking).
    #[derive(Copy)]
    pub struct SegmentSubset {
        /// Probability that only some segments are used; otherwise all are, as in evaluation.
        pub prob: f64 = 1.0,
        /// Probability that the chosen segments are consecutive; otherwise any are.
        pub crop_prob: f64 = 0.5,
        /// Probability that, after that, only some of the segments that are left are used, any of them. Default: 0.
        // argus-2019 applies a crop and a choice of any in turn, each with 0.5: prob = 0.5, crop-prob = 1,
        // then-any-prob = 0.5.
        #[serde(skip_serializing_if = "is_zero")]
        #[schemars(!skip_serializing_if)]
        pub then_any_prob: f64 = 0.0,
    }
}

/// Whether it is the default, which recipes leave out.
fn is_zero(prob: &f64) -> bool {
    *prob == 0.0
}

impl Check for SegmentSubset {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        ConfigError::check_share("crop-prob", self.crop_prob)?;
        ConfigError::check_share("then-any-prob", self.then_any_prob)
    }
}

impl SegmentSubset {
    /// The chosen ones of a clip's `segments`, ascending: at least one, each number of them as likely.
    ///
    /// Streams in the same state give the same choice for clips with the same number of segments, which is how several
    /// input networks are shown the same part of a clip.
    pub fn draw(&self, segments: usize, rng: &mut impl Rng) -> Vec<usize> {
        let chosen = self.draw_once(segments, rng);
        if self.then_any_prob == 0.0 || !random::chance(rng, self.then_any_prob) {
            return chosen;
        }
        let again = any(chosen.len(), rng).into_iter();
        again.map(|k| chosen[k]).collect()
    }

    /// The same without `then_any_prob`.
    fn draw_once(&self, segments: usize, rng: &mut impl Rng) -> Vec<usize> {
        let some = random::chance(rng, self.prob);
        let crop = random::chance(rng, self.crop_prob);
        if !some || segments < 2 {
            return (0..segments).collect();
        }
        if !crop {
            return any(segments, rng);
        }
        let length = 1 + random::below(rng, segments);
        let start = random::below(rng, segments - length + 1);
        (start..start + length).collect()
    }
}

/// Any of `segments`, ascending: at least one, each number of them as likely.
fn any(segments: usize, rng: &mut impl Rng) -> Vec<usize> {
    if segments == 0 {
        return Vec::new();
    }
    let length = 1 + random::below(rng, segments);
    let mut chosen = random::permutation(rng, segments);
    chosen.truncate(length);
    chosen.sort_unstable();
    chosen
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

    /// argus-2019's two choices in turn: with five segments, all are left in a quarter of the draws and where a choice
    /// takes all.
    #[test]
    fn a_crop_and_then_any_of_it() {
        let argus = SegmentSubset {
            prob: 0.5,
            crop_prob: 1.0,
            then_any_prob: 0.5,
        };
        let drawn = draws(argus, 5);
        for d in &drawn {
            assert!(
                !d.is_empty() && d.is_sorted() && d.windows(2).all(|w| w[0] != w[1]),
                "{d:?}"
            );
            assert!(d.iter().all(|t| *t < 5));
        }
        let share = |wanted: &dyn Fn(&Vec<usize>) -> bool| {
            drawn.iter().filter(|d| wanted(d)).count() as f64 / drawn.len() as f64
        };
        // 1/4 without a choice, 1/4 x 1/5 with either alone, and 1/4 x 1/25 with both.
        let all = share(&|d| d.len() == 5);
        assert!((all - 0.36).abs() < 0.04, "{all}");
        assert!(share(&|d| !contiguous(d)) > 0.1);
        assert!(draws(argus, 1).iter().all(|d| *d == [0]));
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

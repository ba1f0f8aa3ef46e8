//! Random stretches of several lengths: how networks that learnt from random lengths are asked about a clip.

use crate::refusal::Refusal;
use earmark_core::random::{self, Purpose};
use earmark_data::augment::{PadFill, Padding, Window};
use earmark_features::Features;
use serde::{Deserialize, Serialize};

/// `predict.lengths` and `validation.lengths`: a clip is heard so many times at each of several lengths, each time another stretch of
/// it, and its score is the mean over all (S. Adapa's system for FSDKaggle2018: six lengths, five stretches each, geometric mean).
///
/// Stretches are drawn by the clip's features and the seed: a clip is heard alike wherever it stands in whatever list. A clip that is
/// shorter than a stretch is mirrored at both ends, at a random offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stretches {
    /// Frames of each length.
    pub frames: Vec<usize>,
    /// Stretches of each length.
    #[serde(default = "five")]
    pub crops: usize,
    /// What the score is of theirs.
    #[serde(default)]
    pub mean: StretchMean,
    /// Where the draws begin.
    #[serde(default)]
    pub seed: u64,
}

fn five() -> usize {
    5
}

/// A mean over stretches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StretchMean {
    /// The n-th root of the product: one stretch that finds a class impossible counts much.
    #[default]
    Geometric,
    /// The sum, divided by their number.
    Arithmetic,
}

/// A stretch as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// First frame; below 0 where it begins in what is mirrored.
    pub start: i64,
    /// How many.
    pub frames: usize,
}

/// More stretches than that are a slip.
const MOST: usize = 10_000;

impl Stretches {
    /// Refuses values that can't work; keys are below the key that this is the value of.
    ///
    /// # Errors
    ///
    /// The first of them.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |key: &str, value: String, remedy| Err((key.to_owned(), value, remedy));
        if self.frames.is_empty() {
            return refuse(
                "frames",
                "[]".into(),
                "name one length or more, such as [263, 363, 463]",
            );
        }
        if let Some(n) = self.frames.iter().find(|n| !(1..=1_000_000).contains(*n)) {
            return refuse("frames", n.to_string(), "choose lengths from 1 to 1000000 frames");
        }
        if self.crops == 0 || self.crops.saturating_mul(self.frames.len()) > MOST {
            return refuse(
                "crops",
                self.crops.to_string(),
                "choose 1 or more, at most 10000 stretches of all lengths together",
            );
        }
        Ok(())
    }

    /// The stretches of a clip, length by length.
    pub(crate) fn draw(&self, clip: &Features) -> Vec<Stretch> {
        let mut rng = random::stream(self.seed, &[Purpose::Predict as u64, random::key_of(&clip.data)]);
        let lengths = self
            .frames
            .iter()
            .flat_map(|frames| std::iter::repeat_n(*frames, self.crops));
        lengths
            .map(|frames| {
                let spare = frames.abs_diff(clip.frames);
                let offset = i64::try_from(random::below(&mut rng, spare + 1)).unwrap_or(0);
                let start = if clip.frames < frames { -offset } else { offset };
                Stretch { start, frames }
            })
            .collect()
    }
}

impl Stretch {
    /// `[channels, bands, frames]`, cut out of a clip with at least one frame.
    pub(crate) fn of(self, clip: &Features) -> Features {
        match usize::try_from(self.start) {
            Ok(start) if clip.frames >= self.frames => {
                let window = Window {
                    start,
                    frames: self.frames,
                };
                window.apply(clip)
            }
            _ => {
                let padding = Padding {
                    before: usize::try_from(-self.start).unwrap_or(0),
                    frames: self.frames,
                    fill: PadFill::Symmetric,
                };
                padding.apply(clip)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(frames: usize) -> Features {
        let data = (0..2 * frames).map(|i| i as f32).collect();
        Features::new(1, 2, frames, data).unwrap()
    }

    fn stretches(frames: &[usize]) -> Stretches {
        Stretches {
            frames: frames.to_vec(),
            crops: 40,
            mean: StretchMean::Geometric,
            seed: 3,
        }
    }

    #[test]
    fn every_place_of_a_clip_comes_up() {
        let clip = clip(10);
        let drawn = stretches(&[7, 10, 12]).draw(&clip);
        assert_eq!(drawn.len(), 120);
        for (frames, wanted) in [(7, 0..=3), (10, 0..=0), (12, -2..=0)] {
            let mut starts: Vec<i64> = drawn
                .iter()
                .filter(|s| s.frames == frames)
                .map(|s| s.start)
                .collect();
            starts.sort_unstable();
            starts.dedup();
            assert_eq!(starts, wanted.collect::<Vec<_>>(), "{frames} frames");
        }
        assert_eq!(drawn, stretches(&[7, 10, 12]).draw(&clip));
        assert_ne!(drawn[..40], stretches(&[7]).draw(&self::clip(11)));
    }

    #[test]
    fn stretches_show_the_clip() {
        let clip = clip(4);
        let at = |start, frames| Stretch { start, frames }.of(&clip).data;
        assert_eq!(at(1, 2), [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(at(-2, 7)[..7], [1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(at(0, 4), clip.data);
    }

    #[test]
    fn what_can_not_work_is_refused_by_key() {
        for (frames, crops, key) in [
            (vec![], 1, "frames"),
            (vec![5, 0], 1, "frames"),
            (vec![5], 0, "crops"),
            (vec![5, 6], 6000, "crops"),
        ] {
            let one = Stretches {
                frames,
                crops,
                mean: StretchMean::Arithmetic,
                seed: 0,
            };
            assert_eq!(one.check().unwrap_err().0, key);
        }
    }
}

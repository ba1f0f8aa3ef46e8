//! Random crops of several lengths (test-time augmentation), for networks that were trained on random lengths.

use earmark_core::random::{self, Purpose};
use earmark_core::{Check, ConfigError};
use earmark_data::augment::spectrogram::{ClipPadding, FrameCrop, PadFill};
use earmark_features::Features;
use serde::{Deserialize, Serialize};

/// `predict.random-crops` and `validation.random-crops`: a clip is scored by random crops of several lengths, and its score is the mean over all
/// of them (S. Adapa's system for FSDKaggle2018: six lengths, five crops each, geometric mean).
///
/// Crops are drawn from the clip's features and the seed: a clip gets the same crops in whatever list it is. A clip that is shorter
/// than a crop is mirrored at both ends, at a random offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RandomCrops {
    /// Lengths in frames.
    pub frames: Vec<usize>,
    /// Crops of each length.
    #[serde(default = "five")]
    pub crops: usize,
    /// How the scores of the crops become one.
    #[serde(default)]
    pub mean: CropMean,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

fn five() -> usize {
    5
}

/// A mean over crops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CropMean {
    /// The n-th root of the product: one crop that finds a class impossible counts much.
    #[default]
    Geometric,
    /// The sum, divided by their number.
    Arithmetic,
}

/// A crop as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crop {
    /// First frame; below 0 where it begins in the mirrored part.
    pub start: i64,
    /// Length in frames.
    pub frames: usize,
}

/// More crops than this are a mistake.
const MAX_CROPS: usize = 10_000;

impl Check for RandomCrops {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "name one length or more, such as [263, 363, 463]";
        ConfigError::unless(!self.frames.is_empty(), "frames", "[]", remedy)?;
        for &frames in &self.frames {
            let remedy = "choose lengths from 1 to 1000000 frames";
            ConfigError::check_range("frames", frames, 1..=1_000_000, remedy)?;
        }
        let most = MAX_CROPS / self.frames.len();
        let remedy = "choose 1 or more, at most 10000 crops of all lengths together";
        ConfigError::check_range("crops", self.crops, 1..=most, remedy)
    }
}

impl RandomCrops {
    /// The crops of a clip, length by length.
    pub(crate) fn draw(&self, clip: &Features) -> Vec<Crop> {
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
                Crop { start, frames }
            })
            .collect()
    }
}

impl Crop {
    /// `[channels, bands, frames]`, cut out of a clip with at least one frame.
    pub(crate) fn cut(self, clip: &Features) -> Features {
        match usize::try_from(self.start) {
            Ok(start) if clip.frames >= self.frames => {
                let crop = FrameCrop {
                    start,
                    frames: self.frames,
                };
                crop.cut(clip)
            }
            _ => {
                let padding = ClipPadding {
                    before: usize::try_from(-self.start).unwrap_or(0),
                    frames: self.frames,
                    fill: PadFill::Symmetric,
                };
                padding.pad(clip)
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

    fn crops(frames: &[usize]) -> RandomCrops {
        RandomCrops {
            frames: frames.to_vec(),
            crops: 40,
            mean: CropMean::Geometric,
            seed: 3,
        }
    }

    #[test]
    fn every_place_of_a_clip_comes_up() {
        let clip = clip(10);
        let drawn = crops(&[7, 10, 12]).draw(&clip);
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
        assert_eq!(drawn, crops(&[7, 10, 12]).draw(&clip));
        assert_ne!(drawn[..40], crops(&[7]).draw(&self::clip(11)));
    }

    #[test]
    fn crops_show_the_clip() {
        let clip = clip(4);
        let at = |start, frames| Crop { start, frames }.cut(&clip).data;
        assert_eq!(at(1, 2), [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(at(-2, 7)[..7], [1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(at(0, 4), clip.data);
    }

    #[test]
    fn values_that_can_not_work_are_refused_by_key() {
        for (frames, crops, key) in [
            (vec![], 1, "frames"),
            (vec![5, 0], 1, "frames"),
            (vec![5], 0, "crops"),
            (vec![5, 6], 6000, "crops"),
        ] {
            let one = RandomCrops {
                frames,
                crops,
                mean: CropMean::Arithmetic,
                seed: 0,
            };
            assert_eq!(one.check().unwrap_err().key, key);
        }
    }
}

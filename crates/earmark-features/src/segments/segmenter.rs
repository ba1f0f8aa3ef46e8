//! Cuts features into segments: where each starts and ends, and what pads it.

use crate::{error::FeatureError, features::Features};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What pads segments beyond the ends of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SegmentPad {
    /// One number, in the unit of the features: `pad = { value = 0.0 }`.
    // Quirk(dcase2019-baseline): 0 is not silence there (that is ln 0.001 = -6.9) but about as loud as a spoken word.
    Value(f64),
    /// The smallest number of the clip's features; 0 without frames. Used by argus-2019.
    Minimum,
}

impl Default for SegmentPad {
    fn default() -> Self {
        Self::Value(0.0)
    }
}

/// Where segments are placed over the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SegmentPlacement {
    /// The first segment starts with the clip, and another one at every hop until the clip ends:
    /// `ceil(frames / hop)`, at least one; the end is padded.
    #[default]
    Start,
    /// The fewest segments that cover the clip, centred over it, with padding on both sides, the odd frame at the
    /// end. Used by argus-2019 to predict.
    Centre,
    /// One segment per clip, its middle, with padding on both sides of shorter clips, the odd frame at the end. Used by
    /// argus-2019 to validate.
    Middle,
}

/// Checked [`Segments`](super::Segments) in frames.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segmenter {
    pub length: usize,
    pub hop: usize,
    pub pad: SegmentPad,
    pub place: SegmentPlacement,
}

impl Segmenter {
    /// Number of segments of `frames` frames; at least one.
    pub fn count(&self, frames: usize) -> usize {
        match self.place {
            SegmentPlacement::Start => frames.div_ceil(self.hop).max(1),
            SegmentPlacement::Centre => 1 + frames.saturating_sub(self.length).div_ceil(self.hop),
            SegmentPlacement::Middle => 1,
        }
    }

    /// Frames from the first segment's start to that of segment `index`, and frames of padding before the clip.
    fn offsets(&self, frames: usize, index: usize) -> (usize, usize) {
        match self.place {
            SegmentPlacement::Start => (index * self.hop, 0),
            SegmentPlacement::Centre => {
                let span = self.length + (self.count(frames) - 1) * self.hop;
                (index * self.hop, span.saturating_sub(frames) / 2)
            }
            SegmentPlacement::Middle => {
                let skipped = frames.saturating_sub(self.length) / 2;
                (skipped, self.length.saturating_sub(frames) / 2)
            }
        }
    }

    /// The frame of the clip at which segment `index` starts; below 0 in the padding before the clip.
    pub fn start(&self, frames: usize, index: usize) -> i64 {
        let (start, before) = self.offsets(frames, index);
        // Frame numbers of all clips fit.
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        signed(start) - signed(before)
    }

    /// Where segment `index` of a clip of `frames` frames is: frames of padding before the clip, and the frames of the
    /// clip that are in it.
    pub fn span(&self, frames: usize, index: usize) -> (usize, Range<usize>) {
        let (start, before) = self.offsets(frames, index);
        let skip = before.saturating_sub(start).min(self.length);
        let from = (start + skip - before).min(frames);
        let to = (start + self.length).saturating_sub(before).clamp(from, frames);
        (skip, from..to)
    }

    /// The number that pads segments of a clip of `frames` frames with this smallest number.
    pub fn padding(&self, frames: usize, minimum: impl FnOnce() -> f32) -> f32 {
        match self.pad {
            SegmentPad::Value(value) => value as f32,
            SegmentPad::Minimum if frames == 0 => 0.0,
            SegmentPad::Minimum => minimum(),
        }
    }

    /// Writes segment `index`, `[channels, bands, length]`.
    pub fn write(&self, features: &Features, index: usize, out: &mut [f32]) -> Result<(), FeatureError> {
        let frames = features.frames;
        let count = self.count(frames);
        if index >= count {
            return Err(FeatureError::NoSuchSegment { index, count });
        }
        let shape = [features.channels, features.bands, self.length];
        Features::check_length("the segment's buffer", out.len(), shape)?;
        let padding = self.padding(frames, || features.minimum());
        let (skip, inside) = self.span(frames, index);
        for (row, out) in features.rows().zip(out.chunks_exact_mut(self.length)) {
            out[..skip].fill(padding);
            out[skip..skip + inside.len()].copy_from_slice(&row[inside.clone()]);
            out[skip + inside.len()..].fill(padding);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Segments;
    use proptest::prelude::*;

    fn ramp(frames: usize) -> Features {
        let data = (0..2)
            .flat_map(|band| (0..frames).map(move |t| (band * 1000 + t + 1) as f32))
            .collect();
        Features::new(1, 2, frames, data).unwrap()
    }

    #[test]
    fn dcase_counts() {
        let segmenter = Segments::default().segmenter(100.0).unwrap();
        assert_eq!((segmenter.length, segmenter.hop), (100, 50));
        let counts = [0, 1, 50, 51, 98, 100, 101, 498].map(|frames| segmenter.count(frames));
        assert_eq!(counts, [1, 1, 1, 2, 2, 2, 3, 10]);
        let mut out = vec![9.0; 200];
        segmenter.write(&ramp(120), 2, &mut out).unwrap();
        assert_eq!((out[0], out[19], out[20], out[99]), (101.0, 120.0, 0.0, 0.0));
        segmenter.write(&ramp(0), 0, &mut out).unwrap();
        assert!(out.iter().all(|x| *x == 0.0));
        let error = segmenter.write(&ramp(120), 3, &mut out).unwrap_err().to_string();
        assert_eq!(error, "segment 3 does not exist; there are 3, counted from 0");
    }

    #[test]
    fn argus_segments_are_centred() {
        let config = Segments::in_frames(256, 64, SegmentPad::Minimum, SegmentPlacement::Centre);
        let segmenter = config.segmenter(44_100.0 / 690.0).unwrap();
        assert_eq!(
            [0, 10, 256, 257, 320, 321].map(|frames| segmenter.count(frames)),
            [1, 1, 1, 2, 2, 3]
        );
        let mut out = vec![0.0; 512];
        // 257 frames in two segments that span 320: 63 padded, 31 before and 32 after.
        segmenter.write(&ramp(257), 0, &mut out).unwrap();
        assert_eq!((out[30], out[31], out[32], out[255]), (1.0, 1.0, 2.0, 225.0));
        segmenter.write(&ramp(257), 1, &mut out).unwrap();
        assert_eq!((out[0], out[223], out[224]), (34.0, 257.0, 1.0));
    }

    #[test]
    fn the_middle_is_one_segment() {
        let config = Segments::in_frames(256, 256, SegmentPad::Minimum, SegmentPlacement::Middle);
        let segmenter = config.segmenter(44_100.0 / 690.0).unwrap();
        assert_eq!([0, 256, 1000].map(|frames| segmenter.count(frames)), [1, 1, 1]);
        let mut out = vec![0.0; 512];
        // 101 frames too many: 50 before and 51 after are left out.
        segmenter.write(&ramp(357), 0, &mut out).unwrap();
        assert_eq!((out[0], out[255], out[256]), (51.0, 306.0, 1051.0));
        // 3 too few: one before and two after.
        segmenter.write(&ramp(253), 0, &mut out).unwrap();
        assert_eq!((out[0], out[1], out[253], out[254]), (1.0, 1.0, 253.0, 1.0));
    }

    proptest! {
        /// Every frame of the clip is in some segment, at the right position, and everything else is padding.
        #[test]
        fn segments_cover_the_clip(frames in 0_usize..60, length in 1_u32..20, hop in 1_u32..20, centre: bool) {
            let place = if centre { SegmentPlacement::Centre } else { SegmentPlacement::Start };
            let config = Segments::in_frames(length, hop.min(length), SegmentPad::Value(-1.0), place);
            let segmenter = config.segmenter(1.0).unwrap();
            let (features, length) = (ramp(frames), length as usize);
            let mut seen = vec![false; frames];
            for index in 0..segmenter.count(frames) {
                let mut out = vec![f32::NAN; 2 * length];
                segmenter.write(&features, index, &mut out).unwrap();
                for i in 0..length {
                    if out[i] == -1.0 {
                        prop_assert_eq!(out[length + i], -1.0);
                        continue;
                    }
                    let t = out[i] as usize - 1;
                    prop_assert_eq!(out[length + i], (1000 + t + 1) as f32);
                    prop_assert!(i == 0 || out[i - 1] == -1.0 || out[i - 1] as usize == t);
                    seen[t] = true;
                }
            }
            prop_assert!(seen.iter().all(|x| *x));
        }
    }
}

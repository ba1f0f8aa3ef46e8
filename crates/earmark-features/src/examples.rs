//! Examples: pieces of one length that a network takes.

use crate::{error::ConfigError, error::FeatureError, features::Features, stft::length, whole};
use serde::{Deserialize, Serialize};

/// Cuts features into examples of one length. Length and hop are given in seconds or in frames, one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Examples {
    /// Length of an example in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_seconds: Option<f64>,
    /// Length of an example in frames.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    pub length_frames: Option<u32>,
    /// Distance between examples in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f64>,
    /// Distance between examples in frames.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    pub hop_frames: Option<u32>,
    /// What fills the frames that the clip does not have.
    #[serde(default)]
    pub pad: Pad,
    /// Where examples lie.
    #[serde(default)]
    pub place: Place,
}

impl Default for Examples {
    /// The DCASE 2019 baseline's: 100 frames every 50, filled with 0.
    fn default() -> Self {
        Self {
            length_seconds: Some(1.0),
            length_frames: None,
            hop_seconds: Some(0.5),
            hop_frames: None,
            pad: Pad::default(),
            place: Place::default(),
        }
    }
}

/// What fills the frames that the clip does not have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pad {
    /// One number, in the unit of the features: `pad = { value = 0.0 }`.
    // Quirk(dcase2019-baseline): 0 is no silence there (that is ln 0.001 = -6.9) but about as loud as a spoken word.
    Value(f64),
    /// The smallest number of these features; 0 when they have no frames. argus-2019 fills so.
    Minimum,
}

impl Default for Pad {
    fn default() -> Self {
        Pad::Value(0.0)
    }
}

/// Where examples lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The first one starts with the clip, and one more at every hop as long as the clip lasts: `ceil(frames / hop)`, at least one;
    /// the end is filled.
    #[default]
    Start,
    /// As few as cover the clip; what they are longer than the clip is split on both sides, the odd frame at the end.
    /// argus-2019 predicts so.
    Centre,
    /// One a clip: its middle, filled on both sides where it is shorter, the odd frame at the end. argus-2019 validates so.
    Middle,
}

/// An [`Examples`] in frames, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cutting {
    pub length: usize,
    pub hop: usize,
    pub pad: Pad,
    pub place: Place,
}

impl Examples {
    /// Checks all keys and turns seconds into frames.
    pub(crate) fn cutting(&self, frames_per_second: f64) -> Result<Cutting, ConfigError> {
        let frames =
            |key, seconds, frames| length(key, "seconds", "frames", seconds, frames, frames_per_second);
        let length = frames("examples.length", self.length_seconds, self.length_frames)?;
        let hop = frames("examples.hop", self.hop_seconds, self.hop_frames)?;
        if hop > length {
            let (key, value) = match (self.hop_seconds, self.hop_frames) {
                (Some(seconds), _) => ("examples.hop-seconds", seconds),
                (None, frames) => ("examples.hop-frames", f64::from(frames.unwrap_or(0))),
            };
            return Err(ConfigError::new(
                key,
                value,
                format!(
                    "is longer than an example of {length} frames, so that frames between examples are never heard"
                ),
                format!("give at most {length} frames"),
            ));
        }
        if let Pad::Value(value) = self.pad
            && !value.is_finite()
        {
            return Err(ConfigError::new(
                "examples.pad.value",
                value,
                "is no number to compute with",
                "give one, for example 0.0, or pad = \"minimum\"",
            ));
        }
        Ok(Cutting {
            length,
            hop,
            pad: self.pad,
            place: self.place,
        })
    }
}

impl Cutting {
    /// Examples that `frames` frames make; never none.
    pub fn count(&self, frames: usize) -> usize {
        match self.place {
            Place::Start => frames.div_ceil(self.hop).max(1),
            Place::Centre => 1 + frames.saturating_sub(self.length).div_ceil(self.hop),
            Place::Middle => 1,
        }
    }

    /// Writes example `index`, `[channels, bands, length]`.
    pub fn slice(&self, features: &Features, index: usize, out: &mut [f32]) -> Result<(), FeatureError> {
        let frames = features.frames;
        let count = self.count(frames);
        if index >= count {
            return Err(FeatureError::NoSuchExample { index, count });
        }
        Features::check_length(
            "the example's buffer",
            out.len(),
            features.channels,
            features.bands,
            self.length,
        )?;
        // Frames of filling in front of the first example.
        let before = match self.place {
            Place::Start => 0,
            Place::Centre => (self.length + (count - 1) * self.hop).saturating_sub(frames) / 2,
            Place::Middle => self.length.saturating_sub(frames) / 2,
        };
        let fill = match self.pad {
            Pad::Value(value) => value as f32,
            Pad::Minimum if frames == 0 => 0.0,
            Pad::Minimum => features.minimum(),
        };
        // In frames of the clip: the example covers from..to of them, `skip` frames after its own start.
        let start = match self.place {
            Place::Start | Place::Centre => index * self.hop,
            Place::Middle => frames.saturating_sub(self.length) / 2,
        };
        let skip = before.saturating_sub(start).min(self.length);
        let from = (start + skip - before).min(frames);
        let to = (start + self.length).saturating_sub(before).clamp(from, frames);
        for (row, out) in features.rows().zip(out.chunks_exact_mut(self.length)) {
            out[..skip].fill(fill);
            out[skip..skip + to - from].copy_from_slice(&row[from..to]);
            out[skip + to - from..].fill(fill);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ramp(frames: usize) -> Features {
        let data = (0..2)
            .flat_map(|band| (0..frames).map(move |t| (band * 1000 + t + 1) as f32))
            .collect();
        Features::new(1, 2, frames, data).unwrap()
    }

    #[test]
    fn dcase_counts() {
        let cutting = Examples::default().cutting(100.0).unwrap();
        assert_eq!((cutting.length, cutting.hop), (100, 50));
        let counts = [0, 1, 50, 51, 98, 100, 101, 498].map(|frames| cutting.count(frames));
        assert_eq!(counts, [1, 1, 1, 2, 2, 2, 3, 10]);
        let mut out = vec![9.0; 200];
        cutting.slice(&ramp(120), 2, &mut out).unwrap();
        assert_eq!((out[0], out[19], out[20], out[99]), (101.0, 120.0, 0.0, 0.0));
        cutting.slice(&ramp(0), 0, &mut out).unwrap();
        assert!(out.iter().all(|x| *x == 0.0));
        let error = cutting.slice(&ramp(120), 3, &mut out).unwrap_err().to_string();
        assert_eq!(error, "example 3 was asked for, and there are 3, counted from 0");
    }

    #[test]
    fn argus_tiles_are_centred() {
        let config = Examples {
            length_frames: Some(256),
            hop_frames: Some(64),
            length_seconds: None,
            hop_seconds: None,
            pad: Pad::Minimum,
            place: Place::Centre,
        };
        let cutting = config.cutting(44_100.0 / 690.0).unwrap();
        assert_eq!(
            [0, 10, 256, 257, 320, 321].map(|frames| cutting.count(frames)),
            [1, 1, 1, 2, 2, 3]
        );
        let mut out = vec![0.0; 512];
        // 257 frames in two tiles that span 320: 63 to fill, 31 in front and 32 behind.
        cutting.slice(&ramp(257), 0, &mut out).unwrap();
        assert_eq!((out[30], out[31], out[32], out[255]), (1.0, 1.0, 2.0, 225.0));
        cutting.slice(&ramp(257), 1, &mut out).unwrap();
        assert_eq!((out[0], out[223], out[224]), (34.0, 257.0, 1.0));
    }

    #[test]
    fn the_middle_is_one_example() {
        let config = Examples {
            length_frames: Some(256),
            hop_frames: Some(256),
            length_seconds: None,
            hop_seconds: None,
            pad: Pad::Minimum,
            place: Place::Middle,
        };
        let cutting = config.cutting(44_100.0 / 690.0).unwrap();
        assert_eq!([0, 256, 1000].map(|frames| cutting.count(frames)), [1, 1, 1]);
        let mut out = vec![0.0; 512];
        // 101 frames too many: 50 in front and 51 behind are left out.
        cutting.slice(&ramp(357), 0, &mut out).unwrap();
        assert_eq!((out[0], out[255], out[256]), (51.0, 306.0, 1051.0));
        // 3 too few: one in front and two behind.
        cutting.slice(&ramp(253), 0, &mut out).unwrap();
        assert_eq!((out[0], out[1], out[253], out[254]), (1.0, 1.0, 253.0, 1.0));
    }

    proptest! {
        /// Every frame of the clip is in some example, at its place, and everything else is filling.
        #[test]
        fn examples_hold_the_clip(frames in 0_usize..60, length in 1_u32..20, hop in 1_u32..20, centre: bool) {
            let config = Examples {
                length_frames: Some(length), hop_frames: Some(hop.min(length)), length_seconds: None, hop_seconds: None,
                pad: Pad::Value(-1.0), place: if centre { Place::Centre } else { Place::Start },
            };
            let cutting = config.cutting(1.0).unwrap();
            let (features, length) = (ramp(frames), length as usize);
            let mut seen = vec![false; frames];
            for index in 0..cutting.count(frames) {
                let mut out = vec![f32::NAN; 2 * length];
                cutting.slice(&features, index, &mut out).unwrap();
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

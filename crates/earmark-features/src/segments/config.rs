//! Settings of segments.

use super::segmenter::{SegmentPad, SegmentPlacement, Segmenter};
use crate::{positive_integer, seconds_or_count::length};
use earmark_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cuts the features of a clip into segments of one length. Length and hop are given in seconds or in frames, one of
/// the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Segments {
    /// Length of a segment in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_seconds: Option<f64>,
    /// Length of a segment in frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "positive_integer::optional")]
    pub length_frames: Option<u32>,
    /// Distance between the starts of segments in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f64>,
    /// Distance between the starts of segments in frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "positive_integer::optional")]
    pub hop_frames: Option<u32>,
    /// What pads segments beyond the ends of the clip: a number or `minimum`. Default: `{ value = 0.0 }`.
    #[serde(default)]
    pub pad: SegmentPad,
    /// Where segments are placed over the clip: `start`, `centre` or `middle`. Default: `start`.
    #[serde(default)]
    pub place: SegmentPlacement,
}

impl Default for Segments {
    /// The DCASE 2019 baseline's: one second every half second, padded with 0.
    fn default() -> Self {
        Self {
            length_seconds: Some(1.0),
            length_frames: None,
            hop_seconds: Some(0.5),
            hop_frames: None,
            pad: SegmentPad::default(),
            place: SegmentPlacement::default(),
        }
    }
}

impl Segments {
    /// Segments with length and hop in frames.
    pub fn in_frames(length: u32, hop: u32, pad: SegmentPad, place: SegmentPlacement) -> Self {
        Self {
            length_seconds: None,
            length_frames: Some(length),
            hop_seconds: None,
            hop_frames: Some(hop),
            pad,
            place,
        }
    }

    /// Checks all keys and turns seconds into frames.
    pub(crate) fn segmenter(&self, frames_per_second: f64) -> Result<Segmenter, ConfigError> {
        let frames =
            |of, seconds, frames| length("segments", of, "frames", seconds, frames, frames_per_second);
        let length = frames("length", self.length_seconds, self.length_frames)?;
        let hop = frames("hop", self.hop_seconds, self.hop_frames)?;
        if hop > length {
            let (key, value) = match (self.hop_seconds, self.hop_frames) {
                (Some(seconds), _) => ("hop-seconds", seconds),
                (None, frames) => ("hop-frames", f64::from(frames.unwrap_or(0))),
            };
            let reason = format!(
                "is longer than a segment of {length} frames, so that frames between segments would be skipped"
            );
            return Err(
                ConfigError::new(key, value, format!("give at most {length} frames")).because(reason),
            );
        }
        if let SegmentPad::Value(value) = self.pad {
            let remedy = "must be finite, for example 0.0; or set pad = \"minimum\"";
            ConfigError::unless(value.is_finite(), "pad.value", value, remedy)?;
        }
        Ok(Segmenter {
            length,
            hop,
            pad: self.pad,
            place: self.place,
        })
    }
}

//! Settings of the transform.

use super::{
    framing::{Centre, Framing},
    window::WindowFunction,
};
use crate::{positive_integer, seconds_or_count::length};
use earmark_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The short-time Fourier transform of a front end.
///
/// Window and hop are given either in seconds or in samples, one of the two; seconds become samples by rounding half to
/// even (0.025 s at 44.1 kHz are 1,102 samples), as in Python.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stft {
    /// Length of the window in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<f64>,
    /// Length of the window in samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "positive_integer::optional")]
    pub window_samples: Option<u32>,
    /// Distance between frames in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f64>,
    /// Distance between frames in samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "positive_integer::optional")]
    pub hop_samples: Option<u32>,
    /// Length of the transform in samples, at least the window's; frames are zero-padded to it. Bins run from 0 to
    /// `fft-samples / 2`. Default: the next power of two that holds the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "positive_integer::optional")]
    pub fft_samples: Option<u32>,
    /// Lengths of further windows in samples. Each adds a channel: the spectrogram with this window in place of the
    /// first, at the same frames and with the same bands, by a transform that is at least as long. Needs `mel` and a
    /// `centre`. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_window_samples: Vec<u32>,
    /// Window function. Default: `hann`.
    #[serde(default)]
    pub window: WindowFunction,
    /// Where frames are placed over the clip. Default: `none`.
    #[serde(default)]
    pub centre: Centre,
    /// Value of each bin: `magnitude` or `power`. Default: `magnitude`.
    #[serde(default)]
    pub value: BinValue,
    /// Adds a second channel, the angle of each bin divided by pi (-1 to 1). Only without `mel`, because angles can't
    /// be summed. Default: false.
    #[serde(default)]
    pub phase: bool,
}

impl Default for Stft {
    /// The DCASE 2019 baseline's: 25 ms every 10 ms, magnitudes.
    fn default() -> Self {
        Self {
            window_seconds: Some(0.025),
            hop_seconds: Some(0.010),
            ..Self::in_samples(None, None, None)
        }
    }
}

/// The value of each bin of the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BinValue {
    /// `|X|`.
    #[default]
    Magnitude,
    /// `|X|^2`.
    Power,
}

impl Stft {
    /// Hann windows and magnitudes, with lengths in samples.
    pub(crate) const fn in_samples(window: Option<u32>, hop: Option<u32>, fft: Option<u32>) -> Self {
        Self {
            window_seconds: None,
            window_samples: window,
            hop_seconds: None,
            hop_samples: hop,
            fft_samples: fft,
            more_window_samples: Vec::new(),
            window: WindowFunction::Hann,
            centre: Centre::None,
            value: BinValue::Magnitude,
            phase: false,
        }
    }

    /// Checks all keys and turns seconds into samples.
    pub(crate) fn framing(&self, sample_rate_hz: u32) -> Result<Framing, ConfigError> {
        let rate = f64::from(sample_rate_hz);
        let samples = |of, seconds, samples| length("stft", of, "samples", seconds, samples, rate);
        let window = samples("window", self.window_seconds, self.window_samples)?;
        let hop = samples("hop", self.hop_seconds, self.hop_samples)?;
        let fft = self
            .fft_samples
            .map_or(window.next_power_of_two(), |given| given as usize);
        if fft < window {
            let remedy = format!("give at least {window}, or leave it out for the next power of two");
            let reason = format!("is shorter than the window of {window} samples");
            return Err(ConfigError::new("fft-samples", fft, remedy).because(reason));
        }
        let remedy = "must be 2 to 1048576; usual are 512 to 4096";
        ConfigError::check_range("fft-samples", fft, 2..=1 << 20, remedy)?;
        Ok(Framing {
            window,
            hop,
            fft,
            centre: self.centre,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_half_to_even() {
        let framing = Stft::default().framing(44_100).unwrap();
        assert_eq!((framing.window, framing.hop, framing.fft), (1102, 441, 2048));
    }

    #[test]
    fn both_and_neither_unit_are_refused() {
        let both = Stft {
            hop_samples: Some(441),
            ..Stft::default()
        };
        let message = both.framing(44_100).unwrap_err().to_string();
        assert_eq!(
            message,
            "hop-seconds = 0.01: is given together with front-end.stft.hop-samples = 441; keep one of the two"
        );
        let neither = Stft {
            window_seconds: None,
            ..Stft::default()
        };
        let message = neither.framing(44_100).unwrap_err().to_string();
        assert!(
            message.contains("front-end.stft.window-samples instead"),
            "{message}"
        );
        let negative = Stft {
            hop_seconds: Some(-0.01),
            ..Stft::default()
        };
        let message = negative.framing(44_100).unwrap_err().to_string();
        assert!(
            message.starts_with("hop-seconds = -0.01: makes -441 samples"),
            "{message}"
        );
    }
}

//! Framing: which samples make a frame, and what is read from its spectrum.

use crate::{error::ConfigError, whole, window::Window};
use serde::{Deserialize, Serialize};

/// The short-time Fourier transform of a front end.
///
/// Window and hop are given either in seconds or in samples, one of the two; seconds become samples by rounding half to even
/// (0.025 s at 44.1 kHz are 1,102 samples), as Python rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stft {
    /// Length of the window in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<f64>,
    /// Length of the window in samples.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    pub window_samples: Option<u32>,
    /// Distance between frames in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_seconds: Option<f64>,
    /// Distance between frames in samples.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    pub hop_samples: Option<u32>,
    /// Length of the transform, any whole number from the window's length on; frames are filled up with zeros. Left out, it is
    /// the power of two that holds the window. Bins run from 0 to `fft-samples / 2`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    pub fft_samples: Option<u32>,
    /// Shape of the window.
    #[serde(default)]
    pub window: Window,
    /// Where frames lie.
    #[serde(default)]
    pub centre: Centre,
    /// What is read from each bin.
    #[serde(default)]
    pub value: Value,
    /// Adds a second channel, the angle of each bin divided by pi (-1 to 1). Only without `mel`: angles cannot be summed.
    #[serde(default)]
    pub phase: bool,
}

impl Default for Stft {
    /// The DCASE 2019 baseline's: 25 ms every 10 ms, magnitudes.
    fn default() -> Self {
        Self {
            window_seconds: Some(0.025),
            window_samples: None,
            hop_seconds: Some(0.010),
            hop_samples: None,
            fft_samples: None,
            window: Window::Hann,
            centre: Centre::None,
            value: Value::Magnitude,
            phase: false,
        }
    }
}

/// Where frames lie over the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// Frame `k` starts at sample `k * hop`, and only whole windows count (TensorFlow's `tf.signal.stft`): a clip of `n`
    /// samples has `1 + (n - window) / hop` frames, and one shorter than a window has none.
    #[default]
    None,
    /// Frame `k` is centred at sample `k * hop`; the clip is mirrored at its ends, the end sample not repeated
    /// (librosa before 0.10). `1 + n / hop` frames for an even transform; none for a clip without samples.
    Reflect,
    /// As `reflect`, with zeros around the clip (librosa from 0.10 on).
    Zero,
}

/// What is read from each bin of the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// `|X|`.
    #[default]
    Magnitude,
    /// `|X|^2`.
    Power,
}

/// An [`Stft`] in samples, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Framing {
    pub window: usize,
    pub hop: usize,
    pub fft: usize,
    pub centre: Centre,
}

impl Stft {
    /// Checks all keys and turns seconds into samples.
    pub(crate) fn framing(&self, sample_rate_hz: u32) -> Result<Framing, ConfigError> {
        let rate = f64::from(sample_rate_hz);
        let window = length(
            "stft.window",
            "seconds",
            "samples",
            self.window_seconds,
            self.window_samples,
            rate,
        )?;
        let hop = length(
            "stft.hop",
            "seconds",
            "samples",
            self.hop_seconds,
            self.hop_samples,
            rate,
        )?;
        let fft = match self.fft_samples {
            None => window.next_power_of_two(),
            Some(given) => given as usize,
        };
        if fft < window {
            return Err(ConfigError::new(
                "stft.fft-samples",
                fft,
                format!("is shorter than the window of {window} samples"),
                format!("give at least {window}, or leave it out for the next power of two"),
            ));
        }
        if !(2..=1 << 20).contains(&fft) {
            return Err(ConfigError::new(
                "stft.fft-samples",
                fft,
                "is outside 2 to 1048576",
                "usual are 512 to 4096",
            ));
        }
        Ok(Framing {
            window,
            hop,
            fft,
            centre: self.centre,
        })
    }
}

/// One length given in a unit of time or as a count: exactly one of the two, as a count of 1 or more.
pub(crate) fn length(
    key: &str,
    time_unit: &str,
    count_unit: &str,
    time: Option<f64>,
    count: Option<u32>,
    rate: f64,
) -> Result<usize, ConfigError> {
    let time_key = format!("{key}-{time_unit}");
    let count_key = format!("{key}-{count_unit}");
    match (time, count) {
        (None, None) => Err(ConfigError::new(
            &time_key,
            "(nothing)",
            "is needed",
            format!("give it, or front-end.{count_key} instead"),
        )),
        (Some(time), Some(count)) => Err(ConfigError::new(
            &time_key,
            time,
            format!("is given together with front-end.{count_key} = {count}"),
            "keep one of the two",
        )),
        (None, Some(count)) if (1..=1 << 24).contains(&count) => Ok(count as usize),
        (None, Some(count)) => Err(ConfigError::new(
            &count_key,
            count,
            "is outside 1 to 16777216",
            format!("count {count_unit}, for example 441"),
        )),
        (Some(time), None) => {
            let rounded = (time * rate).round_ties_even();
            if (1.0..=f64::from(1 << 24)).contains(&rounded) {
                Ok(rounded as usize)
            } else {
                Err(ConfigError::new(
                    &time_key,
                    time,
                    format!("makes {rounded} {count_unit}"),
                    format!("give {time_unit} that make 1 to 16777216 {count_unit}, for example 0.01"),
                ))
            }
        }
    }
}

impl Framing {
    /// Bins of a spectrum.
    pub fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Frames that a clip of `samples` has.
    pub fn frames(&self, samples: usize) -> usize {
        match self.centre {
            Centre::None if samples < self.window => 0,
            Centre::None => 1 + (samples - self.window) / self.hop,
            Centre::Reflect | Centre::Zero if samples == 0 => 0,
            // An odd transform takes one sample more than the padding of twice its half brings.
            Centre::Reflect | Centre::Zero => 1 + (samples - self.fft % 2) / self.hop,
        }
    }

    /// Zeros in front of the window inside the transform: they change angles only. librosa centres a short window.
    pub fn lead(&self) -> usize {
        match self.centre {
            Centre::None => 0,
            Centre::Reflect | Centre::Zero => (self.fft - self.window) / 2,
        }
    }

    /// The samples under the window of frame `k`: a piece of the clip where it lies inside, else filled into `edge`
    /// (as long as the window).
    pub fn window_of<'a>(&self, samples: &'a [f32], k: usize, edge: &'a mut [f32]) -> &'a [f32] {
        let before = match self.centre {
            Centre::None => 0,
            Centre::Reflect | Centre::Zero => self.fft / 2 - self.lead(),
        };
        let start = k * self.hop; // of the window, plus `before`
        if start >= before
            && let Some(inside) = samples.get(start - before..start - before + self.window)
        {
            return inside;
        }
        for (i, out) in edge.iter_mut().enumerate() {
            let place = start + i;
            *out = match self.centre {
                Centre::Reflect => samples[mirror(place, before, samples.len())],
                Centre::None | Centre::Zero => place
                    .checked_sub(before)
                    .and_then(|p| samples.get(p))
                    .copied()
                    .unwrap_or(0.0),
            };
        }
        edge
    }
}

/// Place `place - before` of a clip of `len > 0` samples that is mirrored at its ends again and again.
pub(crate) fn mirror(place: usize, before: usize, len: usize) -> usize {
    let period = (2 * (len - 1)).max(1);
    let offset = place.abs_diff(before) % period;
    if offset < len { offset } else { period - offset }
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
    fn mirror_is_numpys_reflect() {
        // np.pad([0, 1, 2, 3], 7, mode="reflect")
        let expected = [1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2];
        let got: Vec<usize> = (0..18).map(|p| mirror(p, 7, 4)).collect();
        assert_eq!(got, expected);
        assert_eq!(mirror(3, 5, 1), 0);
        assert_eq!(mirror(9, 5, 1), 0);
    }

    #[test]
    fn frames_of_short_clips() {
        let framing = Framing {
            window: 400,
            hop: 160,
            fft: 512,
            centre: Centre::None,
        };
        assert_eq!(
            [0, 399, 400, 559, 560].map(|n| framing.frames(n)),
            [0, 0, 1, 1, 2]
        );
        let centred = Framing {
            centre: Centre::Reflect,
            ..framing.clone()
        };
        assert_eq!([0, 1, 159, 160, 320].map(|n| centred.frames(n)), [0, 1, 1, 2, 3]);
        let odd = Framing { fft: 513, ..centred };
        assert_eq!([1, 160, 161].map(|n| odd.frames(n)), [1, 1, 2]);
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
            "front-end.stft.hop-seconds = 0.01: is given together with front-end.stft.hop-samples = 441; keep one of the two"
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
            message.starts_with("front-end.stft.hop-seconds = -0.01: makes -441 samples"),
            "{message}"
        );
    }
}

//! Framing: which samples make a frame.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Where frames are placed over the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// Frame `k` starts at sample `k * hop`, and only whole windows count (TensorFlow's `tf.signal.stft`): a clip of
    /// `n` samples has `1 + (n - window) / hop` frames, and one shorter than a window has none.
    #[default]
    None,
    /// Frame `k` is centred at sample `k * hop`; the clip is mirrored at its ends without repeating the end sample
    /// (librosa before 0.10). `1 + n / hop` frames for an even transform; none for a clip without samples.
    Reflect,
    /// Like `reflect`, but with zeros around the clip (librosa from 0.10 on).
    Zero,
}

/// Checked lengths of a transform in samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Framing {
    pub window: usize,
    pub hop: usize,
    pub fft: usize,
    pub centre: Centre,
}

impl Framing {
    /// Number of bins of a spectrum.
    pub fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Number of frames of a clip of `samples`.
    pub fn frames(&self, samples: usize) -> usize {
        match self.centre {
            Centre::None if samples < self.window => 0,
            Centre::None => 1 + (samples - self.window) / self.hop,
            Centre::Reflect | Centre::Zero if samples == 0 => 0,
            // An odd transform takes one sample more than a padding of twice its half adds.
            Centre::Reflect | Centre::Zero => 1 + (samples - self.fft % 2) / self.hop,
        }
    }

    /// Number of frames of a clip that begins with `samples` samples which are the same whatever follows them.
    pub fn settled_frames(&self, samples: usize) -> usize {
        let padding = self.padding();
        // What is mirrored before the first sample must be there.
        let whole_windows = match (samples + padding).checked_sub(self.window) {
            Some(beyond) if samples > padding => 1 + beyond / self.hop,
            _ => 0,
        };
        whole_windows.min(self.frames(samples))
    }

    /// Frames of a window of a recording that the window before it, which began `hop_samples` earlier and had `before`
    /// samples, has as well: frame `k` is the one `hop_samples / hop` later there. None where that is not a whole
    /// number.
    pub fn shared_frames(&self, before: usize, hop_samples: usize) -> Range<usize> {
        let first = self.padding().div_ceil(self.hop);
        let beyond = (before + self.padding()).checked_sub(hop_samples + self.window);
        let end = beyond.map_or(0, |beyond| 1 + beyond / self.hop);
        match hop_samples.is_multiple_of(self.hop) {
            true => first..end.max(first),
            false => first..first,
        }
    }

    /// Zeros before the window inside the transform, which change angles only: librosa centres a short window.
    pub fn lead(&self) -> usize {
        match self.centre {
            Centre::None => 0,
            Centre::Reflect | Centre::Zero => (self.fft - self.window) / 2,
        }
    }

    /// Padded samples before the clip's first one.
    pub fn padding(&self) -> usize {
        match self.centre {
            Centre::None => 0,
            Centre::Reflect | Centre::Zero => self.fft / 2 - self.lead(),
        }
    }

    /// The samples under the window of frame `k`: a slice of the clip where it is inside, else written to `edge` (as
    /// long as the window).
    pub fn window_of<'a>(&self, samples: &'a [f32], k: usize, edge: &'a mut [f32]) -> &'a [f32] {
        let before = self.padding();
        let start = k * self.hop; // of the window, plus `before`
        if start >= before
            && let Some(inside) = samples.get(start - before..start - before + self.window)
        {
            return inside;
        }
        for (i, out) in edge.iter_mut().enumerate() {
            let position = start + i;
            *out = match self.centre {
                Centre::Reflect => samples[mirror(position, before, samples.len())],
                Centre::None | Centre::Zero => position
                    .checked_sub(before)
                    .and_then(|p| samples.get(p))
                    .copied()
                    .unwrap_or(0.0),
            };
        }
        edge
    }
}

/// The index of sample `position - before` in a clip of `len > 0` samples that is mirrored at its ends as often as
/// needed.
pub(crate) fn mirror(position: usize, before: usize, len: usize) -> usize {
    let period = (2 * (len - 1)).max(1);
    let offset = position.abs_diff(before) % period;
    if offset < len { offset } else { period - offset }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

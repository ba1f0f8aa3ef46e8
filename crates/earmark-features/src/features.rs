//! Features as an array.

use crate::error::FeatureError;

/// Features of a clip or of a segment: `[channels, bands, frames]`, row-major.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// Channels: the log-mel, and its deltas or angles.
    pub channels: usize,
    /// Mel bands, or bins of the spectrum.
    pub bands: usize,
    /// Frames; 0 for a clip shorter than a window.
    pub frames: usize,
    /// `channels * bands * frames` numbers, frames running fastest.
    pub data: Vec<f32>,
    /// Clip-level features of the whole clip ([`FrontEnd::clip_features`](crate::FrontEnd::clip_features)), where
    /// they were asked for; not part of the array, of segments cut from it, or of its file.
    pub clip_features: Vec<f32>,
}

impl Features {
    /// Wraps an array.
    ///
    /// # Errors
    ///
    /// When its length is not `channels * bands * frames`.
    pub fn new(channels: usize, bands: usize, frames: usize, data: Vec<f32>) -> Result<Self, FeatureError> {
        Self::check_length("the array", data.len(), [channels, bands, frames])?;
        Ok(Self {
            channels,
            bands,
            frames,
            data,
            clip_features: Vec::new(),
        })
    }

    pub(crate) fn check_length(
        what: &'static str,
        got: usize,
        shape: [usize; 3],
    ) -> Result<(), FeatureError> {
        let needed = shape.into_iter().try_fold(1_usize, usize::checked_mul);
        let needed = needed.unwrap_or(usize::MAX);
        if got == needed {
            return Ok(());
        }
        Err(FeatureError::Length {
            what,
            got,
            shape,
            needed,
        })
    }

    /// The frames of each band of each channel, `channels * bands` slices.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        // A range instead of chunks: features without frames have rows, too.
        (0..self.channels * self.bands).map(|row| &self.data[row * self.frames..][..self.frames])
    }

    /// The smallest number; infinity for features without frames.
    pub fn minimum(&self) -> f32 {
        self.data.iter().copied().fold(f32::INFINITY, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lengths_are_named() {
        let message = Features::new(1, 2, 3, vec![0.0; 5]).unwrap_err().to_string();
        assert_eq!(
            message,
            "the array holds 5 numbers, and [channels 1, bands 2, frames 3] needs 6"
        );
    }
}

//! Features as an array, and as a file.

use crate::error::FeatureError;
use npyz::WriterBuilder;
use std::io::{Read, Write};

/// Features of one clip or example: `[channels, bands, frames]`, row-major.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// Channels: the log-mel, and its deltas or angles.
    pub channels: usize,
    /// Mel bands, or bins of the spectrum.
    pub bands: usize,
    /// Frames; none for a clip shorter than a window.
    pub frames: usize,
    /// `channels * bands * frames` numbers, frames running fastest.
    pub data: Vec<f32>,
}

impl Features {
    /// Wraps an array; an error where its length does not fit.
    pub fn new(channels: usize, bands: usize, frames: usize, data: Vec<f32>) -> Result<Self, FeatureError> {
        Self::check_length("the array", data.len(), channels, bands, frames)?;
        Ok(Self {
            channels,
            bands,
            frames,
            data,
        })
    }

    pub(crate) fn check_length(
        what: &'static str,
        got: usize,
        channels: usize,
        bands: usize,
        frames: usize,
    ) -> Result<(), FeatureError> {
        let needed = channels
            .checked_mul(bands)
            .and_then(|n| n.checked_mul(frames))
            .unwrap_or(usize::MAX);
        if got == needed {
            Ok(())
        } else {
            Err(FeatureError::Length {
                what,
                got,
                channels,
                bands,
                frames,
                needed,
            })
        }
    }

    /// The frames of each band of each channel, `channels * bands` slices.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        // A range instead of chunks: features without frames have rows, too.
        (0..self.channels * self.bands).map(|row| &self.data[row * self.frames..][..self.frames])
    }

    /// The smallest number, infinite for features without any.
    pub fn minimum(&self) -> f32 {
        self.data.iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// Writes an `.npy` file: little-endian float32, C order, `[channels, bands, frames]`.
    pub fn write_npy(&self, to: impl Write) -> Result<(), FeatureError> {
        let shape = [self.channels as u64, self.bands as u64, self.frames as u64];
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(to)
            .begin_nd()?;
        writer.extend(self.data.iter().copied())?;
        writer.finish()?;
        Ok(())
    }

    /// Reads what [`Self::write_npy`] or numpy wrote (`[bands, frames]` counts as one channel); other types, orders and shapes
    /// are errors.
    pub fn read_npy(from: impl Read) -> Result<Self, FeatureError> {
        let file = npyz::NpyFile::new(from).map_err(|e| FeatureError::Npy(e.to_string()))?;
        let (channels, bands, frames) = match *file.shape() {
            [bands, frames] => (1, bands, frames),
            [channels, bands, frames] => (channels, bands, frames),
            _ => return Err(FeatureError::Npy(format!("its shape is {:?}", file.shape()))),
        };
        if file.order() != npyz::Order::C {
            return Err(FeatureError::Npy("it is in Fortran order".into()));
        }
        let reader = file.data::<f32>().map_err(|e| FeatureError::Npy(e.to_string()))?;
        // Not allocated from the header: a damaged one may promise terabytes.
        let data = reader.collect::<Result<Vec<f32>, _>>()?;
        let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self::new(whole(channels), whole(bands), whole(frames), data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn npy_goes_there_and_back(channels in 0_usize..4, bands in 0_usize..5, frames in 0_usize..6) {
            let data = (0..channels * bands * frames).map(|i| (i as f32).sin() * 1e-3).collect();
            let features = Features::new(channels, bands, frames, data).unwrap();
            let mut file = Vec::new();
            features.write_npy(&mut file).unwrap();
            prop_assert_eq!(Features::read_npy(&file[..]).unwrap(), features.clone());
            // Cut anywhere it is an error, never other numbers.
            for end in (0..file.len()).step_by(7) {
                prop_assert!(Features::read_npy(&file[..end]).is_err());
            }
        }
    }

    #[test]
    fn wrong_lengths_are_named() {
        let message = Features::new(1, 2, 3, vec![0.0; 5]).unwrap_err().to_string();
        assert_eq!(
            message,
            "the array holds 5 numbers, and [channels 1, bands 2, frames 3] needs 6"
        );
    }
}

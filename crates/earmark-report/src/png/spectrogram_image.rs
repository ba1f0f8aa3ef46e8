//! A spectrogram to show: its values with a caption.

use super::encode::data_uri;
use super::heatmap::{Heatmap, check_size};
use crate::ReportError;
use serde::{Deserialize, Serialize};

/// A spectrogram to show on a page or a contact sheet: values with a caption, checked when made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct SpectrogramImage(Unchecked);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Unchecked {
    caption: String,
    bands: usize,
    frames: usize,
    values: Vec<f32>,
}

impl SpectrogramImage {
    /// Columns that a page can show; longer spectrograms keep the loudest frame of each group.
    const SHOWN_FRAMES: usize = 800;

    /// An image of `values` (`[bands, frames]`, lowest band first) with a caption such as `mel, 0 to 2.9 s`.
    ///
    /// # Errors
    /// For an array that is empty, too long on one side, or not `bands * frames` long.
    pub fn new(
        caption: impl Into<String>,
        values: Vec<f32>,
        bands: usize,
        frames: usize,
    ) -> Result<Self, ReportError> {
        Unchecked {
            caption: caption.into(),
            bands,
            frames,
            values,
        }
        .try_into()
    }

    /// What is written below the image.
    #[must_use]
    pub fn caption(&self) -> &str {
        &self.0.caption
    }

    /// Rows of the array.
    pub(crate) fn bands(&self) -> usize {
        self.0.bands
    }

    /// Columns of the array.
    pub(crate) fn frames(&self) -> usize {
        self.0.frames
    }

    /// `[bands, frames]`, lowest band first.
    pub(crate) fn values(&self) -> &[f32] {
        &self.0.values
    }

    /// The image as a `data:` address. Clips of minutes are narrowed to what a screen can show, so that a report with a
    /// hundred of them stays small.
    ///
    /// # Errors
    /// If the PNG encoder fails.
    pub fn to_data_uri(&self) -> Result<String, ReportError> {
        let Unchecked {
            bands,
            frames,
            values,
            ..
        } = &self.0;
        let group = frames.div_ceil(Self::SHOWN_FRAMES);
        // A short click must stay visible, hence the largest value and not the mean; NaN wins, so that it is seen.
        let louder = |a: f32, b: f32| {
            if a.is_nan() || b.is_nan() {
                f32::NAN
            } else {
                a.max(b)
            }
        };
        let loudest = |frames: &[f32]| frames.iter().copied().fold(f32::NEG_INFINITY, louder);
        let narrow: Vec<f32> = values
            .chunks(*frames)
            .flat_map(|row| row.chunks(group).map(loudest))
            .collect();
        Ok(data_uri(&Heatmap::SPECTROGRAM.png(
            &narrow,
            *bands,
            frames.div_ceil(group),
        )?))
    }
}

impl TryFrom<Unchecked> for SpectrogramImage {
    type Error = ReportError;

    fn try_from(image: Unchecked) -> Result<Self, ReportError> {
        check_size(image.values.len(), image.bands, image.frames)?;
        Ok(Self(image))
    }
}

impl From<SpectrogramImage> for Unchecked {
    fn from(image: SpectrogramImage) -> Self {
        image.0
    }
}

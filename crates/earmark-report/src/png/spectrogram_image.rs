//! A spectrogram to show: its values with a caption.

use super::encode::data_uri;
use super::heatmap::{Heatmap, check_size};
use crate::ReportError;

/// A spectrogram to show on a page or a contact sheet: values with a caption, checked when made.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrogramImage {
    caption: String,
    /// Rows of the array.
    pub(crate) bands: usize,
    /// Columns of the array.
    pub(crate) frames: usize,
    /// `[bands, frames]`, lowest band first.
    pub(crate) values: Vec<f32>,
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
        check_size(values.len(), bands, frames)?;
        Ok(Self {
            caption: caption.into(),
            bands,
            frames,
            values,
        })
    }

    /// What is written below the image.
    #[must_use]
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// The image as a `data:` address. Clips of minutes are narrowed to what a screen can show, so that a report with a
    /// hundred of them stays small.
    ///
    /// # Errors
    /// If the PNG encoder fails.
    pub fn to_data_uri(&self) -> Result<String, ReportError> {
        let group = self.frames.div_ceil(Self::SHOWN_FRAMES);
        // A short click must stay visible, hence the largest value and not the mean; NaN wins, so that it is seen.
        let louder = |a: f32, b: f32| if b > a || b.is_nan() { b } else { a };
        let loudest = |frames: &[f32]| frames.iter().copied().fold(f32::NEG_INFINITY, louder);
        let rows = self.values.chunks(self.frames);
        let narrow: Vec<f32> = rows.flat_map(|row| row.chunks(group).map(loudest)).collect();
        let png = Heatmap::SPECTROGRAM.png(&narrow, self.bands, self.frames.div_ceil(group))?;
        Ok(data_uri(&png))
    }
}

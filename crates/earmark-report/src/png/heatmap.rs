//! Arrays as heatmaps: one pixel per value.

use super::encode::encode;
use crate::{Colormap, ReportError};

/// Longest side of an image; at 100 frames a second this is an hour and a half.
const SIDE_LIMIT: usize = 1 << 19;
/// Colours of the map; the last palette entry is for values that are not numbers.
const COLOURS: u8 = 255;
/// A grey that neither colour map contains.
const NOT_A_NUMBER: [u8; 3] = [128, 128, 128];

/// How an array becomes an image.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heatmap {
    /// The colours.
    pub colormap: Colormap,
    /// Values shown as darkest and lightest; `None` takes the smallest and largest finite value.
    pub range: Option<(f32, f32)>,
    /// Draw row 0 at the bottom, as frequencies are, instead of at the top, as tables are.
    pub first_row_at_bottom: bool,
}

impl Heatmap {
    /// For spectrograms `[bands, frames]`, lowest band first: low frequencies at the bottom, magma over the whole range.
    pub const SPECTROGRAM: Self = Self {
        colormap: Colormap::Magma,
        range: None,
        first_row_at_bottom: true,
    };

    /// An array `[rows, columns]` as a PNG file of `columns` x `rows` pixels. NaN is shown in grey, infinities at the ends of
    /// the scale.
    ///
    /// # Errors
    /// For an array that is empty, too long on one side, or not `rows * columns` long.
    pub fn png(&self, data: &[f32], rows: usize, columns: usize) -> Result<Vec<u8>, ReportError> {
        check_size(data.len(), rows, columns)?;
        let range = self.range.unwrap_or_else(|| finite_range(data));
        let index = |value: &f32| match value.is_nan() {
            true => COLOURS,
            false => (position(*value, range).clamp(0.0, 1.0) * f64::from(COLOURS - 1)).round() as u8,
        };
        let mut lines: Vec<&[f32]> = data.chunks_exact(columns).collect();
        if self.first_row_at_bottom {
            lines.reverse();
        }
        let pixels: Vec<u8> = lines.into_iter().flatten().map(index).collect();
        let mut palette: Vec<u8> = (0..COLOURS)
            .flat_map(|i| self.colormap.rgb(f64::from(i) / f64::from(COLOURS - 1)))
            .collect();
        palette.extend(NOT_A_NUMBER);
        encode(columns, rows, &pixels, Some(palette))
    }
}

/// Smallest and largest finite value; `(0, 0)` without any.
pub(crate) fn finite_range(data: &[f32]) -> (f32, f32) {
    let finite = || data.iter().copied().filter(|v| v.is_finite());
    let ends = finite().reduce(f32::min).zip(finite().reduce(f32::max));
    ends.unwrap_or_default()
}

/// Where a value is between the ends of a range: 0 to 1, and beyond for values outside. All are at 0 of a range without width.
pub(crate) fn position(value: f32, (low, high): (f32, f32)) -> f64 {
    let [value, low, high] = [value, low, high].map(f64::from);
    let span = high - low;
    if span > 0.0 { (value - low) / span } else { 0.0 }
}

pub(crate) fn check_size(found: usize, bands: usize, frames: usize) -> Result<(), ReportError> {
    let (limit, expected) = (SIDE_LIMIT, bands.saturating_mul(frames));
    if !(1..=limit).contains(&bands) || !(1..=limit).contains(&frames) {
        return Err(ReportError::ImageSide { bands, frames, limit });
    }
    if expected == found {
        return Ok(());
    }
    Err(ReportError::ImageSize {
        bands,
        frames,
        expected,
        found,
    })
}

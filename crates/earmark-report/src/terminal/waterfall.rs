//! A moving spectrogram: its last seconds, one column at a time.

use super::half_blocks::half_blocks;
use crate::{Colormap, ColourDepth, ReportError};
use std::collections::VecDeque;

/// The last columns of the spectrogram of an endless stream.
///
/// A column shows the loudest of a fixed number of frames in each band, counted from the start of the stream: what was drawn once
/// only moves and never changes its shape. Memory does not grow beyond the columns that are shown.
///
/// ```
/// # use earmark_report::Waterfall;
/// let mut waterfall = Waterfall::new(2, 3, 10);
/// // Two bands of seven frames, of which all are new.
/// waterfall.push(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 7, 7);
/// assert_eq!(waterfall.columns(), 3);
/// assert_eq!(waterfall.values(), [3.0, 6.0, 7.0, 9.0, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Waterfall {
    bands: usize,
    frames_per_column: usize,
    max_columns: usize,
    columns: VecDeque<Vec<f32>>,
    /// Frames in the last column, which may still grow.
    filled: usize,
}

impl Waterfall {
    /// An empty waterfall of `bands` rows, with `frames_per_column` frames in each of at most `max_columns` columns; each at least 1.
    #[must_use]
    pub fn new(bands: usize, frames_per_column: usize, max_columns: usize) -> Self {
        Self {
            bands: bands.max(1),
            frames_per_column: frames_per_column.max(1),
            max_columns: max_columns.max(1),
            columns: VecDeque::new(),
            filled: 0,
        }
    }

    /// Appends the last `new` of the frames in `values` (`[bands, frames]`); values of another shape are ignored.
    pub fn push(&mut self, values: &[f32], frames: usize, new: usize) {
        if values.len() != self.bands * frames {
            return;
        }
        for frame in frames - new.min(frames)..frames {
            if self.columns.is_empty() || self.filled == self.frames_per_column {
                self.columns.push_back(vec![f32::NEG_INFINITY; self.bands]);
                self.filled = 0;
                while self.columns.len() > self.max_columns {
                    self.columns.pop_front();
                }
            }
            if let Some(column) = self.columns.back_mut() {
                for (band, loudest) in column.iter_mut().enumerate() {
                    *loudest = loudest.max(values[band * frames + frame]);
                }
            }
            self.filled += 1;
        }
    }

    /// Number of columns so far.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// What is shown, `[bands, columns]`, oldest column first.
    #[must_use]
    pub fn values(&self) -> Vec<f32> {
        (0..self.bands)
            .flat_map(|band| self.columns.iter().map(move |column| column[band]))
            .collect()
    }

    /// At most `height` lines of half blocks, one character per column, two bands per line, low frequencies at the bottom.
    ///
    /// # Errors
    /// If there is no column yet.
    pub fn ansi(&self, height: usize, colormap: Colormap, depth: ColourDepth) -> Result<String, ReportError> {
        let shape = (self.bands, self.columns());
        half_blocks(&self.values(), shape, height, colormap, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However a spectrogram is split, and however long it is, its end is shown, in columns counted from its start.
        #[test]
        fn pieces_make_the_same_waterfall(pieces in prop::collection::vec(0_usize..9, 1..12), group in 1_usize..4, most in 1_usize..6) {
            let bands = 3;
            let value = |band: usize, frame: usize| ((frame * 7 + band * 5) % 11) as f32;
            let mut waterfall = Waterfall::new(bands, group, most);
            let mut all = 0;
            for new in pieces {
                // A window that begins up to two frames before the new ones.
                let from = all.min(2);
                let frames = from + new;
                let window: Vec<f32> = (0..bands)
                    .flat_map(|band| (0..frames).map(move |f| value(band, all - from + f)))
                    .collect();
                waterfall.push(&window, frames, new);
                all += new;
            }
            let columns: Vec<usize> = (0..all.div_ceil(group)).collect();
            let shown = &columns[columns.len().saturating_sub(most)..];
            let want: Vec<f32> = (0..bands)
                .flat_map(|band| {
                    shown.iter().map(move |c| {
                        (c * group..((c + 1) * group).min(all)).map(|f| value(band, f)).fold(f32::NEG_INFINITY, f32::max)
                    })
                })
                .collect();
            prop_assert_eq!(waterfall.values(), want);
        }
    }

    #[test]
    fn other_shapes_are_ignored() {
        let mut waterfall = Waterfall::new(2, 1, 4);
        waterfall.push(&[1.0; 6], 2, 2);
        assert_eq!(waterfall.columns(), 0);
        assert!(waterfall.ansi(4, Colormap::Magma, ColourDepth::True).is_err());
        waterfall.push(&[1.0, 2.0, 3.0, 4.0], 2, 9);
        let text = waterfall
            .ansi(4, Colormap::Magma, ColourDepth::True)
            .expect("an image");
        assert_eq!(text.matches('▀').count(), 2);
    }
}

//! A picture that moves: the last seconds of a spectrogram, a column at a time.

use crate::terminal::ansi_heat;
use crate::{Colormap, ColourDepth, ReportError};
use std::collections::VecDeque;

/// The last columns of a spectrogram that goes on and on.
///
/// A column holds a fixed number of frames, the loudest of each band, counted from the start of the stream: what was drawn once only
/// moves, and never changes its shape. Memory does not grow beyond the columns that are shown.
///
/// ```
/// # use earmark_report::Scroll;
/// let mut scroll = Scroll::new(2, 3, 10);
/// // Two bands of seven frames, of which all are new.
/// scroll.push(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 7, 7);
/// assert_eq!(scroll.columns(), 3);
/// assert_eq!(scroll.values(), [3.0, 6.0, 7.0, 9.0, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Scroll {
    bands: usize,
    frames_per_column: usize,
    most_columns: usize,
    columns: VecDeque<Vec<f32>>,
    /// Frames in the last column, which may still grow.
    filled: usize,
}

impl Scroll {
    /// An empty picture of so many bands, frames a column and columns, each at least one.
    #[must_use]
    pub fn new(bands: usize, frames_per_column: usize, most_columns: usize) -> Self {
        Self {
            bands: bands.max(1),
            frames_per_column: frames_per_column.max(1),
            most_columns: most_columns.max(1),
            columns: VecDeque::new(),
            filled: 0,
        }
    }

    /// Appends the last `new` of the frames in `values` (`[bands, frames]`); values of another shape are no part of this picture and
    /// are left out.
    pub fn push(&mut self, values: &[f32], frames: usize, new: usize) {
        if values.len() != self.bands * frames {
            return;
        }
        for frame in frames - new.min(frames)..frames {
            if self.columns.is_empty() || self.filled == self.frames_per_column {
                self.columns.push_back(vec![f32::NEG_INFINITY; self.bands]);
                self.filled = 0;
                while self.columns.len() > self.most_columns {
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

    /// Columns there are.
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

    /// The picture as at most `height` lines of half blocks, one column of characters a column; see [`ansi_heat`]. Before there are
    /// as many columns as it has room for, the picture is narrower.
    ///
    /// # Errors
    /// Where there is nothing yet.
    pub fn ansi(&self, height: usize, colormap: Colormap, depth: ColourDepth) -> Result<String, ReportError> {
        let columns = self.columns();
        ansi_heat(
            &self.values(),
            self.bands,
            columns,
            columns,
            height,
            colormap,
            depth,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However a spectrogram comes, and however long it is, the picture is that of its end, in columns counted from its start.
        #[test]
        fn pieces_make_the_same_picture(pieces in prop::collection::vec(0_usize..9, 1..12), group in 1_usize..4, most in 1_usize..6) {
            let bands = 3;
            let value = |band: usize, frame: usize| ((frame * 7 + band * 5) % 11) as f32;
            let mut scroll = Scroll::new(bands, group, most);
            let mut all = 0;
            for new in pieces {
                // A window that begins two frames before what is new, where there are any.
                let from = all.min(2);
                let frames = from + new;
                let window: Vec<f32> = (0..bands)
                    .flat_map(|band| (0..frames).map(move |f| value(band, all - from + f)))
                    .collect();
                scroll.push(&window, frames, new);
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
            prop_assert_eq!(scroll.values(), want);
        }
    }

    #[test]
    fn other_shapes_are_left_out() {
        let mut scroll = Scroll::new(2, 1, 4);
        scroll.push(&[1.0; 6], 2, 2);
        assert_eq!(scroll.columns(), 0);
        assert!(scroll.ansi(4, Colormap::Magma, ColourDepth::True).is_err());
        scroll.push(&[1.0, 2.0, 3.0, 4.0], 2, 9);
        let text = scroll
            .ansi(4, Colormap::Magma, ColourDepth::True)
            .expect("a picture");
        assert_eq!(text.matches('▀').count(), 2);
    }
}

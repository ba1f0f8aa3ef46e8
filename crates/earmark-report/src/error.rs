//! What can be wrong with the numbers that are passed in.

/// Why an image or a chart cannot be drawn.
///
/// Only numbers that contradict each other are refused; missing ones (empty lists, NaN) are drawn as missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The array is not as long as its two dimensions say.
    #[error(
        "spectrogram: {bands} bands x {frames} frames need {expected} values, found {found}; pass the array row by row \
         ([bands, frames], lowest band first) with its own dimensions"
    )]
    ImageSize {
        /// Rows that were promised.
        bands: usize,
        /// Columns that were promised.
        frames: usize,
        /// `bands * frames`, or the largest number there is if the product is larger.
        expected: usize,
        /// Values that were passed.
        found: usize,
    },
    /// An image without any pixel, or with a side longer than images may be.
    #[error(
        "spectrogram: {bands} bands x {frames} frames cannot be drawn; each side needs 1 to {limit} values: leave out clips \
         without samples, split long ones"
    )]
    ImageSide {
        /// Rows.
        bands: usize,
        /// Columns.
        frames: usize,
        /// Longest side that is drawn.
        limit: usize,
    },
    /// A confusion matrix that is not square over its classes.
    #[error(
        "confusion matrix: {what}, expected {classes} for {classes} classes; pass one row per true class and in each row \
         one count per predicted class, in the order of the class names"
    )]
    ConfusionShape {
        /// Number of class names.
        classes: usize,
        /// The row or the count that disagrees, in words.
        what: String,
    },
    /// The encoder failed although the numbers were right.
    #[error("spectrogram: the PNG encoder failed: {0}; this is a bug in earmark, please report it")]
    Encoder(String),
}

//! What can be wrong with the numbers that are handed in.

/// Why a picture or a chart cannot be drawn.
///
/// Only numbers that contradict each other are refused; missing ones (empty lists, NaN) are drawn as missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The array is not as long as its two dimensions say.
    #[error(
        "picture: {found} values were given for {bands} bands x {frames} frames, which are {expected}; hand over the \
         array row by row ([bands, frames], lowest band first) with its own dimensions"
    )]
    PictureSize {
        /// Rows that were promised.
        bands: usize,
        /// Columns that were promised.
        frames: usize,
        /// `bands * frames`, or the largest number there is if the product is larger.
        expected: usize,
        /// Values that came.
        found: usize,
    },
    /// A picture without any pixel, or with a side that the PNG format cannot hold.
    #[error(
        "picture: {bands} bands x {frames} frames cannot be drawn; each side needs 1 to {limit} values: leave out clips \
         without samples, cut long ones into parts"
    )]
    PictureSide {
        /// Rows.
        bands: usize,
        /// Columns.
        frames: usize,
        /// Longest side that is drawn.
        limit: usize,
    },
    /// A confusion matrix that is not square over its classes.
    #[error(
        "confusion matrix: {what} where {classes} classes need {classes}; give one row a true class and in each row one \
         count a predicted class, in the order of the class names"
    )]
    ConfusionShape {
        /// Number of class names.
        classes: usize,
        /// The row or the count that disagrees, in words.
        what: String,
    },
    /// The encoder failed although the numbers were right.
    #[error("picture: the PNG encoder failed: {0}; this is a defect in earmark, please report it")]
    Encoder(String),
}

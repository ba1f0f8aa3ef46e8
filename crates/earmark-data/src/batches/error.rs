//! Why no batches can be made.

use earmark_core::ConfigError;

/// Why no batches can be made from these clips with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A setting that cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to make batches of.
    #[error("there are no segments: check that the table is not empty and that its files can be read")]
    NoSegments,
    /// Segments without content: no classes, channels, bands or frames.
    #[error(
        "segments of shape {shape:?} with {classes} classes are empty: check front-end and the class map"
    )]
    Empty {
        /// `[channels, bands, frames]`.
        shape: [usize; 3],
        /// Number of classes.
        classes: usize,
    },
    /// Clips of many lengths cannot be stacked into a batch.
    #[error(
        "front-end.segments is missing: batches need segments of one length, for example length-seconds = 1.0"
    )]
    NoSegmentLength,
    /// Every epoch would be empty.
    #[error(
        "batches.size = {size}: the set has only {segments} segments and incomplete batches are dropped; make it \
         {segments} or less, or set batches.drop-last = false"
    )]
    TooFewSegments {
        /// Segments in a batch.
        size: usize,
        /// Segments in the set.
        segments: usize,
    },
    /// A label past the last class: the items were read with another class map.
    #[error(
        "{file}: label {label} is out of range, there are {classes} classes; map the data set to this class map first"
    )]
    Label {
        /// The item's file.
        file: String,
        /// The class index found.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
}

//! The shape of a network's input.

use earmark_features::Extractor;

/// Channels, bands and frames of a segment.
pub(super) fn segment_shape(extractor: &Extractor) -> [usize; 3] {
    [
        extractor.channels(),
        extractor.bands(),
        extractor.segment_frames().unwrap_or(0),
    ]
}

//! Clips that are not cut by the front end: how long one may be that is scored whole, and the features of one without
//! frames.

use super::scorer::Scorer;
use earmark_features::{Extractor, FeatureError, Features};

/// The longest clip that is scored whole, in seconds: memory must not grow with a clip's length.
const LONGEST_SECONDS: f64 = 60.0;

impl Scorer {
    /// Frames of the longest clip that is scored whole, where the front end cuts no segments.
    pub fn longest_whole(&self) -> usize {
        ((LONGEST_SECONDS * self.extractor.frames_per_second()) as usize).max(1)
    }
}

/// The features of a clip without frames: those of the shortest silence that has one.
pub(super) fn silent(extractor: &Extractor) -> Result<Features, FeatureError> {
    let mut samples = 1;
    while extractor.frames(samples) == 0 {
        samples *= 2;
    }
    extractor.log_mel(&vec![0.0; samples], &mut extractor.scratch())
}

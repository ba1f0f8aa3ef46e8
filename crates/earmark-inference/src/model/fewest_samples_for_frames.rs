//! How many samples of a recording fill the frames of a segment.

use earmark_features::Extractor;

/// The fewest samples that fill `frames` frames: frames grow with samples.
pub(crate) fn samples_for(extractor: &Extractor, frames: usize) -> usize {
    let (mut few, mut enough) = (0, 1);
    while extractor.frames(enough) < frames {
        (few, enough) = (enough, enough * 2);
    }
    while few + 1 < enough {
        let middle = few.midpoint(enough);
        if extractor.frames(middle) < frames {
            few = middle;
        } else {
            enough = middle;
        }
    }
    enough
}

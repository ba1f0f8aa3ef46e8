//! Clips that are not cut by the front end: how long one may be that is scored whole, the pieces of a longer one, and the features of
//! one without frames.

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

/// Length and first frames of the fewest equal pieces of `frames` frames that are no longer than `longest`, spread evenly from the
/// clip's start to its end.
pub(super) fn equal_pieces(frames: usize, longest: usize) -> (usize, Vec<i64>) {
    let count = frames.div_ceil(longest).max(1);
    let length = frames.div_ceil(count);
    // With one piece there is nothing to spread.
    let start = |k: usize| k * (frames - length) / (count - 1).max(1);
    let starts = (0..count).map(|k| i64::try_from(start(k)).unwrap_or(i64::MAX));
    (length, starts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_and_are_equal() {
        for frames in 1..200 {
            for longest in [1, 2, 7, 40, 1000] {
                let (length, starts) = equal_pieces(frames, longest);
                assert!(length <= longest && starts.len() == frames.div_ceil(longest));
                assert_eq!(starts[0], 0);
                let starts: Vec<usize> = starts.iter().map(|s| usize::try_from(*s).unwrap()).collect();
                assert!(
                    starts.windows(2).all(|w| w[1] > w[0] && w[1] <= w[0] + length),
                    "{frames}, {longest}: {starts:?}"
                );
                assert_eq!(starts[starts.len() - 1] + length, frames, "{frames}, {longest}");
            }
        }
    }
}

//! Pieces of one length that cover a clip.

/// Length and first frames of the fewest equal pieces of `frames` frames that are no longer than `longest`, spread
/// evenly from the clip's start to its end; one piece of a clip without frames.
///
/// ```
/// assert_eq!(earmark_features::equal_pieces(7, 3), (3, vec![0, 2, 4]));
/// ```
pub fn equal_pieces(frames: usize, longest: usize) -> (usize, Vec<usize>) {
    let count = frames.div_ceil(longest.max(1)).max(1);
    let length = frames.div_ceil(count);
    // With one piece there is nothing to spread.
    let start = |k: usize| k * (frames - length) / (count - 1).max(1);
    (length, (0..count).map(start).collect())
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
                assert!(
                    starts.windows(2).all(|w| w[1] > w[0] && w[1] <= w[0] + length),
                    "{frames}, {longest}: {starts:?}"
                );
                assert_eq!(starts[starts.len() - 1] + length, frames, "{frames}, {longest}");
            }
        }
        assert_eq!(equal_pieces(0, 5), (0, vec![0]));
    }
}

//! The scores of a clip's segments, and their means.

use earmark_core::rows;

/// The scores of a clip's segments, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentScores {
    /// First frame of each; below 0 where a segment begins in the padding before the clip.
    pub starts: Vec<i64>,
    /// Row-major `[segments, classes]`.
    pub scores: Vec<f32>,
}

impl SegmentScores {
    /// Scores of each segment, `[classes]`.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let classes = self.scores.len() / self.starts.len().max(1);
        self.scores.chunks_exact(classes.max(1))
    }

    /// The geometric mean over segments, 0 where one of them is; scores are 0 or more.
    pub fn geometric_mean(&self) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.scores.len() / self.starts.len().max(1)];
        for row in self.rows() {
            sum.iter_mut()
                .zip(row)
                .for_each(|(s, v)| *s += f64::from(*v).ln());
        }
        let segments = self.starts.len() as f64;
        sum.into_iter().map(|s| (s / segments).exp() as f32).collect()
    }

    /// The mean over segments: the clip's scores, `[classes]`.
    pub fn mean(&self) -> Vec<f32> {
        rows::mean(self.rows()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_scores_the_mean_of_its_segments() {
        let segments = SegmentScores {
            starts: vec![-1, 3],
            scores: vec![0.5, 0.0, 0.25, 1.0],
        };
        assert_eq!(segments.mean(), [0.375, 0.5]);
        assert_eq!(segments.rows().collect::<Vec<_>>(), [[0.5, 0.0], [0.25, 1.0]]);
    }
}

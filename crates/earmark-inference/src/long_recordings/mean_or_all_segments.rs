//! What is kept of a recording's segments: all of them, or their mean.

use earmark_engine::SegmentScores;

/// The rows of a recording's segments, or their mean so far.
pub(super) struct Rows {
    all: SegmentScores,
    keep: bool,
    geometric: bool,
    sums: Vec<f64>,
    count: usize,
}

impl Rows {
    pub fn new(keep: bool, geometric: bool) -> Self {
        Self {
            all: SegmentScores {
                starts: Vec::new(),
                scores: Vec::new(),
            },
            keep,
            geometric,
            sums: Vec::new(),
            count: 0,
        }
    }

    /// Adds segments of a part that begins at this frame of the recording.
    pub fn add(&mut self, frame: i64, part: SegmentScores) {
        if self.keep {
            let starts = part.starts.iter().map(|start| start.saturating_add(frame));
            self.all.starts.extend(starts);
            self.all.scores.extend(part.scores);
            return;
        }
        for row in part.rows() {
            self.sums.resize(row.len(), 0.0);
            for (sum, value) in self.sums.iter_mut().zip(row) {
                let value = f64::from(*value);
                *sum += if self.geometric { value.ln() } else { value };
            }
            self.count += 1;
        }
    }

    pub fn finish(mut self) -> SegmentScores {
        if self.keep {
            return self.all;
        }
        let count = self.count.max(1) as f64;
        let mean = self.sums.iter().map(|sum| match self.geometric {
            true => (sum / count).exp() as f32,
            false => (sum / count) as f32,
        });
        self.all.scores = mean.collect();
        self.all.starts = vec![0];
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(starts: &[i64], scores: &[f32]) -> SegmentScores {
        SegmentScores {
            starts: starts.to_vec(),
            scores: scores.to_vec(),
        }
    }

    #[test]
    fn segments_of_all_parts_count_alike() {
        let parts = [
            (0, part(&[-1, 5], &[0.5, 0.0, 0.25, 1.0])),
            (600, part(&[0], &[1.0, 0.5])),
        ];
        let mut kept = Rows::new(true, false);
        let mut mean = Rows::new(false, false);
        let mut geometric = Rows::new(false, true);
        for (frame, scores) in parts {
            kept.add(frame, scores.clone());
            mean.add(frame, scores.clone());
            geometric.add(frame, scores);
        }
        let kept = kept.finish();
        assert_eq!(kept.starts, [-1, 5, 600]);
        let mean = mean.finish();
        assert_eq!((mean.scores.len(), mean.starts.len()), (2, 1));
        for (a, b) in mean.scores.iter().zip(kept.mean()) {
            assert!((a - b).abs() < 1e-6);
        }
        for (a, b) in geometric.finish().scores.iter().zip(kept.geometric_mean()) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}

//! Thresholds for recordings that are mostly background: a false detection there counts for more than one among the classes.

use crate::Aligned;

/// The least threshold, as a share of the median score of the clips that carry the class: recordings have sounds
/// that the background does not have, and that score higher than all of it.
const LEAST_OF_MEDIAN: f32 = 0.7;

/// A score with what it is of.
#[derive(Clone, Copy)]
struct ScoredClip {
    score: f32,
    /// Whether the clip carries the class.
    is_true: bool,
    /// Whether it carries no class at all.
    is_background: bool,
}

/// The score with the best F1 where a false detection in a clip without a label counts as `weight` false
/// detections, of equally good ones the highest; but at least 0.7 of the median score of the clips that carry the
/// class. `None` without such a clip. `class` from 0; `None` for all classes together.
///
/// The best is a score that was tagged and not the middle of the gap below it: background that was not among these
/// clips scores higher than background that was.
pub(super) fn guarded_threshold(clips: &Aligned, class: Option<usize>, weight: f64) -> Option<f32> {
    let mut scored: Vec<ScoredClip> = Vec::new();
    for (scores, truth) in clips.rows() {
        let is_background = !truth.contains(&true);
        let wanted = class.map_or(0..scores.len(), |class| class..class + 1);
        scored.extend(wanted.map(|class| ScoredClip {
            score: scores[class],
            is_true: truth[class],
            is_background,
        }));
    }
    scored.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let carriers: Vec<f32> = scored
        .iter()
        .filter(|clip| clip.is_true)
        .map(|clip| clip.score)
        .collect();
    let least = LEAST_OF_MEDIAN * carriers.get(carriers.len() / 2)?;
    let positives = carriers.len() as f64;
    let (mut hits, mut false_tags) = (0.0, 0.0);
    let mut best: Option<(f64, f32)> = None;
    for same in scored.chunk_by(|a, b| a.score == b.score) {
        for clip in same {
            match (clip.is_true, clip.is_background) {
                (true, _) => hits += 1.0,
                (false, true) => false_tags += weight,
                (false, false) => false_tags += 1.0,
            }
        }
        // 2 TP / (2 TP + FP + FN), where TP + FN are the positives.
        let f1 = 2.0 * hits / (hits + false_tags + positives);
        if hits > 0.0 && best.is_none_or(|(best, _)| f1 > best) {
            best = Some((f1, same[0].score));
        }
    }
    best.map(|(_, threshold)| threshold.max(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoreTable;

    /// Clips of two classes, with their scores for the first and the second, and their label (2 means without).
    fn clips(rows: &[([f32; 2], usize)]) -> Aligned {
        let files = (0..rows.len()).map(|i| format!("{i}.wav")).collect();
        let values = rows.iter().flat_map(|(scores, _)| *scores).collect();
        let truth = rows
            .iter()
            .flat_map(|(_, label)| [*label == 0, *label == 1])
            .collect();
        let table = ScoreTable::new(files, vec!["a".into(), "b".into()], values).unwrap();
        Aligned::from_rows(table, truth).unwrap()
    }

    #[test]
    fn false_detections_in_background_raise_the_threshold() {
        let clips = clips(&[
            ([0.9, 0.1], 0),
            ([0.8, 0.1], 0),
            ([0.7, 0.2], 2),
            ([0.6, 0.1], 0),
            ([0.5, 0.9], 1),
            ([0.4, 0.8], 1),
        ]);
        // By hand: F1 of class a is 0.8 from 0.8 on, and 6/7 from 0.6 on with the background between them counted once.
        assert_eq!(guarded_threshold(&clips, Some(0), 1.0), Some(0.6));
        assert_eq!(guarded_threshold(&clips, Some(0), 10.0), Some(0.8));
        // Class b has no background among its tags.
        assert_eq!(guarded_threshold(&clips, Some(1), 10.0), Some(0.8));
        // All decisions together: 0.9, 0.9, 0.8, 0.8 are true; below them comes the background.
        assert_eq!(guarded_threshold(&clips, None, 10.0), Some(0.8));
    }

    #[test]
    fn a_class_that_nothing_carries_has_none() {
        let clips = clips(&[([0.9, 0.1], 0), ([0.3, 0.2], 2)]);
        assert_eq!(guarded_threshold(&clips, Some(1), 10.0), None);
        // Nothing below the only true score is better.
        assert_eq!(guarded_threshold(&clips, Some(0), 10.0), Some(0.9));
    }

    /// Background that scores as low as this says little about other sounds, and clips of the class score higher.
    #[test]
    fn a_threshold_is_not_far_below_what_carries_the_class() {
        let scores = [0.96, 0.9, 0.8, 0.2];
        let mut rows = scores.map(|score| ([score, 0.0], 0)).to_vec();
        rows.push(([0.1, 0.0], 2));
        // By hand: the best F1 is that of all four, at 0.2; their median is 0.8.
        assert_eq!(guarded_threshold(&clips(&rows), Some(0), 10.0), Some(0.7 * 0.8));
    }

    /// An outlier among the background does not push the threshold above nearly everything that carries the class.
    #[test]
    fn one_outlier_costs_less_than_most_detections() {
        let mut rows: Vec<([f32; 2], usize)> = vec![([0.95, 0.0], 2), ([0.97, 0.0], 0)];
        rows.extend((0..30).map(|i| ([0.8 - 0.01 * i as f32, 0.0], 0)));
        let found = guarded_threshold(&clips(&rows), Some(0), 10.0).unwrap();
        assert!(found < 0.52, "{found}");
    }
}

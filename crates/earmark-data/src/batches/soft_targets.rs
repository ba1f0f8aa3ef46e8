//! Targets between 0 and 1: a clip's labels, blended with the scores that other models gave it.

use std::sync::Arc;

/// Scores that the targets of clips are blended with.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftTargets {
    /// A row per clip with a score per class, `[clips, classes]`, in the order of the clips.
    pub scores: Arc<[f32]>,
    /// Share of the scores in the targets, 0 to 1; the labels have the rest.
    pub share: f32,
}

/// Adds `weight` times the targets of a clip to `y`, a number per class: 1 for each of its labels and 0 for the others,
/// blended with its scores where there are any.
pub(super) fn add_targets(
    soft: Option<&SoftTargets>,
    clip: usize,
    labels: &[usize],
    weight: f32,
    y: &mut [f32],
) {
    let share = soft.map_or(0.0, |soft| soft.share);
    labels
        .iter()
        .for_each(|&label| y[label] += weight * (1.0 - share));
    if let Some(soft) = soft {
        let scores = &soft.scores[clip * y.len()..][..y.len()];
        y.iter_mut()
            .zip(scores)
            .for_each(|(target, score)| *target += weight * share * score);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_scores_have_their_shares() {
        let soft = SoftTargets {
            scores: Arc::from([0.0, 0.0, 1.0, 0.25, 0.5, 0.75]),
            share: 0.25,
        };
        let targets = |soft: Option<&SoftTargets>, weight| {
            let mut y = [0.0; 3];
            add_targets(soft, 1, &[0, 2], weight, &mut y);
            y
        };
        assert_eq!(targets(None, 1.0), [1.0, 0.0, 1.0]);
        assert_eq!(targets(Some(&soft), 1.0), [0.8125, 0.125, 0.9375]);
        assert_eq!(targets(Some(&soft), 0.5), [0.40625, 0.0625, 0.46875]);
        let all = SoftTargets { share: 1.0, ..soft };
        assert_eq!(targets(Some(&all), 1.0), [0.25, 0.5, 0.75]);
    }
}

//! MAP@k, the metric of FSDKaggle2018.

use super::top_k;
use crate::Aligned;
use crate::mean::mean;

/// Average precision of one clip's first `k` classes; `None` for a clip without labels or for `k` of 0.
///
/// With one label this is the score of FSDKaggle2018: 1 / rank of the label if it is among the first `k`, else 0. With
/// several, the precision at each hit is averaged over the most hits possible, min(labels, `k`). The mean over clips is
/// MAP@k.
///
/// ```
/// use earmark_metrics::average_precision_at;
/// assert_eq!(average_precision_at(3, &[0.5, 0.3, 0.2, 0.0], &[false, true, false, false]), Some(0.5));
/// assert_eq!(average_precision_at(3, &[0.5, 0.3, 0.2, 0.0], &[false, false, false, true]), Some(0.0));
/// ```
pub fn average_precision_at(k: usize, scores: &[f32], truth: &[bool]) -> Option<f64> {
    let labels = truth.iter().filter(|&&is_true| is_true).count();
    if labels.min(k) == 0 {
        return None;
    }
    let ranked = top_k(scores, k).into_iter();
    average_precision_of(ranked.map(|class| truth.get(class) == Some(&true)), labels.min(k))
}

/// Average precision of a ranked list, best first, that says what hits; `possible` is the most hits that it can have, and `None` is
/// returned for 0.
pub(crate) fn average_precision_of(ranked: impl Iterator<Item = bool>, possible: usize) -> Option<f64> {
    let (mut hits, mut sum) = (0.0, 0.0);
    for (rank, is_hit) in (1_u32..).zip(ranked) {
        if is_hit {
            hits += 1.0;
            sum += hits / f64::from(rank);
        }
    }
    (possible > 0).then(|| sum / possible as f64)
}

impl Aligned {
    /// MAP@`k`: mean over the labelled clips of [`average_precision_at`]; `None` without any.
    pub fn map_at(&self, k: usize) -> Option<f64> {
        let precision = |(scores, truth): (&[f32], &[bool])| average_precision_at(k, scores, truth);
        mean(self.rows().filter_map(precision))
    }
}

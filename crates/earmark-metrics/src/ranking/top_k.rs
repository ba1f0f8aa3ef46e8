//! The classes with the highest scores, and accuracy.

use crate::Aligned;
use crate::mean::mean;

/// The `k` classes with the highest scores, best first; of equal scores the earlier class comes first.
///
/// Accuracy, MAP@k, the confusion matrix and submissions share this order. Fewer than `k` classes give a shorter list;
/// NaN, which tables refuse, would sort by its bits.
pub fn top_k(scores: &[f32], k: usize) -> Vec<usize> {
    if k == 1 {
        // Accuracy needs one class of every clip: no need to sort.
        let best =
            (0..scores.len()).reduce(|best, class| if scores[class] > scores[best] { class } else { best });
        return best.into_iter().collect();
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // A stable sort keeps class order among equal scores; adding 0.0 makes -0.0 equal to 0.0.
    order.sort_by(|&a, &b| (scores[b] + 0.0).total_cmp(&(scores[a] + 0.0)));
    order.truncate(k);
    order
}

impl Aligned {
    /// Share of the labelled clips whose highest score is a true label; `None` without any.
    ///
    /// With one label per clip this is plain accuracy; with several it is hit@1.
    pub fn accuracy(&self) -> Option<f64> {
        mean(self.hits())
    }

    /// For each labelled clip, 1 if its highest score is a true label, else 0.
    pub(crate) fn hits(&self) -> impl Iterator<Item = f64> {
        self.labelled().map(|(scores, truth)| hit(scores, truth))
    }
}

/// 1 if the highest score is a true label, else 0.
pub(crate) fn hit(scores: &[f32], truth: &[bool]) -> f64 {
    let is_hit = top_k(scores, 1).first().is_some_and(|&best| truth[best]);
    f64::from(u8::from(is_hit))
}

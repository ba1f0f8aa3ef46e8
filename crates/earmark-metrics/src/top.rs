//! Metrics of an ordered list of classes, as a submission gives it.

/// The `k` classes with the highest scores, best first; of equal scores the earlier class comes first.
///
/// This is the one order that accuracy, MAP@k, the confusion matrix and submissions share. Fewer than `k` classes
/// give a shorter list; NaN, which tables refuse, would sort by its bits.
pub fn top_k(scores: &[f32], k: usize) -> Vec<usize> {
    if k == 1 {
        // Accuracy asks for one class of every clip: no need to sort.
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

/// Average precision of one clip's first `k` classes; `None` for a clip without labels or for `k` of 0.
///
/// With one label this is the score of FSDKaggle2018: 1 / rank of the label if it is among the first `k`,
/// else 0. With several, the precision at each hit is averaged over the most hits possible, min(labels, `k`).
/// The mean over clips is MAP@k.
///
/// ```
/// use earmark_metrics::average_precision_at;
/// assert_eq!(average_precision_at(3, &[0.5, 0.3, 0.2, 0.0], &[false, true, false, false]), Some(0.5));
/// assert_eq!(average_precision_at(3, &[0.5, 0.3, 0.2, 0.0], &[false, false, false, true]), Some(0.0));
/// ```
pub fn average_precision_at(k: usize, scores: &[f32], truth: &[bool]) -> Option<f64> {
    let possible = truth.iter().filter(|&&is_true| is_true).count().min(k);
    if possible == 0 {
        return None;
    }
    let (mut hits, mut sum) = (0.0, 0.0);
    for (rank, class) in (1_u32..).zip(top_k(scores, k)) {
        if truth.get(class) == Some(&true) {
            hits += 1.0;
            sum += hits / f64::from(rank);
        }
    }
    Some(sum / possible as f64)
}

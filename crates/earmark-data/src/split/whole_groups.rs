//! Splitting whole groups: greedy, the largest group first.

use super::kept_together::Units;

/// Gives each group, largest first, to the piece where the sums of squared deviations from the
/// wanted numbers, relative to them (chi-squared), grow least. `with_labels` counts every class and
/// the size; otherwise only the size.
///
/// Groups cannot be split, so that no bound holds in general: one group with half of all
/// recordings stays in one fold. Equal groups in equal shares come out even.
pub(super) fn greedy(units: &Units, order: &[usize], shares: &[f64], with_labels: bool) -> Vec<usize> {
    let totals = units.class_totals();
    // Classes, then the size as if it were one more class that every item carries.
    let size = totals.len();
    let mut have = vec![vec![0.0; size + 1]; shares.len()]; // [pieces][classes + 1]
    let total = |class: usize| {
        if class == size {
            units.n_items as f64
        } else {
            totals[class] as f64
        }
    };
    let mut by_size = order.to_vec();
    by_size.sort_by_key(|&u| std::cmp::Reverse(units.members[u].len())); // stable: shuffled among equals
    let mut piece_of = vec![0; units.len()];
    for unit in by_size {
        let labels = units.labels[unit]
            .iter()
            .filter(|_| with_labels)
            .map(|&(class, n)| (class, n as f64));
        let adds: Vec<(usize, f64)> = labels.chain([(size, units.members[unit].len() as f64)]).collect();
        let growth = |piece: usize| -> f64 {
            let of_class = |&(class, n): &(usize, f64)| {
                let wanted = shares[piece] * total(class);
                n * (2.0 * (have[piece][class] - wanted) + n) / wanted
            };
            adds.iter().map(of_class).sum()
        };
        let best = (0..shares.len())
            .min_by(|&a, &b| growth(a).total_cmp(&growth(b)))
            .unwrap_or_default();
        piece_of[unit] = best;
        adds.iter().for_each(|&(class, n)| have[best][class] += n);
    }
    piece_of
}

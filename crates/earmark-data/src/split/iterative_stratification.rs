//! Iterative stratification of recordings with several labels.
//!
//! Sechidis, Tsoumakas and Vlahavas (2011), "On the Stratification of Multi-Label Data", ECML PKDD,
//! algorithm 1: take the label with the fewest recordings left, and give each of these recordings to
//! the fold that still wants most of this label; ties go to the fold that wants most recordings at
//! all, further ties are drawn. Rare labels are settled first, while there is still room to choose.

use rand_chacha::ChaCha8Rng;

use super::kept_together::Units;
use earmark_core::random;

/// The piece of each unit. Recordings without labels come last and even out the sizes.
pub(super) fn stratified(units: &Units, order: &[usize], shares: &[f64], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut left = units.class_totals();
    let mut wanted: Vec<f64> = shares.iter().map(|s| s * units.n_items as f64).collect();
    // [classes][pieces]
    let mut wanted_of: Vec<Vec<f64>> = left
        .iter()
        .map(|&n| shares.iter().map(|s| s * n as f64).collect())
        .collect();
    let mut carriers: Vec<Vec<usize>> = vec![Vec::new(); units.n_classes];
    for &unit in order {
        units.labels[unit]
            .iter()
            .for_each(|&(class, _)| carriers[class].push(unit));
    }
    let mut piece_of: Vec<Option<usize>> = vec![None; units.len()];
    while let Some(class) = (0..left.len()).filter(|&c| left[c] > 0).min_by_key(|&c| left[c]) {
        for &unit in &carriers[class] {
            if piece_of[unit].is_some() {
                continue;
            }
            let piece = neediest(rng, shares.len(), |p| (wanted_of[class][p], wanted[p]));
            piece_of[unit] = Some(piece);
            wanted[piece] -= units.members[unit].len() as f64;
            for &(other, count) in &units.labels[unit] {
                wanted_of[other][piece] -= count as f64;
                left[other] -= count;
            }
        }
    }
    for &unit in order {
        if piece_of[unit].is_none() {
            let piece = neediest(rng, shares.len(), |p| (wanted[p], 0.0));
            piece_of[unit] = Some(piece);
            wanted[piece] -= units.members[unit].len() as f64;
        }
    }
    piece_of.into_iter().map(Option::unwrap_or_default).collect()
}

/// The piece with the largest need; of several, one is drawn.
fn neediest(rng: &mut ChaCha8Rng, pieces: usize, need: impl Fn(usize) -> (f64, f64)) -> usize {
    // Needs are differences of the same numbers; rounding makes ties independent of their order.
    let rounded = |p: usize| {
        let (first, second) = need(p);
        ((first * 1e6).round() as i64, (second * 1e6).round() as i64)
    };
    let most = (0..pieces).map(rounded).max();
    let tied: Vec<usize> = (0..pieces).filter(|&p| Some(rounded(p)) == most).collect();
    tied[random::below(rng, tied.len())]
}

//! Which items come first.

use crate::error::ReviewError;
use crate::items::{ReviewItem, ReviewKind, ReviewSet};
use std::collections::BTreeMap;

/// Lower ends of the ranges of scores that a stratified order takes items from in turn.
pub(crate) const STRATA: [f32; 6] = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9];

/// Which items come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewOrder {
    /// Clips whose labels disagree most with their scores; events with the lowest scores.
    #[default]
    Worst,
    /// Scores next to 0.5; of clips with one label, those whose two best scores differ least.
    Uncertain,
    /// Each class and each range of scores in turn, drawn at random: the sample that precision is estimated from.
    Stratified,
    /// Scores next to the threshold of their class.
    Threshold,
    /// Class by class, the best score first.
    Class,
}

impl ReviewOrder {
    /// The numbers of all items in this order; equal ones are drawn by the seed. `thresholds` has one per class.
    ///
    /// # Errors
    /// Another number of thresholds than of classes.
    pub fn sort(self, set: &ReviewSet, thresholds: &[f32], seed: u64) -> Result<Vec<usize>, ReviewError> {
        if thresholds.len() != set.classes().len() {
            return Err(ReviewError::Request(format!(
                "{} thresholds for {} classes; give one per class",
                thresholds.len(),
                set.classes().len()
            )));
        }
        Ok(match self {
            Self::Worst => by_key(set, seed, |item| worst(set, item)),
            Self::Uncertain => by_key(set, seed, |item| [uncertain(set, item), 0.0, 0.0]),
            Self::Threshold => by_key(set, seed, |item| [from_threshold(item, thresholds), 0.0, 0.0]),
            Self::Class => by_key(set, seed, by_class),
            Self::Stratified => stratified(set, seed),
        })
    }
}

/// The items with the smallest keys first.
fn by_key(set: &ReviewSet, seed: u64, key: impl Fn(&ReviewItem) -> [f64; 3]) -> Vec<usize> {
    let keyed = set.items().iter().enumerate();
    let mut keyed: Vec<([f64; 3], usize, usize)> = keyed
        .map(|(number, item)| (key(item), item.key.rank(seed), number))
        .collect();
    keyed.sort_by(|(a, rank_a, _), (b, rank_b, _)| {
        let order = a.iter().zip(b).map(|(x, y)| x.total_cmp(y));
        let order = order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then);
        order.then(rank_a.cmp(rank_b))
    });
    keyed.into_iter().map(|(.., number)| number).collect()
}

fn worst(set: &ReviewSet, item: &ReviewItem) -> [f64; 3] {
    match (set.kind(), item.quality) {
        (ReviewKind::Events, _) => [best_score(item), 0.0, 0.0],
        (ReviewKind::Clips, Some(quality)) => [quality.lwlrap, quality.margin, quality.self_confidence],
        // Nothing can disagree with labels that are not there: these come last.
        (ReviewKind::Clips, None) => [f64::INFINITY, uncertain(set, item), 0.0],
    }
}

fn best_score(item: &ReviewItem) -> f64 {
    item.scores.first().map_or(0.0, |(_, score)| f64::from(*score))
}

/// The smaller, the less sure.
fn uncertain(set: &ReviewSet, item: &ReviewItem) -> f64 {
    let scores = || item.scores.iter().map(|(_, score)| f64::from(*score));
    if set.kind() == ReviewKind::Clips && set.is_single_label() {
        let mut best = scores();
        return best.next().unwrap_or(0.0) - best.next().unwrap_or(0.0);
    }
    scores().map(|score| (score - 0.5).abs()).fold(1.0, f64::min)
}

fn from_threshold(item: &ReviewItem, thresholds: &[f32]) -> f64 {
    let distances = item.scores.iter();
    let distances = distances.map(|(class, score)| f64::from((score - thresholds[*class]).abs()));
    distances.fold(f64::INFINITY, f64::min)
}

fn by_class(item: &ReviewItem) -> [f64; 3] {
    match item.class() {
        Some(class) => [class as f64, -f64::from(item.score_of(class).unwrap_or(0.0)), 0.0],
        None => [f64::INFINITY, 0.0, 0.0],
    }
}

/// The range that a score is in.
pub(crate) fn stratum_of(score: f32) -> usize {
    STRATA.iter().rposition(|low| score >= *low).unwrap_or(0)
}

/// The items of a class in each range of scores, in random order; the same order for every class.
pub(crate) fn strata(set: &ReviewSet, seed: u64) -> BTreeMap<usize, [Vec<usize>; STRATA.len()]> {
    let mut ranked: Vec<(usize, usize)> = set
        .items()
        .iter()
        .enumerate()
        .map(|(number, item)| (item.key.rank(seed), number))
        .collect();
    ranked.sort_unstable();
    let mut found: BTreeMap<usize, [Vec<usize>; STRATA.len()]> = BTreeMap::new();
    for (_, number) in ranked {
        for (class, score) in &set.items()[number].scores {
            found.entry(*class).or_default()[stratum_of(*score)].push(number);
        }
    }
    found
}

/// In each turn one item of each class and each range of scores, the highest range first. Of clips, the lowest range
/// comes last: nearly every clip is in that of nearly every class.
fn stratified(set: &ReviewSet, seed: u64) -> Vec<usize> {
    let strata = &strata(set, seed);
    let lowest = usize::from(set.kind() == ReviewKind::Clips);
    let lists = || {
        let ranges = (lowest..STRATA.len()).rev();
        ranges.flat_map(move |range| strata.values().map(move |lists| &lists[range]))
    };
    let turns = lists().map(Vec::len).max().unwrap_or(0);
    let mut is_taken = vec![false; set.items().len()];
    let mut order = Vec::with_capacity(set.items().len());
    let mut take = |number: usize| {
        if !std::mem::replace(&mut is_taken[number], true) {
            order.push(number);
        }
    };
    for turn in 0..turns {
        lists()
            .filter_map(|list| list.get(turn))
            .for_each(|number| take(*number));
    }
    by_key(set, seed, |_| [0.0; 3]).into_iter().for_each(take);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{clips, events, many_events};

    fn files(set: &ReviewSet, order: ReviewOrder, seed: u64) -> Vec<String> {
        let thresholds = vec![0.3; set.classes().len()];
        let numbers = order.sort(set, &thresholds, seed).unwrap();
        numbers.iter().map(|&n| set.items()[n].key.file.clone()).collect()
    }

    #[test]
    fn clips_come_by_what_is_asked_for() {
        let set = clips();
        assert_eq!(
            files(&set, ReviewOrder::Worst, 1),
            ["c.wav", "b.wav", "a.wav", "d.wav"]
        );
        assert_eq!(files(&set, ReviewOrder::Uncertain, 1)[0], "b.wav");
        assert_eq!(
            files(&set, ReviewOrder::Class, 1),
            ["a.wav", "c.wav", "b.wav", "d.wav"]
        );
        assert_eq!(files(&set, ReviewOrder::Threshold, 1)[0], "d.wav");
        assert!(ReviewOrder::Worst.sort(&set, &[0.5], 1).is_err());
    }

    #[test]
    fn events_come_by_what_is_asked_for() {
        let set = events();
        assert_eq!(files(&set, ReviewOrder::Worst, 1), ["b.wav", "a.wav", "c.wav"]);
        assert_eq!(files(&set, ReviewOrder::Uncertain, 1)[0], "a.wav");
        assert_eq!(files(&set, ReviewOrder::Threshold, 1)[0], "b.wav");
        assert_eq!(files(&set, ReviewOrder::Class, 1), ["c.wav", "a.wav", "b.wav"]);
    }

    #[test]
    fn every_order_has_every_item_once_and_follows_from_the_seed() {
        let set = many_events(200);
        for order in [
            ReviewOrder::Worst,
            ReviewOrder::Uncertain,
            ReviewOrder::Stratified,
            ReviewOrder::Threshold,
            ReviewOrder::Class,
        ] {
            let found = files(&set, order, 1);
            assert_eq!(found, files(&set, order, 1), "{order:?}");
            assert_ne!(found, files(&set, order, 2), "{order:?}: equal scores are drawn");
            let mut sorted = found;
            sorted.sort();
            sorted.dedup();
            assert_eq!(sorted.len(), 200, "{order:?}");
        }
    }

    #[test]
    fn a_stratified_order_takes_every_range_in_turn() {
        let set = many_events(200);
        let order = ReviewOrder::Stratified.sort(&set, &[0.5, 0.5], 7).unwrap();
        let ranges = |numbers: &[usize]| -> Vec<usize> {
            let scores = numbers.iter().map(|&n| set.items()[n].scores[0].1);
            scores.map(stratum_of).collect()
        };
        // Two classes in six ranges.
        assert_eq!(ranges(&order[..12]), [5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0]);
        assert_eq!(
            [0.0, 0.09, 0.1, 0.95, 1.5, -1.0].map(stratum_of),
            [0, 0, 1, 5, 5, 0]
        );
    }
}

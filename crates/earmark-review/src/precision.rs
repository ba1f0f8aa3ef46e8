//! Precision against threshold, estimated from the part of a review that is a random sample.
//!
//! Items of a class are drawn by range of scores, in the order of a seed. Whatever order the page has, only those count
//! that are decided without a gap from the first of this order on: which items these are does not depend on what they
//! sound like, as it would in an order such as `worst`.

use crate::intervals::{StratumCount, stratified_interval, wilson};
use crate::items::{ReviewKey, ReviewSet};
use crate::order::{STRATA, strata};
use crate::settled::{SettledItem, SettledReview};
use serde::Serialize;
use std::collections::HashMap;

/// Thresholds are multiples of one part in this.
const STEPS: u16 = 20;

/// Items of the sample that a threshold needs above it, whatever is asked for.
pub const FEWEST_REVIEWED: usize = 10;

/// More items than this are not asked for.
const MOST_ASKED: usize = 1000;

/// The precision of a class at a threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrecisionPoint {
    /// The threshold.
    pub threshold: f32,
    /// Items whose score of the class reaches it.
    pub detections: usize,
    /// Those of them in the sample.
    pub sampled: usize,
    /// Those of the sample that are right.
    pub right: usize,
    /// The estimate; `None` where a range of scores has items, and none of them is in the sample.
    pub precision: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end of the interval.
    pub high: Option<f64>,
}

/// The precision of a class against the threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassPrecision {
    /// The class.
    pub class: String,
    /// By threshold, ascending.
    pub points: Vec<PrecisionPoint>,
    /// Items of the sample that reviewers skipped or did not agree on; they don't count.
    pub undecided: usize,
    /// The lowest threshold at which the lower end of the interval reaches what is asked for, with
    /// [`FEWEST_REVIEWED`] items above it in the sample.
    pub chosen: Option<f32>,
    /// What a threshold lacks, where no threshold is chosen; `None` also where more items that are right would not do.
    pub missing: Option<MissingReview>,
}

/// What is missing for a threshold: the one that lacks least.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MissingReview {
    /// The threshold.
    pub threshold: f32,
    /// About how many more reviewed items above it are needed, if all of them are right.
    pub more: usize,
    /// Items above it that are not in the sample yet.
    pub unreviewed: usize,
}

/// Items of a class by range of scores, above a threshold.
type Counts = [StratumCount; STRATA.len()];

/// An item of the sample of a class: its range of scores, its score, and whether it is right.
type Sampled = (usize, f32, bool);

/// The precision of each class with items. `seed` is that of the review, `z` 1.96 for intervals of 95 %, and `goal` the
/// precision that thresholds are chosen for.
pub fn precision_by_class(
    set: &ReviewSet,
    settled: &SettledReview,
    seed: u64,
    z: f64,
    goal: f64,
) -> Vec<ClassPrecision> {
    let mut decided: HashMap<&ReviewKey, Option<&SettledItem>> = HashMap::new();
    decided.extend(settled.items.iter().map(|item| (&item.key, Some(item))));
    decided.extend(
        settled
            .disputed
            .iter()
            .chain(&settled.skipped)
            .map(|key| (key, None)),
    );
    let of_class = |(class, lists): (usize, [Vec<usize>; STRATA.len()])| {
        let name = &set.classes()[class];
        let score = |number: usize| set.items()[number].score_of(class).unwrap_or(0.0);
        let (mut sample, mut undecided): (Vec<Sampled>, usize) = (Vec::new(), 0);
        for (range, list) in lists.iter().enumerate() {
            for &number in list {
                match decided.get(&set.items()[number].key) {
                    None => break,
                    Some(None) => undecided += 1,
                    Some(Some(item)) => sample.push((range, score(number), item.labels.contains(name))),
                }
            }
        }
        let population: Vec<(usize, f32)> = lists
            .iter()
            .enumerate()
            .flat_map(|(range, list)| list.iter().map(move |&number| (range, number)))
            .map(|(range, number)| (range, score(number)))
            .collect();
        let thresholds = (1..STEPS).map(|k| f32::from(k) / f32::from(STEPS));
        let counts: Vec<(f32, Counts)> = thresholds
            .map(|threshold| (threshold, counts_above(threshold, &population, &sample)))
            .collect();
        let enough = counts.iter().find(|(_, counts)| is_enough(counts, z, goal));
        let chosen = enough.map(|(threshold, _)| *threshold);
        ClassPrecision {
            class: name.clone(),
            chosen,
            missing: match chosen {
                Some(_) => None,
                None => missing(&counts, z, goal),
            },
            points: counts
                .iter()
                .map(|(threshold, counts)| point(*threshold, counts, z))
                .collect(),
            undecided,
        }
    };
    strata(set, seed).into_iter().map(of_class).collect()
}

fn counts_above(threshold: f32, population: &[(usize, f32)], sample: &[Sampled]) -> Counts {
    let mut counts = [StratumCount {
        population: 0,
        sampled: 0,
        right: 0,
    }; STRATA.len()];
    for (range, _) in population.iter().filter(|(_, score)| *score >= threshold) {
        counts[*range].population += 1;
    }
    for (range, _, is_right) in sample.iter().filter(|(_, score, _)| *score >= threshold) {
        counts[*range].sampled += 1;
        counts[*range].right += usize::from(*is_right);
    }
    counts
}

fn sum(counts: &[StratumCount], of: fn(&StratumCount) -> usize) -> usize {
    counts.iter().map(of).sum()
}

fn point(threshold: f32, counts: &Counts, z: f64) -> PrecisionPoint {
    let found = stratified_interval(counts, z);
    PrecisionPoint {
        threshold,
        detections: sum(counts, |count| count.population),
        sampled: sum(counts, |count| count.sampled),
        right: sum(counts, |count| count.right),
        precision: found.map(|(estimate, _)| estimate),
        low: found.map(|(_, [low, _])| low),
        high: found.map(|(_, [_, high])| high),
    }
}

/// Whether the sample is large and right enough for a threshold.
fn is_enough(counts: &[StratumCount], z: f64, goal: f64) -> bool {
    let low = stratified_interval(counts, z).map(|(_, [low, _])| low);
    sum(counts, |count| count.sampled) >= FEWEST_REVIEWED && low.is_some_and(|low| low >= goal)
}

/// What the threshold that lacks least lacks; of equal ones, the lowest.
fn missing(counts: &[(f32, Counts)], z: f64, goal: f64) -> Option<MissingReview> {
    let lacks = |(threshold, counts): &(f32, Counts)| {
        Some(MissingReview {
            threshold: *threshold,
            more: more_needed(counts, z, goal)?,
            unreviewed: sum(counts, |count| count.population) - sum(counts, |count| count.sampled),
        })
    };
    counts.iter().filter_map(lacks).min_by_key(|missing| missing.more)
}

/// About how many more items are needed, if all of them are right: each in the range that is the least certain.
fn more_needed(counts: &[StratumCount], z: f64, goal: f64) -> Option<usize> {
    let open = |count: &StratumCount| {
        if count.sampled == 0 {
            return f64::INFINITY;
        }
        let share = count.right as f64 / count.sampled as f64;
        count.population as f64 * (share - wilson(count.right, count.sampled, z)[0])
    };
    let mut counts: Vec<StratumCount> = counts.iter().filter(|c| c.population > 0).copied().collect();
    for more in 0..MOST_ASKED {
        if is_enough(&counts, z, goal) {
            return Some(more);
        }
        let least = counts.iter_mut().max_by(|a, b| open(a).total_cmp(&open(b)))?;
        least.sampled += 1;
        least.right += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::ReviewOrder;
    use crate::tests::many_events;

    const Z: f64 = 1.96;

    /// What a reviewer who knows the truth settles about the first `count` items of an order: the classes of items with
    /// a score above 0.5 are right.
    fn settled(set: &ReviewSet, order: &[usize], count: usize) -> SettledReview {
        let item = |number: &usize| {
            let item = &set.items()[*number];
            let was = set.labels_of(item);
            let is_right = item.scores[0].1 > 0.5;
            SettledItem {
                key: item.key.clone(),
                labels: if is_right { was.clone() } else { Vec::new() },
                shown: Vec::new(),
                was,
            }
        };
        SettledReview {
            items: order[..count].iter().map(item).collect(),
            ..SettledReview::default()
        }
    }

    /// The same without the items behind the first ones of the first class.
    fn settled_first(all: &SettledReview, count: usize) -> SettledReview {
        let mut less = all.clone();
        let mut left = count;
        less.items.retain(|item| {
            let is_kept = !item.was.contains(&"Dog".to_owned()) || left > 0;
            left -= usize::from(is_kept && item.was.contains(&"Dog".to_owned()));
            is_kept
        });
        less
    }

    fn at(found: &ClassPrecision, threshold: f32) -> &PrecisionPoint {
        found
            .points
            .iter()
            .find(|point| point.threshold == threshold)
            .unwrap()
    }

    #[test]
    fn a_whole_review_counts_every_item_and_is_a_sample_all_the_same() {
        let set = many_events(400);
        let order = ReviewOrder::Stratified.sort(&set, &[0.5; 2], 3).unwrap();
        let found = precision_by_class(&set, &settled(&set, &order, 400), 3, Z, 0.9);
        assert_eq!(found.len(), 2);
        // Per class 20 of each of ten scores.
        let low = at(&found[0], 0.05);
        assert_eq!((low.detections, low.sampled, low.right), (200, 200, 100));
        assert_eq!(low.precision, Some(0.5));
        let [below, above] = [low.low, low.high].map(Option::unwrap);
        assert!(below < 0.5 && 0.5 < above && above - below < 0.15, "{low:?}");
        let quarter = at(&found[1], 0.25);
        assert_eq!((quarter.detections, quarter.right), (160, 100));
        assert!((quarter.precision.unwrap() - 0.625).abs() < 1e-12);
        assert_eq!(found[0].chosen, Some(0.5));
    }

    #[test]
    fn a_part_of_a_stratified_review_counts_strata_by_their_size() {
        let set = many_events(4000);
        let order = ReviewOrder::Stratified.sort(&set, &[0.5; 2], 3).unwrap();
        let settled = settled(&set, &order, 600);
        let found = precision_by_class(&set, &settled, 3, Z, 0.9);
        for class in &found {
            let low = at(class, 0.05);
            assert_eq!(low.detections, 2000);
            let (precision, ends) = (low.precision.unwrap(), [low.low.unwrap(), low.high.unwrap()]);
            assert!(ends[0] < 0.5 && 0.5 < ends[1], "{low:?}");
            assert!((precision - 0.5).abs() < 0.05, "{low:?}");
            // The highest range alone, a tenth of the items.
            let high = at(class, 0.9);
            assert_eq!((high.detections, high.sampled, high.right), (200, 50, 50));
            assert!((high.low.unwrap() - wilson(50, 50, Z)[0]).abs() < 1e-12);
        }
        let other_seed = precision_by_class(&set, &settled, 4, Z, 0.9);
        assert!(at(&other_seed[0], 0.9).sampled < 10, "that is another sample");
    }

    #[test]
    fn a_threshold_needs_enough_reviewed_items() {
        // One or two items per class and range of scores, all right from 0.5 on.
        let set = many_events(20);
        let order = ReviewOrder::Stratified.sort(&set, &[0.5; 2], 3).unwrap();
        let settled = settled(&set, &order, 20);
        let found = precision_by_class(&set, &settled, 3, Z, 0.9);
        let top = at(&found[0], 0.95);
        assert_eq!((top.sampled, top.right, top.precision), (1, 1, Some(1.0)));
        assert!(top.low.unwrap() < 0.25, "{top:?}");
        assert_eq!(found[0].chosen, None);
        let missing = found[0].missing.unwrap();
        assert_eq!(missing.unreviewed, 0);
        assert!((20..60).contains(&missing.more), "{missing:?}");
        // Whatever is asked for, a handful is not enough.
        let easy = precision_by_class(&set, &settled, 3, Z, 0.01);
        assert_eq!(easy[0].chosen, Some(0.05), "ten items");
        let half = precision_by_class(&set, &settled_first(&settled, 9), 3, Z, 0.01);
        assert_eq!(half[0].chosen, None);
        assert!(half[0].missing.unwrap().more >= 1);
    }

    #[test]
    fn what_is_said_to_be_missing_is_enough() {
        let count = |population: usize, sampled: usize, right: usize| StratumCount {
            population,
            sampled,
            right,
        };
        for (counts, goal) in [
            (vec![count(100, 1, 1)], 0.9),
            (vec![count(100, 0, 0)], 0.9),
            (vec![count(50, 5, 5), count(200, 3, 2)], 0.8),
            (vec![count(9, 9, 9), count(1, 0, 0)], 0.5),
        ] {
            let more = more_needed(&counts, Z, goal).unwrap();
            assert!(more > 0 && !is_enough(&counts, Z, goal), "{counts:?}");
            if let [one] = counts[..] {
                let with = |more: usize| [count(one.population, one.sampled + more, one.right + more)];
                assert!(is_enough(&with(more), Z, goal) && !is_enough(&with(more - 1), Z, goal));
            }
        }
        // 35 of 35: Wilson's lower end is n / (n + z^2).
        assert_eq!(more_needed(&[count(100, 0, 0)], Z, 0.9), Some(35));
        assert_eq!(more_needed(&[count(100, 50, 50)], Z, 0.9), Some(0));
        assert_eq!(
            more_needed(&[count(100, 50, 50)], Z, 1.0),
            None,
            "nothing is certain"
        );
        assert_eq!(more_needed(&[count(0, 0, 0)], Z, 0.5), None);
        let open = [count(9, 9, 9), count(1, 0, 0)];
        assert_eq!(
            more_needed(&open, Z, 0.5),
            Some(1),
            "the range that nothing is known of"
        );
    }

    #[test]
    fn what_was_chosen_by_the_reviewer_is_not_a_sample() {
        let set = many_events(400);
        let by_class = ReviewOrder::Worst.sort(&set, &[0.5; 2], 3).unwrap();
        let found = precision_by_class(&set, &settled(&set, &by_class, 60), 3, Z, 0.9);
        let low = at(&found[0], 0.05);
        assert_eq!((low.precision, low.low, low.high), (None, None, None));
        assert_eq!(found[0].chosen, None);
        assert_eq!(at(&found[0], 0.95).sampled, 0);
    }

    #[test]
    fn skipped_items_are_counted_and_left_out() {
        let set = many_events(40);
        let order = ReviewOrder::Stratified.sort(&set, &[0.5; 2], 3).unwrap();
        let mut settled = settled(&set, &order, 40);
        let skipped = settled.items.remove(0);
        settled.skipped.push(skipped.key);
        let found = precision_by_class(&set, &settled, 3, Z, 0.9);
        assert_eq!(found.iter().map(|class| class.undecided).sum::<usize>(), 1);
        let sampled: usize = found.iter().map(|class| at(class, 0.05).sampled).sum();
        assert_eq!(sampled, 39);
    }
}

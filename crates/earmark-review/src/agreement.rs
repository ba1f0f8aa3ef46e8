//! How far two reviewers agree about what both decided.

use crate::decisions::Verdict;
use crate::items::ReviewKey;
use crate::state::ReviewState;
use serde::Serialize;
use std::collections::BTreeMap;

/// How far two reviewers agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewAgreement {
    /// The two.
    pub reviewers: [String; 2],
    /// Items that both decided.
    pub both: usize,
    /// Those with the same labels after it.
    pub same: usize,
    /// Cohen's kappa (1960) of the labels: agreement beyond that of chance. `None` without common items, and where both
    /// gave all of them the same labels.
    pub kappa: Option<f64>,
}

/// The agreement of two reviewers; what one of them skipped does not count.
pub fn agreement(state: &ReviewState, first: &str, second: &str) -> ReviewAgreement {
    let (a, b) = (final_labels(state, first), final_labels(state, second));
    let pairs: Vec<(&Vec<String>, &Vec<String>)> = a
        .iter()
        .filter_map(|(item, labels)| Some((labels, b.get(item)?)))
        .collect();
    let same = pairs.iter().filter(|(x, y)| x == y).count();
    ReviewAgreement {
        reviewers: [first.to_owned(), second.to_owned()],
        both: pairs.len(),
        same,
        kappa: kappa(&pairs, same),
    }
}

/// The labels of each decided item, by their names as the reviewer gave them, in one order.
pub(crate) fn final_labels(state: &ReviewState, reviewer: &str) -> BTreeMap<ReviewKey, Vec<String>> {
    let decided = state.decisions(reviewer);
    let decided = decided.filter(|(_, decision)| decision.verdict != Verdict::Skip);
    decided
        .map(|(key, decision)| {
            let labels = decision.labels.iter();
            let mut labels: Vec<String> = labels
                .map(|label| state.shown(reviewer, label).to_owned())
                .collect();
            labels.sort();
            labels.dedup();
            (key.clone(), labels)
        })
        .collect()
}

fn kappa(pairs: &[(&Vec<String>, &Vec<String>)], same: usize) -> Option<f64> {
    if pairs.is_empty() {
        return None;
    }
    let mut counts: BTreeMap<&Vec<String>, [usize; 2]> = BTreeMap::new();
    for (x, y) in pairs {
        counts.entry(*x).or_default()[0] += 1;
        counts.entry(*y).or_default()[1] += 1;
    }
    let count = pairs.len() as f64;
    let by_chance: f64 = counts
        .values()
        .map(|[x, y]| (*x as f64 / count) * (*y as f64 / count))
        .sum();
    let observed = same as f64 / count;
    (by_chance < 1.0).then(|| (observed - by_chance) / (1.0 - by_chance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::ReviewDecision;

    /// Decisions of a reviewer: `a` accepts the label Dog, `r` rejects it, `c` says Cat, `s` skips.
    fn decide(state: &mut ReviewState, reviewer: &str, verdicts: &str) {
        for (k, verdict) in verdicts.chars().enumerate() {
            let (verdict, labels) = match verdict {
                'a' => (Verdict::Accept, vec!["Dog".to_owned()]),
                'c' => (Verdict::Relabel, vec!["Cat".to_owned()]),
                'r' => (Verdict::Reject, Vec::new()),
                _ => (Verdict::Skip, Vec::new()),
            };
            let decision = ReviewDecision {
                id: format!("{reviewer}{k}"),
                reviewer: reviewer.into(),
                time: String::new(),
                verdict,
                item: Some(ReviewKey {
                    file: format!("{k}.wav"),
                    subset: None,
                    event: None,
                }),
                was: vec!["Dog".into()],
                labels,
                undoes: None,
            };
            state.apply(decision).unwrap();
        }
    }

    fn of(first: &str, second: &str) -> ReviewAgreement {
        let mut state = ReviewState::default();
        decide(&mut state, "anna", first);
        decide(&mut state, "ben", second);
        agreement(&state, "anna", "ben")
    }

    /// The example of every text book: 50 items, 20 both yes, 15 both no, 5 and 10 divided: kappa 0.4.
    #[test]
    fn kappa_is_that_of_the_text_books() {
        let first = ["a".repeat(25), "r".repeat(25)].concat();
        let second = ["a".repeat(20), "r".repeat(5), "a".repeat(10), "r".repeat(15)].concat();
        let found = of(&first, &second);
        assert_eq!((found.both, found.same), (50, 35));
        assert!((found.kappa.unwrap() - 0.4).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn what_one_of_them_skipped_does_not_count() {
        let found = of("aacs", "arca");
        assert_eq!((found.both, found.same), (3, 2));
        assert_eq!(of("ss", "aa").kappa, None);
        assert_eq!(of("aa", "aa").kappa, None, "there is nothing but one answer");
        assert_eq!(of("ac", "ac").kappa, Some(1.0));
        assert_eq!(of("ac", "ca").kappa, Some(-1.0));
    }
}

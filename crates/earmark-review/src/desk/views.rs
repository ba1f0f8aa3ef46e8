//! Items and counts as a page shows them, for one reviewer.

use super::ReviewDesk;
use super::ranking::{Ranking, listed_under};
use crate::decisions::Verdict;
use crate::items::ReviewKind;
use crate::state::ReviewState;
use serde::Serialize;
use std::collections::BTreeMap;

/// Scores that are shown of an item.
const SHOWN_SCORES: usize = 5;

/// A label with its score, where that is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LabelScore {
    label: String,
    score: Option<f32>,
}

/// An item as a page shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewView {
    /// Its number, by which its sound and decisions are asked for.
    pub item: usize,
    /// Its recording.
    pub file: String,
    /// Start and end of an event, in seconds.
    pub seconds: Option<[f64; 2]>,
    /// The labels to review, with their scores.
    pub(super) labels: Vec<LabelScore>,
    /// The classes with the best scores.
    pub(super) best: Vec<LabelScore>,
    /// What the reviewer decided.
    pub verdict: Option<Verdict>,
    /// The labels after that.
    pub decided: Vec<String>,
}

/// Items of a page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewPage {
    /// How many there are in all.
    pub total: usize,
    /// Position of the first.
    pub from: usize,
    /// The items.
    pub items: Vec<ReviewView>,
}

/// A class as a page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewClass {
    /// Its number.
    pub class: usize,
    /// Its name, as the reviewer sees it.
    pub name: String,
    /// Items that are listed under it.
    pub items: usize,
    /// Those that the reviewer has not seen.
    pub left: usize,
}

/// How far a reviewer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewCounts {
    /// All items.
    pub items: usize,
    /// Those that the reviewer has not seen.
    pub left: usize,
    /// Those that were skipped.
    pub skipped: usize,
    /// Whether there is a decision to undo.
    pub can_undo: bool,
    /// How often the items were sorted again: a page that knows another number loads its list.
    pub sorted: usize,
    /// Items and those left, by class.
    pub classes: Vec<ReviewClass>,
}

/// What a page begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewOverview {
    /// What tells this review apart from those of other items.
    pub review: String,
    /// What is reviewed.
    pub title: String,
    /// Clips or events.
    pub kind: ReviewKind,
    /// All names that labels may have: of the classes, and those that the reviewer gave.
    pub names: Vec<String>,
    /// How far the reviewer is.
    pub counts: ReviewCounts,
}

pub(super) fn overview(
    desk: &ReviewDesk,
    ranking: &Ranking,
    state: &ReviewState,
    reviewer: &str,
) -> ReviewOverview {
    let shown = |name: &String| state.shown(reviewer, name).to_owned();
    let mut names: Vec<String> = desk.set.classes().iter().map(shown).collect();
    let given = state.decisions(reviewer);
    names.extend(given.flat_map(|(_, decision)| decision.labels.iter().map(shown)));
    names.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    names.dedup();
    ReviewOverview {
        review: desk.id.clone(),
        title: desk.title.clone(),
        kind: desk.set.kind(),
        names,
        counts: counts(ranking, state, reviewer),
    }
}

pub(super) fn counts(ranking: &Ranking, state: &ReviewState, reviewer: &str) -> ReviewCounts {
    let mut seen = 0;
    let mut skipped = 0;
    let mut seen_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (key, decision) in state.decisions(reviewer) {
        let Some(number) = ranking.set.find(key) else {
            continue;
        };
        seen += 1;
        skipped += usize::from(decision.verdict == Verdict::Skip);
        for class in listed_under(&ranking.set, number) {
            *seen_of.entry(class).or_default() += 1;
        }
    }
    let class = |(class, items): (&usize, &Vec<usize>)| ReviewClass {
        class: *class,
        name: state.shown(reviewer, &ranking.set.classes()[*class]).to_owned(),
        items: items.len(),
        left: items.len() - seen_of.get(class).copied().unwrap_or(0),
    };
    ReviewCounts {
        items: ranking.order.len(),
        left: ranking.order.len() - seen,
        skipped,
        can_undo: state.last(reviewer).is_some(),
        sorted: ranking.sorted,
        classes: ranking.by_class.iter().map(class).collect(),
    }
}

pub(super) fn view(ranking: &Ranking, state: &ReviewState, reviewer: &str, number: usize) -> ReviewView {
    let item = &ranking.set.items()[number];
    let shown = |name: &str| state.shown(reviewer, name).to_owned();
    let label = |class: usize, score: Option<f32>| LabelScore {
        label: shown(&ranking.set.classes()[class]),
        score,
    };
    let decision = state.decided(reviewer, &item.key);
    ReviewView {
        item: number,
        file: item.key.file.clone(),
        seconds: item
            .key
            .event
            .as_ref()
            .map(|event| [event.start_us, event.end_us].map(|us| us as f64 / 1e6)),
        labels: item
            .labels
            .iter()
            .map(|&class| label(class, item.score_of(class)))
            .collect(),
        best: item
            .scores
            .iter()
            .take(SHOWN_SCORES)
            .map(|(class, score)| label(*class, Some(*score)))
            .collect(),
        verdict: decision.map(|decision| decision.verdict),
        decided: decision
            .map(|decision| decision.labels.iter().map(|label| shown(label)).collect())
            .unwrap_or_default(),
    }
}

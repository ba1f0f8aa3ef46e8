//! Requests for decisions: checked, and completed with what the log keeps.

use crate::decisions::{ReviewDecision, Verdict};
use crate::error::ReviewError;
use crate::items::ReviewSet;
use crate::state::ReviewState;
use earmark_core::text::one_line;
use serde::Deserialize;

/// Most characters of a reviewer's name, of an id, of a label; most labels.
const LONGEST_NAME: usize = 64;
const LONGEST_LABEL: usize = 200;
const MOST_LABELS: usize = 100;

/// A decision as a page sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideRequest {
    /// Made up by the page, once for each decision.
    pub id: String,
    /// The review that the page shows, as its overview says it.
    pub review: String,
    /// Name of the person.
    pub reviewer: String,
    /// What is decided.
    pub verdict: Verdict,
    /// Number of the item.
    #[serde(default)]
    pub item: Option<usize>,
    /// The labels of `relabel` and `add`, by the names that the reviewer sees.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Of `rename`: the class, by the name that the reviewer sees.
    #[serde(default)]
    pub class: Option<String>,
}

impl DecideRequest {
    /// Refuses what can't be meant.
    pub(super) fn check(&self, review: &str, items: usize) -> Result<(), ReviewError> {
        if self.review != review {
            return Err(ReviewError::Request(
                "review: the page is of another review than the one that is served now; reload it".into(),
            ));
        }
        check_text("id", &self.id, LONGEST_NAME)?;
        check_text("reviewer", &self.reviewer, LONGEST_NAME)?;
        for label in self.labels.iter().chain(&self.class) {
            check_text("label", label, LONGEST_LABEL)?;
        }
        let problem = match (self.verdict, self.item) {
            (_, Some(item)) if item >= items => format!("item {item}: there are {items}, from 0"),
            (Verdict::Undo | Verdict::Rename, Some(_)) => {
                "item: is not part of undo and rename; leave it out".into()
            }
            (Verdict::Undo | Verdict::Rename, None) | (_, Some(_)) => match (self.verdict, self.labels.len())
            {
                (_, count) if count > MOST_LABELS => format!("labels: give at most {MOST_LABELS}"),
                (Verdict::Relabel | Verdict::Add, 0) => "labels: name at least one".into(),
                (Verdict::Rename, count) if count != 1 => "labels: name the one new name".into(),
                (Verdict::Rename, _) if self.class.is_none() => "class: name the class to rename".into(),
                (Verdict::Accept | Verdict::Reject | Verdict::Skip | Verdict::Undo, 1..) => {
                    "labels: are part of relabel, add and rename alone; leave them out".into()
                }
                _ => return Ok(()),
            },
            (_, None) => "item: name the one that is decided".into(),
        };
        Err(ReviewError::Request(problem))
    }
}

/// Refuses text that is empty, too long or of several lines.
fn check_text(what: &str, text: &str, longest: usize) -> Result<(), ReviewError> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > longest || text.chars().any(char::is_control) {
        return Err(ReviewError::Request(format!(
            "{what} `{}`: give 1 to {longest} characters on one line",
            one_line(&text.chars().take(longest).collect::<String>())
        )));
    }
    Ok(())
}

/// What the log keeps of a request.
pub(super) fn decision(
    request: &DecideRequest,
    set: &ReviewSet,
    state: &ReviewState,
    time: String,
) -> Result<ReviewDecision, ReviewError> {
    let reviewer = request.reviewer.trim();
    let mut decision = ReviewDecision {
        id: request.id.clone(),
        reviewer: reviewer.to_owned(),
        time,
        verdict: request.verdict,
        item: None,
        was: Vec::new(),
        labels: Vec::new(),
        undoes: None,
    };
    let own = |label: &String| own_name(set, state, reviewer, label.trim());
    match (request.verdict, request.item) {
        (Verdict::Undo, _) => {
            let Some(last) = state.last(reviewer) else {
                return Err(ReviewError::Request(
                    "undo: there is no decision of yours that counts".into(),
                ));
            };
            decision.undoes = Some(last.id.clone());
            decision.item.clone_from(&last.item);
        }
        (Verdict::Rename, _) => {
            decision.was = request.class.iter().map(own).collect();
            decision.labels = request
                .labels
                .iter()
                .map(|label| label.trim().to_owned())
                .collect();
        }
        (verdict, Some(number)) => {
            let item = &set.items()[number];
            let before = set.labels_of(item);
            let given = unique(request.labels.iter().map(own));
            decision.item = Some(item.key.clone());
            decision.labels = match verdict {
                Verdict::Accept => before.clone(),
                Verdict::Relabel => given,
                // What was added before stays.
                Verdict::Add => {
                    let known = state.decided(reviewer, &item.key);
                    let known = known.filter(|known| !known.labels.is_empty());
                    let known = known.map_or_else(|| before.clone(), |known| known.labels.clone());
                    unique(known.into_iter().chain(given))
                }
                _ => Vec::new(),
            };
            decision.was = before;
        }
        (_, None) => return Err(ReviewError::Request("item: name the one that is decided".into())),
    }
    Ok(decision)
}

/// A class's own name for the name that a reviewer sees; a name that no class has stays as it is.
fn own_name(set: &ReviewSet, state: &ReviewState, reviewer: &str, label: &str) -> String {
    let is_shown = |class: &&String| state.shown(reviewer, class) == label;
    let mut shown = set.classes().iter().filter(is_shown);
    // Where several classes have this name, the one that had it from the start.
    let first = shown.next();
    let own = first.filter(|class| *class == label);
    let own = own.or_else(|| shown.find(|class| *class == label)).or(first);
    own.map_or_else(|| label.to_owned(), String::clone)
}

fn unique(labels: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for label in labels {
        if !found.contains(&label) {
            found.push(label);
        }
    }
    found
}

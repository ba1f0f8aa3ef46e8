//! What the reviewers agree on, and what is made of it: corrections of clips, labels with times of events.

use crate::agreement::final_labels;
use crate::decisions::Verdict;
use crate::error::ReviewError;
use crate::items::ReviewKey;
use crate::state::ReviewState;
use earmark_core::labels::LabelRule;
use std::collections::{BTreeMap, BTreeSet};

/// What corrections say of a clip that is to be left out.
const REMOVE: &str = "remove";

/// An item on whose labels all who decided agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledItem {
    /// The item.
    pub key: ReviewKey,
    /// Its labels before, by the classes' own names.
    pub was: Vec<String>,
    /// Its labels after, by the classes' own names; none where no class fits.
    pub labels: Vec<String>,
    /// The same by the names that the reviewers gave the classes.
    pub shown: Vec<String>,
}

/// What the reviewers agree on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettledReview {
    /// Settled items, by their keys.
    pub items: Vec<SettledItem>,
    /// Items with different labels by different reviewers.
    pub disputed: Vec<ReviewKey>,
    /// Items that were seen and that nobody decided.
    pub skipped: Vec<ReviewKey>,
    /// Classes with the new names that reviewers gave them.
    pub new_names: BTreeMap<String, String>,
}

/// A label with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedLabel {
    /// The recording.
    pub file: String,
    /// Start, in seconds.
    pub start: f64,
    /// End, in seconds.
    pub end: f64,
    /// The label.
    pub label: String,
}

/// What all reviewers agree on, or what one of them decided.
///
/// # Errors
/// A reviewer who decided nothing, and a class to which two reviewers gave different names.
pub fn settle(state: &ReviewState, only: Option<&str>) -> Result<SettledReview, ReviewError> {
    let known: Vec<&str> = state.reviewers().collect();
    let reviewers = match only {
        None => known,
        Some(name) if known.contains(&name) => vec![name],
        Some(name) => {
            return Err(ReviewError::Request(format!(
                "--reviewer {name}: decided nothing here; choose from {}",
                known.join(", ")
            )));
        }
    };
    agreed(state, &reviewers, "choose one of them with --reviewer")
}

/// What all reviewers agree on, as a page asks for it: the error says what to do there.
///
/// # Errors
/// A class to which two reviewers gave different names.
pub(crate) fn settle_on_page(state: &ReviewState) -> Result<SettledReview, ReviewError> {
    let reviewers: Vec<&str> = state.reviewers().collect();
    agreed(state, &reviewers, "rename it to the same name")
}

/// What these reviewers agree on; `remedy` says what to do where they named a class differently.
fn agreed(state: &ReviewState, reviewers: &[&str], remedy: &str) -> Result<SettledReview, ReviewError> {
    let labels: Vec<BTreeMap<ReviewKey, Vec<String>>> = reviewers
        .iter()
        .map(|reviewer| final_labels(state, reviewer))
        .collect();
    let mut found = SettledReview {
        new_names: new_names(state, reviewers, remedy)?,
        ..SettledReview::default()
    };
    let seen: BTreeSet<&ReviewKey> = reviewers
        .iter()
        .flat_map(|reviewer| state.decisions(reviewer).map(|(key, _)| key))
        .collect();
    for key in seen {
        let mut given = labels.iter().filter_map(|labels| labels.get(key));
        let Some(first) = given.next() else {
            found.skipped.push(key.clone());
            continue;
        };
        if given.any(|other| other != first) {
            found.disputed.push(key.clone());
            continue;
        }
        let decided = reviewers
            .iter()
            .filter_map(|reviewer| state.decided(reviewer, key));
        let mut decided = decided.filter(|decision| decision.verdict != Verdict::Skip);
        if let Some(decision) = decided.next() {
            found.items.push(SettledItem {
                key: key.clone(),
                was: decision.was.clone(),
                labels: decision.labels.clone(),
                shown: first.clone(),
            });
        }
    }
    Ok(found)
}

fn new_names(
    state: &ReviewState,
    reviewers: &[&str],
    remedy: &str,
) -> Result<BTreeMap<String, String>, ReviewError> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for reviewer in reviewers {
        for (class, name) in state.new_names(reviewer) {
            match found.insert(class.to_owned(), name.to_owned()) {
                Some(other) if other != name => {
                    return Err(ReviewError::Request(format!(
                        "the class {class} has the new names {other} and {name}, by different reviewers; {remedy}"
                    )));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

impl SettledItem {
    /// Whether its labels changed.
    pub fn is_changed(&self) -> bool {
        let set = |labels: &[String]| labels.iter().cloned().collect::<BTreeSet<String>>();
        set(&self.was) != set(&self.labels)
    }
}

impl SettledReview {
    /// Corrections of the clips of a subset, by file: the right labels, or `remove`. Clips with the labels that they had
    /// are among them where `confirmed` is set.
    ///
    /// # Errors
    /// Clips of several subsets, none of which is named: a file of corrections is of one. A class of the name `remove`.
    pub fn corrections(
        &self,
        subset: Option<&str>,
        confirmed: bool,
    ) -> Result<BTreeMap<String, String>, ReviewError> {
        let clips = || self.items.iter().filter(|item| item.key.event.is_none());
        let subsets: BTreeSet<&str> = clips().filter_map(|item| item.key.subset.as_deref()).collect();
        let names: Vec<&str> = subsets.iter().copied().collect();
        match subset {
            None if names.len() > 1 => {
                return Err(ReviewError::Request(format!(
                    "the clips are of the subsets {}, and a file corrects one; choose it with --subset",
                    names.join(", ")
                )));
            }
            Some(name) if !subsets.contains(name) => {
                return Err(ReviewError::Request(format!(
                    "--subset {name}: no decided clip is in it; choose from {}",
                    names.join(", ")
                )));
            }
            _ => {}
        }
        let wanted = clips().filter(|item| subset.is_none() || item.key.subset.as_deref() == subset);
        let mut entries = BTreeMap::new();
        // Nothing is known of a clip without labels before and after.
        let wanted = wanted.filter(|item| !item.was.is_empty() || !item.labels.is_empty());
        for item in wanted.filter(|item| confirmed || item.is_changed()) {
            let text = match item.labels.is_empty() {
                true => REMOVE.to_owned(),
                false => LabelRule::several().write(&item.labels),
            };
            if !item.labels.is_empty() && text.trim() == REMOVE {
                return Err(ReviewError::Request(format!(
                    "{}: its label is `{REMOVE}`, which removes a clip in corrections; rename that class in the data",
                    item.key.file
                )));
            }
            entries.insert(item.key.file.clone(), text);
        }
        Ok(entries)
    }

    /// Labels with times of the settled events, by recording and time, under the names that the reviewers gave the
    /// classes. Rejected events have this label, or no row.
    pub fn timed_labels(&self, rejected_as: Option<&str>) -> Vec<TimedLabel> {
        let mut rows = Vec::new();
        for item in &self.items {
            let Some(event) = &item.key.event else {
                continue;
            };
            let rejected = rejected_as.filter(|_| item.shown.is_empty());
            let labels = item.shown.iter().map(String::as_str).chain(rejected);
            rows.extend(labels.map(|label| TimedLabel {
                file: item.key.file.clone(),
                start: event.start_us as f64 / 1e6,
                end: event.end_us as f64 / 1e6,
                label: label.to_owned(),
            }));
        }
        rows.sort_by(|a, b| {
            let by_time = a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end));
            a.file.cmp(&b.file).then(by_time).then(a.label.cmp(&b.label))
        });
        // Two detections of different classes may have become the same label.
        rows.dedup();
        rows
    }

    /// Events that were rejected.
    pub fn rejected_events(&self) -> usize {
        let rejected = self.items.iter().filter(|item| item.labels.is_empty());
        rejected.filter(|item| item.key.event.is_some()).count()
    }

    /// Whether events were reviewed; clips otherwise. `None` where nothing was.
    pub fn is_of_events(&self) -> Option<bool> {
        let settled = self.items.iter().map(|item| &item.key);
        let mut keys = settled.chain(&self.disputed).chain(&self.skipped);
        keys.next().map(|key| key.event.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::ReviewDecision;
    use crate::items::EventKey;

    fn clip(file: &str, subset: &str) -> ReviewKey {
        ReviewKey {
            file: file.into(),
            subset: Some(subset.into()),
            event: None,
        }
    }

    fn event(file: &str, class: &str, start_us: u64) -> ReviewKey {
        ReviewKey {
            file: file.into(),
            subset: None,
            event: Some(EventKey {
                class: class.into(),
                start_us,
                end_us: start_us + 500_000,
            }),
        }
    }

    fn decide(state: &mut ReviewState, reviewer: &str, key: ReviewKey, labels: Option<&[&str]>) {
        let names = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        let was = key
            .event
            .as_ref()
            .map_or("Dog", |event| event.class.as_str())
            .to_owned();
        let decision = ReviewDecision {
            id: format!("{reviewer} {key:?} {labels:?}"),
            reviewer: reviewer.into(),
            time: String::new(),
            verdict: if labels.is_some() {
                Verdict::Relabel
            } else {
                Verdict::Skip
            },
            item: Some(key),
            was: vec![was],
            labels: labels.map(names).unwrap_or_default(),
            undoes: None,
        };
        state.apply(decision).unwrap();
    }

    fn rename(state: &mut ReviewState, reviewer: &str, class: &str, name: &str) {
        let decision = ReviewDecision {
            id: format!("{reviewer} {class} {name}"),
            reviewer: reviewer.into(),
            time: String::new(),
            verdict: Verdict::Rename,
            item: None,
            was: vec![class.into()],
            labels: vec![name.into()],
            undoes: None,
        };
        state.apply(decision).unwrap();
    }

    #[test]
    fn clips_become_corrections() {
        let mut state = ReviewState::default();
        decide(&mut state, "anna", clip("right.wav", "curated"), Some(&["Dog"]));
        decide(
            &mut state,
            "anna",
            clip("other.wav", "curated"),
            Some(&["Cat", "Dog, far"]),
        );
        decide(&mut state, "anna", clip("none.wav", "curated"), Some(&[]));
        decide(&mut state, "anna", clip("seen.wav", "curated"), None);
        state
            .apply(ReviewDecision {
                id: "unlabelled".into(),
                reviewer: "anna".into(),
                time: String::new(),
                verdict: Verdict::Accept,
                item: Some(clip("unlabelled.wav", "curated")),
                was: Vec::new(),
                labels: Vec::new(),
                undoes: None,
            })
            .unwrap();
        rename(&mut state, "anna", "Cat", "Kitten");
        let settled = settle(&state, None).unwrap();
        assert_eq!(settled.skipped, [clip("seen.wav", "curated")]);
        let changed = settled.corrections(None, false).unwrap();
        let pair = |(file, text): (&str, &str)| (file.to_owned(), text.to_owned());
        // By the names that the data has.
        let wanted = [("none.wav", "remove"), ("other.wav", "Cat,\"Dog, far\"")];
        assert_eq!(changed, BTreeMap::from(wanted.map(pair)));
        let all = settled.corrections(Some("curated"), true).unwrap();
        assert_eq!((all.len(), all["right.wav"].as_str()), (3, "Dog"));
        assert_eq!(settled.new_names, BTreeMap::from([pair(("Cat", "Kitten"))]));
        assert_eq!(settled.is_of_events(), Some(false));
        assert!(settled.corrections(Some("noisy"), false).is_err());
        decide(&mut state, "anna", clip("other.wav", "noisy"), Some(&["remove"]));
        let settled = settle(&state, None).unwrap();
        let refused = settled.corrections(None, false).unwrap_err().to_string();
        assert_eq!(
            refused,
            "the clips are of the subsets curated, noisy, and a file corrects one; choose it with --subset"
        );
        assert!(
            settled.corrections(Some("noisy"), false).is_err(),
            "the class `remove`"
        );
    }

    #[test]
    fn events_become_labels_with_times() {
        let mut state = ReviewState::default();
        decide(&mut state, "anna", event("b.wav", "Dog", 0), Some(&["Dog"]));
        decide(
            &mut state,
            "anna",
            event("a.wav", "Dog", 2_000_000),
            Some(&["Wren", "Cat"]),
        );
        decide(
            &mut state,
            "anna",
            event("a.wav", "Cat", 2_000_000),
            Some(&["Cat"]),
        );
        decide(&mut state, "anna", event("a.wav", "Dog", 1_250_000), Some(&[]));
        rename(&mut state, "anna", "Cat", "Kitten");
        let settled = settle(&state, Some("anna")).unwrap();
        let rows = |rejected| -> Vec<(String, f64, f64, String)> {
            let rows = settled.timed_labels(rejected).into_iter();
            rows.map(|row| (row.file, row.start, row.end, row.label))
                .collect()
        };
        let row =
            |file: &str, start: f64, label: &str| (file.to_owned(), start, start + 0.5, label.to_owned());
        let wanted = [
            row("a.wav", 2.0, "Kitten"),
            row("a.wav", 2.0, "Wren"),
            row("b.wav", 0.0, "Dog"),
        ];
        assert_eq!(rows(None), wanted);
        assert_eq!(rows(Some("background"))[0], row("a.wav", 1.25, "background"));
        assert_eq!(
            (settled.rejected_events(), settled.is_of_events()),
            (1, Some(true))
        );
        assert!(settled.corrections(None, true).unwrap().is_empty());
    }

    #[test]
    fn what_reviewers_do_not_agree_on_is_named() {
        let mut state = ReviewState::default();
        decide(&mut state, "anna", clip("a.wav", "x"), Some(&["Dog", "Cat"]));
        decide(&mut state, "ben", clip("a.wav", "x"), Some(&["Cat", "Dog"]));
        decide(&mut state, "anna", clip("b.wav", "x"), Some(&["Dog"]));
        decide(&mut state, "ben", clip("b.wav", "x"), Some(&[]));
        decide(&mut state, "anna", clip("c.wav", "x"), None);
        decide(&mut state, "ben", clip("c.wav", "x"), Some(&["Cat"]));
        let settled = settle(&state, None).unwrap();
        let files: Vec<&str> = settled.items.iter().map(|item| item.key.file.as_str()).collect();
        assert_eq!(files, ["a.wav", "c.wav"]);
        assert_eq!(settled.disputed, [clip("b.wav", "x")]);
        assert_eq!(settle(&state, Some("ben")).unwrap().items.len(), 3);
        let refused = settle(&state, Some("cleo")).unwrap_err().to_string();
        assert_eq!(
            refused,
            "--reviewer cleo: decided nothing here; choose from anna, ben"
        );
        rename(&mut state, "anna", "Dog", "Hound");
        rename(&mut state, "ben", "Dog", "Wolf");
        let refused = settle(&state, None).unwrap_err().to_string();
        assert!(
            refused.starts_with("the class Dog has the new names Hound and Wolf"),
            "{refused}"
        );
        assert!(
            refused.ends_with("; choose one of them with --reviewer"),
            "{refused}"
        );
        // A page has no such option.
        let refused = settle_on_page(&state).unwrap_err().to_string();
        assert!(refused.ends_with("; rename it to the same name"), "{refused}");
        rename(&mut state, "ben", "Dog", "Hound");
        assert_eq!(settle_on_page(&state).unwrap().new_names["Dog"], "Hound");
    }
}

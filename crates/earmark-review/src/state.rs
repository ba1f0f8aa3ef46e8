//! The decisions that count, per reviewer: what follows from a log.

use crate::decisions::{ReviewDecision, Verdict};
use crate::items::ReviewKey;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The decisions of one person.
#[derive(Clone, Debug, Default)]
struct Reviewer {
    /// Those that were not taken back, in their order.
    decisions: Vec<ReviewDecision>,
    /// Numbers of those about an item; the last one counts.
    by_item: HashMap<ReviewKey, Vec<usize>>,
    /// The same of those that give a class another name.
    by_class: BTreeMap<String, Vec<usize>>,
}

/// The decisions that count, per reviewer. None of them sees those of another one.
#[derive(Clone, Debug, Default)]
pub struct ReviewState {
    reviewers: BTreeMap<String, Reviewer>,
    ids: HashSet<String>,
}

impl ReviewState {
    /// The state after these decisions.
    ///
    /// # Errors
    /// Which decision does not fit those before it, and why.
    pub fn replay(decisions: impl IntoIterator<Item = ReviewDecision>) -> Result<Self, String> {
        let mut state = Self::default();
        for (number, decision) in (1..).zip(decisions) {
            state
                .apply(decision)
                .map_err(|problem| format!("decision {number} {problem}; restore the file"))?;
        }
        Ok(state)
    }

    /// Whether a decision with this id was applied.
    pub fn knows(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Applies a decision; one that was applied before changes nothing.
    ///
    /// # Errors
    /// What does not fit: an undo of another decision than the reviewer's last, a decision without an item.
    pub fn apply(&mut self, decision: ReviewDecision) -> Result<(), String> {
        if self.knows(&decision.id) {
            return Ok(());
        }
        let id = decision.id.clone();
        let reviewer = self.reviewers.entry(decision.reviewer.clone()).or_default();
        match decision.verdict {
            Verdict::Undo => reviewer.undo(&decision)?,
            _ => reviewer.add(decision)?,
        }
        self.ids.insert(id);
        Ok(())
    }

    /// Names of all who decided something.
    pub fn reviewers(&self) -> impl Iterator<Item = &str> {
        let busy = self.reviewers.iter();
        let busy = busy.filter(|(_, reviewer)| !reviewer.decisions.is_empty());
        busy.map(|(name, _)| name.as_str())
    }

    /// What a reviewer decided last about an item.
    pub fn decided(&self, reviewer: &str, item: &ReviewKey) -> Option<&ReviewDecision> {
        let reviewer = self.reviewers.get(reviewer)?;
        let number = *reviewer.by_item.get(item)?.last()?;
        reviewer.decisions.get(number)
    }

    /// The reviewer's last decision, which an undo takes back.
    pub fn last(&self, reviewer: &str) -> Option<&ReviewDecision> {
        self.reviewers.get(reviewer)?.decisions.last()
    }

    /// The decisions of a reviewer that count: the last one about each item.
    pub fn decisions(&self, reviewer: &str) -> impl Iterator<Item = (&ReviewKey, &ReviewDecision)> {
        let reviewer = self.reviewers.get(reviewer);
        reviewer.into_iter().flat_map(|reviewer| {
            let items = reviewer.by_item.iter();
            items.filter_map(move |(key, numbers)| Some((key, reviewer.decisions.get(*numbers.last()?)?)))
        })
    }

    /// The name that a reviewer gave a class, else its own.
    pub fn shown<'a>(&'a self, reviewer: &str, class: &'a str) -> &'a str {
        self.new_name(reviewer, class).unwrap_or(class)
    }

    fn new_name(&self, reviewer: &str, class: &str) -> Option<&str> {
        let reviewer = self.reviewers.get(reviewer)?;
        let number = *reviewer.by_class.get(class)?.last()?;
        reviewer.decisions.get(number)?.labels.first().map(String::as_str)
    }

    /// Classes to which a reviewer gave other names, with these.
    pub fn new_names(&self, reviewer: &str) -> BTreeMap<&str, &str> {
        let classes = self.reviewers.get(reviewer).into_iter();
        let classes = classes.flat_map(|reviewer| reviewer.by_class.keys());
        let renamed = classes.filter_map(|class| Some((class.as_str(), self.new_name(reviewer, class)?)));
        renamed.filter(|(old, new)| old != new).collect()
    }
}

impl Reviewer {
    fn add(&mut self, decision: ReviewDecision) -> Result<(), String> {
        let number = self.decisions.len();
        match (decision.verdict, &decision.item) {
            (Verdict::Rename, _) => {
                let ([class], [_]) = (&decision.was[..], &decision.labels[..]) else {
                    return Err("renames no class, or several".into());
                };
                self.by_class.entry(class.clone()).or_default().push(number);
            }
            (_, Some(item)) => self.by_item.entry(item.clone()).or_default().push(number),
            (_, None) => return Err("names no item".into()),
        }
        self.decisions.push(decision);
        Ok(())
    }

    fn undo(&mut self, undo: &ReviewDecision) -> Result<(), String> {
        let Some(last) = self
            .decisions
            .pop_if(|last| undo.undoes.as_ref() == Some(&last.id))
        else {
            return Err("undoes one that is not the reviewer's last".into());
        };
        let numbers = match (last.verdict, &last.item) {
            (Verdict::Rename, _) => last.was.first().and_then(|class| self.by_class.get_mut(class)),
            (_, item) => item.as_ref().and_then(|item| self.by_item.get_mut(item)),
        };
        if let Some(numbers) = numbers {
            // Its own number: it was the last decision of all.
            numbers.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(file: &str) -> ReviewKey {
        ReviewKey {
            file: file.into(),
            subset: None,
            event: None,
        }
    }

    fn decision(id: &str, reviewer: &str, verdict: Verdict) -> ReviewDecision {
        ReviewDecision {
            id: id.into(),
            reviewer: reviewer.into(),
            time: String::new(),
            verdict,
            item: None,
            was: Vec::new(),
            labels: Vec::new(),
            undoes: None,
        }
    }

    fn about(id: &str, reviewer: &str, verdict: Verdict, file: &str) -> ReviewDecision {
        ReviewDecision {
            item: Some(key(file)),
            ..decision(id, reviewer, verdict)
        }
    }

    fn undo(id: &str, reviewer: &str, undoes: &str) -> ReviewDecision {
        ReviewDecision {
            undoes: Some(undoes.into()),
            ..decision(id, reviewer, Verdict::Undo)
        }
    }

    fn rename(id: &str, class: &str, name: &str) -> ReviewDecision {
        ReviewDecision {
            was: vec![class.into()],
            labels: vec![name.into()],
            ..decision(id, "anna", Verdict::Rename)
        }
    }

    fn verdict(state: &ReviewState, reviewer: &str, file: &str) -> Option<Verdict> {
        state
            .decided(reviewer, &key(file))
            .map(|decision| decision.verdict)
    }

    #[test]
    fn the_last_decision_counts_and_undo_brings_back_the_one_before() {
        let decisions = [
            about("1", "anna", Verdict::Accept, "a"),
            about("2", "anna", Verdict::Skip, "b"),
            about("3", "anna", Verdict::Reject, "a"),
        ];
        let mut state = ReviewState::replay(decisions).unwrap();
        assert_eq!(verdict(&state, "anna", "a"), Some(Verdict::Reject));
        assert_eq!(state.last("anna").unwrap().id, "3");
        state.apply(undo("4", "anna", "3")).unwrap();
        assert_eq!(verdict(&state, "anna", "a"), Some(Verdict::Accept));
        // The same undo again, as after a lost answer.
        state.apply(undo("4", "anna", "3")).unwrap();
        assert_eq!(verdict(&state, "anna", "b"), Some(Verdict::Skip));
        state.apply(undo("5", "anna", "2")).unwrap();
        state.apply(undo("6", "anna", "1")).unwrap();
        assert_eq!((verdict(&state, "anna", "a"), state.last("anna")), (None, None));
        assert_eq!(
            (state.decisions("anna").count(), state.reviewers().count()),
            (0, 0)
        );
        let refused = state.apply(undo("7", "anna", "1")).unwrap_err();
        assert_eq!(refused, "undoes one that is not the reviewer's last");
    }

    #[test]
    fn reviewers_are_blind_to_each_other() {
        let mut state = ReviewState::default();
        state.apply(about("1", "anna", Verdict::Accept, "a")).unwrap();
        state.apply(rename("2", "Dog", "Hound")).unwrap();
        assert_eq!(verdict(&state, "ben", "a"), None);
        assert_eq!(state.shown("ben", "Dog"), "Dog");
        state.apply(about("3", "ben", Verdict::Reject, "a")).unwrap();
        assert_eq!(verdict(&state, "anna", "a"), Some(Verdict::Accept));
        assert!(
            state.apply(undo("4", "ben", "2")).is_err(),
            "that one is another reviewer's"
        );
        assert_eq!(state.reviewers().collect::<Vec<_>>(), ["anna", "ben"]);
    }

    #[test]
    fn classes_get_new_names_until_that_is_undone() {
        let mut state = ReviewState::replay([
            rename("1", "Dog", "Hound"),
            rename("2", "Dog", "Wolf"),
            rename("3", "Cat", "Cat"),
        ])
        .unwrap();
        assert_eq!(state.shown("anna", "Dog"), "Wolf");
        assert_eq!(state.new_names("anna"), BTreeMap::from([("Dog", "Wolf")]));
        state.apply(undo("4", "anna", "3")).unwrap();
        state.apply(undo("5", "anna", "2")).unwrap();
        assert_eq!(state.shown("anna", "Dog"), "Hound");
        assert!(ReviewState::replay([decision("6", "anna", Verdict::Rename)]).is_err());
        let nothing = ReviewState::replay([decision("6", "anna", Verdict::Accept)]).unwrap_err();
        assert_eq!(nothing, "decision 1 names no item; restore the file");
    }

    #[test]
    fn a_decision_that_is_sent_twice_counts_once() {
        let mut state = ReviewState::default();
        for _ in 0..2 {
            state.apply(about("1", "anna", Verdict::Accept, "a")).unwrap();
        }
        state.apply(undo("2", "anna", "1")).unwrap();
        assert!(state.last("anna").is_none());
        assert!(state.knows("1") && state.knows("2") && !state.knows("3"));
    }
}

//! All of a review for one service: pages of items, decisions, counts. Any number of threads may use it.

mod ranking;
mod requests;
mod views;

pub use requests::DecideRequest;
pub use views::{ReviewClass, ReviewCounts, ReviewOverview, ReviewPage, ReviewView};

use crate::decisions::{DecisionLog, OpenedLog, ReviewDecision, Verdict};
use crate::error::ReviewError;
use crate::items::ReviewSet;
use crate::order::ReviewOrder;
use crate::settled::{SettledReview, settle_on_page};
use crate::state::ReviewState;
use earmark_core::checksum::Checksum;
use ranking::{Ranking, Sorting};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

/// Most items of a page.
const LARGEST_PAGE: usize = 500;

/// The log and what follows from it; both change together.
struct Decided {
    log: DecisionLog,
    state: ReviewState,
}

/// A review that is open.
pub struct ReviewDesk {
    /// A checksum of all items: numbers of items mean nothing in another review.
    id: String,
    title: String,
    set: ReviewSet,
    sorting: Sorting,
    /// The items as they are sorted now.
    ranking: RwLock<Arc<Ranking>>,
    decided: Mutex<Decided>,
    notes: Vec<String>,
}

impl ReviewDesk {
    /// Opens a review with its log. `thresholds` has one per class.
    ///
    /// # Errors
    /// A log that can't be used, or that holds decisions which don't fit each other.
    pub fn open(
        title: String,
        set: ReviewSet,
        (order, thresholds, seed): (ReviewOrder, &[f32], u64),
        log: &Path,
    ) -> Result<Self, ReviewError> {
        let sorting = Sorting {
            order,
            thresholds: thresholds.to_vec(),
            seed,
        };
        let ranking = Ranking::new(set.clone(), &sorting, 0)?;
        let OpenedLog {
            log: opened,
            decisions,
            torn_bytes,
        } = DecisionLog::open(log)?;
        let mut notes = Vec::new();
        if torn_bytes > 0 {
            notes.push(format!(
                "{}: the last line was cut off ({torn_bytes} bytes) and is removed: a decision that had not been \
                 answered",
                log.display()
            ));
        }
        let elsewhere = decisions.iter().filter_map(|decision| decision.item.as_ref());
        let elsewhere = elsewhere.filter(|key| set.find(key).is_none()).count();
        if elsewhere > 0 {
            notes.push(format!(
                "{}: {elsewhere} of its decisions are about items that are not reviewed now; they are kept",
                log.display()
            ));
        }
        let state = ReviewState::replay(decisions).map_err(|problem| ReviewError::Log {
            path: log.to_path_buf(),
            problem,
        })?;
        Ok(Self {
            id: checksum(&set),
            title,
            set,
            sorting,
            ranking: RwLock::new(Arc::new(ranking)),
            decided: Mutex::new(Decided { log: opened, state }),
            notes,
        })
    }

    /// What the user should know of the log.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The items.
    pub fn set(&self) -> &ReviewSet {
        &self.set
    }

    fn lock(&self) -> MutexGuard<'_, Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ranking(&self) -> Arc<Ranking> {
        Arc::clone(&self.ranking.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sorts the items again, by other scores of some of them: by number, and in the order of the classes. The others
    /// keep theirs.
    ///
    /// # Errors
    /// Scores outside of 0 to 1, or of another number of classes.
    pub fn sort_again(&self, scores: &BTreeMap<usize, Vec<f32>>) -> Result<(), ReviewError> {
        let set = self.set.rescored(scores)?;
        let mut ranking = self.ranking.write().unwrap_or_else(PoisonError::into_inner);
        *ranking = Arc::new(Ranking::new(set, &self.sorting, ranking.sorted + 1)?);
        Ok(())
    }

    /// What the reviewers agree on, and the numbers of all items that somebody has seen.
    ///
    /// # Errors
    /// A class to which two reviewers gave different names.
    pub fn settled(&self) -> Result<(SettledReview, BTreeSet<usize>), ReviewError> {
        let decided = self.lock();
        let state = &decided.state;
        let seen = state.reviewers().flat_map(|reviewer| state.decisions(reviewer));
        let seen = seen.filter_map(|(key, _)| self.set.find(key)).collect();
        Ok((settle_on_page(state)?, seen))
    }

    /// Classes and counts for a reviewer.
    pub fn overview(&self, reviewer: &str) -> ReviewOverview {
        let ranking = self.ranking();
        let decided = self.lock();
        views::overview(self, &ranking, &decided.state, reviewer)
    }

    /// A page of items, of all or of those that are listed under a class; at most 500.
    ///
    /// # Errors
    /// A class that is not there.
    pub fn page(
        &self,
        reviewer: &str,
        class: Option<usize>,
        from: usize,
        count: usize,
    ) -> Result<ReviewPage, ReviewError> {
        let ranking = self.ranking();
        let order = ranking.listed(class)?;
        let decided = self.lock();
        let shown = order.iter().skip(from).take(count.min(LARGEST_PAGE));
        let items = shown.map(|&number| views::view(&ranking, &decided.state, reviewer, number));
        Ok(ReviewPage {
            total: order.len(),
            from,
            items: items.collect(),
        })
    }

    /// The position of the first item from a position on that the reviewer has not seen, starting over at the end;
    /// `None` where all are seen.
    ///
    /// # Errors
    /// A class that is not there.
    pub fn next_left(
        &self,
        reviewer: &str,
        class: Option<usize>,
        from: usize,
    ) -> Result<Option<usize>, ReviewError> {
        let ranking = self.ranking();
        let order = ranking.listed(class)?;
        let decided = self.lock();
        let is_left = |position: &usize| {
            let key = &self.set.items()[order[*position]].key;
            decided.state.decided(reviewer, key).is_none()
        };
        let start = from.min(order.len());
        Ok((start..order.len()).chain(0..start).find(is_left))
    }

    /// Writes a decision to the log, and returns when it is on the disk: the item after it, and the counts. A decision
    /// that was taken before is answered again and changes nothing.
    ///
    /// # Errors
    /// A request that doesn't fit, and a disk that fails.
    pub fn decide(&self, request: &DecideRequest) -> Result<(Option<ReviewView>, ReviewCounts), ReviewError> {
        request.check(&self.id, self.set.items().len())?;
        let reviewer = request.reviewer.trim();
        let ranking = self.ranking();
        let mut decided = self.lock();
        let mut about = request.item;
        if !decided.state.knows(&request.id) {
            let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
            let decision = requests::decision(request, &self.set, &decided.state, time)?;
            if decision.verdict == Verdict::Undo {
                about = decision.item.as_ref().and_then(|key| self.set.find(key));
            }
            self.write(&mut decided, decision)?;
        }
        let view = about.map(|number| views::view(&ranking, &decided.state, reviewer, number));
        Ok((view, views::counts(&ranking, &decided.state, reviewer)))
    }

    /// The log first: what is in memory alone would be lost.
    fn write(&self, decided: &mut Decided, decision: ReviewDecision) -> Result<(), ReviewError> {
        decided.log.append(&decision)?;
        decided.state.apply(decision).map_err(ReviewError::Request)
    }
}

fn checksum(set: &ReviewSet) -> String {
    let mut sum = Checksum::default();
    for item in set.items() {
        sum.update(format!("{:?}\n", item.key).as_bytes());
    }
    sum.hex()
}

#[cfg(test)]
mod tests;

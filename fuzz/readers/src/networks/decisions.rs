//! Logs of the decisions of a review.

use std::fs;

use earmark_review::{DecisionLog, ReviewState, Verdict, agreement, read_decisions, settle};

use super::sealed_again;
use crate::{check_message, digest};

/// A log is refused with a message, or read and opened alike; what is cut off is removed once. The decisions that fit
/// each other can be settled, and a decision that is applied twice counts once.
pub fn decisions(data: &[u8]) {
    // Every line has a checksum: half of the logs get past it.
    let bytes = match digest(data) % 2 {
        0 => data.to_vec(),
        _ => sealed_again(data),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("decisions.jsonl");
    fs::write(&path, bytes).expect("a written log");
    let (read, torn_bytes) = match read_decisions(&path) {
        Ok(found) => found,
        Err(error) => return check_message(&error),
    };
    let opened = DecisionLog::open(&path).expect("a log that was read before");
    assert_eq!((&opened.decisions, opened.torn_bytes), (&read, torn_bytes));
    drop(opened);
    let (again, torn_bytes) = read_decisions(&path).expect("a log that was opened before");
    assert_eq!((again, torn_bytes), (read.clone(), 0));
    let mut state = match ReviewState::replay(read.clone()) {
        Ok(state) => state,
        Err(problem) => return check_message(&problem),
    };
    let names: Vec<String> = state.reviewers().map(str::to_owned).collect();
    let last: Vec<String> = names
        .iter()
        .filter_map(|name| state.last(name).map(|decision| decision.id.clone()))
        .collect();
    for decision in read
        .into_iter()
        .filter(|decision| decision.verdict != Verdict::Undo)
    {
        state.apply(decision).expect("a decision that was applied before");
    }
    for (name, id) in names.iter().zip(last) {
        assert_eq!(state.last(name).map(|decision| &decision.id), Some(&id));
        let settled = settle(&state, Some(name)).expect("what one reviewer decided");
        let of_itself = agreement(&state, name, name);
        assert_eq!(of_itself.both, of_itself.same);
        assert_eq!(settled.items.len(), of_itself.both);
    }
}

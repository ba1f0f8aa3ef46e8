//! Reviewing what a model found: people listen, decide, and their decisions become labels and numbers. No HTTP.
//!
//! ```text
//! scores, labels | detections --> ReviewSet -- order --> ReviewDesk -- decisions.jsonl --> ReviewState
//!                                 items                  desk          log                  state
//! ReviewState --> settled: corrections, labels with times, agreement, precision against threshold
//! ```
//!
//! | module | for |
//! |---|---|
//! | `items` | clips or events to review, with labels and scores |
//! | `order` | which come first |
//! | `decisions` | what a person decides, and its log, which a killed process leaves whole |
//! | `state` | the decisions that count, per reviewer; undo; new names of classes |
//! | `settled` | what the reviewers agree on; corrections and labels with times |
//! | `agreement` | how far two reviewers agree |
//! | `intervals`, `precision` | precision against threshold from a stratified sample, with intervals |
//! | `sound` | cut-outs with context, and their spectrograms |
//! | `desk` | all of it for one service: pages of items, decisions, counts |
//!
//! A reviewer is known by name, and sees no decision of another one.

mod agreement;
mod decisions;
mod desk;
mod error;
mod intervals;
mod items;
mod order;
mod precision;
mod settled;
mod sound;
mod state;

pub use agreement::{ReviewAgreement, agreement};
pub use decisions::{DecisionLog, OpenedLog, ReviewDecision, Verdict, read_decisions};
pub use desk::{
    DecideRequest, ReviewClass, ReviewCounts, ReviewDesk, ReviewOverview, ReviewPage, ReviewView,
};
pub use error::ReviewError;
pub use intervals::{StratumCount, stratified_interval, wilson};
pub use items::{ClipPlace, DetectedEvent, EventKey, ReviewItem, ReviewKey, ReviewKind, ReviewSet};
pub use order::ReviewOrder;
pub use precision::{ClassPrecision, FEWEST_REVIEWED, MissingReview, PrecisionPoint, precision_by_class};
pub use settled::{SettledItem, SettledReview, TimedLabel, settle};
pub use sound::{CutOut, LONGEST_CUT_SECONDS, SpectrogramSize, cut_out, cut_recording, spectrogram};
pub use state::ReviewState;

#[cfg(test)]
mod tests;

//! The second level: networks that learn from what several first-level systems say of clips that they did not learn from.
//!
//! ```text
//! runs of folds -> out-of-fold scores of every tile -> rows [inputs x classes] -> FcNet -> scores
//! ```
//!
//! A second-level run is a set of folds over the same folds as its inputs, and each of its runs is one like any other: recipe, state,
//! checkpoints, results. The one of fold K learns from the clips of the other folds, and its validation clips are split off those; it is judged
//! on the clips of K, which nothing of it has seen. (The first-level models that scored the clips of the other folds have learnt from
//! clips of K. That is so in all stacking by folds and reaches the second level only through their scores.)

mod evaluation;
mod inputs;
mod training;

pub(crate) use evaluation::evaluate;
pub(crate) use inputs::data_of;
pub use inputs::input_names;
pub use training::{StackJob, train_stack};

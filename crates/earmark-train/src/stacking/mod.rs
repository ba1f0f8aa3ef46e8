//! Stacking: meta-models trained on the out-of-fold scores of several runs.
//!
//! ```text
//! cross-validation runs -> out-of-fold scores of every segment -> rows [inputs x classes] -> FcNet -> scores
//! ```
//!
//! A stacked run is a cross-validation run with the same folds as its inputs, and each of its runs is like any other: recipe, state,
//! checkpoints, results. The meta-model of fold K is trained on the clips of the other folds, from which its validation clips are split
//! off, and evaluated on the clips of K, which it has not seen. (The input models that scored the clips of the other folds were trained
//! on clips of K. This is so in all stacking with folds, and reaches the meta-model only through their scores.)

mod evaluation;
mod out_of_fold_inputs;
mod stack_inputs;
mod training;

pub(crate) use evaluation::evaluate;
pub use out_of_fold_inputs::input_names;
pub(crate) use stack_inputs::data_of;
pub use training::{StackJob, train_stack};

//! The commands that train.

pub mod demo;
pub mod probe;
pub mod recipes;
pub mod stack;
#[expect(clippy::module_inception, reason = "the group is called as its main command")]
pub mod train;
mod train_folds;
pub mod tune;

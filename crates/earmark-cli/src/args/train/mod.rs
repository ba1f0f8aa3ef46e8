//! Arguments of the commands that train.

mod demo;
mod probe;
mod recipes;
mod stack;
#[expect(clippy::module_inception, reason = "the group is called as its main command")]
mod train;
mod tune;

pub use demo::Demo;
pub use probe::Probe;
pub use recipes::Recipes;
pub use stack::Stack;
pub use train::Train;
pub use tune::{SpaceArgs, Tune};

//! A training while it runs: what changes from step to step, and what is done with it.

mod advance;
mod open;
mod run;
mod save;
mod state;
mod validate;

pub(super) use state::Session;

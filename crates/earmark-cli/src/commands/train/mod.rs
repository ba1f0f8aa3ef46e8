//! The commands that train.

mod cross_validate;
mod demo;
mod dry_run;
mod fit;
mod fit_summary;
mod no_classes;
mod probe;
mod recipes;
mod resume;
mod search;
mod stack;
#[expect(clippy::module_inception, reason = "the group is called as its main command")]
mod train;
mod tune;

use crate::prelude::*;

/// The commands that train.
#[derive(Subcommand)]
pub enum TrainCommand {
    Demo(demo::Demo),
    #[command(subcommand)]
    Recipes(recipes::Recipes),
    Fit(fit::Fit),
    Train(train::Train),
    Tune(tune::Tune),
    Stack(stack::Stack),
    Probe(probe::Probe),
}

impl TrainCommand {
    /// Runs the command.
    pub fn run(self, console: &Console) -> anyhow::Result<Status> {
        // Every step asks for the same memory as the one before.
        earmark::engine::keep_freed_memory();
        match self {
            Self::Demo(args) => demo::run(&args, console),
            Self::Recipes(what) => recipes::run(what),
            Self::Fit(args) => fit::run(args, console),
            Self::Train(args) => train::run(args, console),
            Self::Tune(args) => tune::run(args, console),
            Self::Stack(args) => stack::run(args, console),
            Self::Probe(args) => probe::run(args, console),
        }
    }
}

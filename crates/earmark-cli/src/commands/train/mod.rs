//! The commands that train.

mod cross_validate;
mod demo;
mod dry_run;
mod probe;
mod recipes;
mod resume;
mod search;
mod stack;
#[expect(clippy::module_inception, reason = "the group is called as its main command")]
mod train;
mod tune;

use crate::args::TrainCommand;
use crate::console::Console;
use crate::status::Status;

/// Runs one of them.
pub fn run(command: TrainCommand, console: &Console) -> anyhow::Result<Status> {
    match command {
        TrainCommand::Demo(args) => demo::run(&args, console),
        TrainCommand::Recipes { what } => recipes::run(what),
        TrainCommand::Train(args) => train::run(&args, console),
        TrainCommand::Tune(args) => tune::run(args, console),
        TrainCommand::Stack(args) => stack::run(args, console),
        TrainCommand::Probe(args) => probe::run(args, console),
    }
}

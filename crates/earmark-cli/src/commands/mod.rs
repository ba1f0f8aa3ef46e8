//! The commands, one file each, in the groups of the help.

mod data;
mod evaluate;
mod run;
mod scores;
mod tables;
mod train;

use crate::args::Command;
use crate::console::Console;
use crate::status::Status;

/// Runs a command.
pub fn run(command: Command, console: &Console) -> anyhow::Result<Status> {
    match command {
        Command::Data(command) => data::run(command, console),
        Command::Train(command) => train::run(command, console),
        Command::Evaluate(command) => evaluate::run(command, console),
        Command::Run(command) => run::run(command, console),
    }
}

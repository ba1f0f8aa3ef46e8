//! The commands that run models.

mod bench;
mod blend;
mod blend_select;
mod bundle;
mod completions;
mod embed;
mod export;
mod listen;
mod man;
mod models;
mod neighbours;
mod predict;
mod predict_segments;
mod tag;

use crate::args::RunCommand;
use crate::console::Console;
use crate::status::Status;

/// Runs one of them.
pub fn run(command: RunCommand, console: &Console) -> anyhow::Result<Status> {
    match command {
        RunCommand::Predict(args) => predict::run(args, console),
        RunCommand::Tag(args) => tag::run(&args, console),
        RunCommand::Listen(args) => listen::run(&args, console),
        RunCommand::Embed(args) => embed::run(args, console),
        RunCommand::Neighbours(args) => neighbours::run(&args, console),
        RunCommand::Blend(args) => blend::run(&args, console),
        RunCommand::Models { what } => models::run(what, console),
        RunCommand::Export(args) => export::run(&args, console),
        RunCommand::Bundle(args) => bundle::run(args, console),
        RunCommand::Bench(args) => bench::run(args, console),
        RunCommand::Completions(args) => completions::run(&args),
        RunCommand::Man(args) => man::run(&args),
    }
}

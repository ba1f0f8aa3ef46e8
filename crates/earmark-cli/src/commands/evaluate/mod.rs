//! The commands that evaluate.

mod calibrate;
mod compare;
mod eval;
mod report;
mod runs;
mod score;

use crate::args::EvaluateCommand;
use crate::console::Console;
use crate::status::Status;

/// Runs one of them.
pub fn run(command: EvaluateCommand, console: &Console) -> anyhow::Result<Status> {
    match command {
        EvaluateCommand::Eval(args) => eval::run(args, console),
        EvaluateCommand::Score(args) => score::run(&args, console),
        EvaluateCommand::Calibrate(args) => calibrate::run(args, console),
        EvaluateCommand::Runs(args) => runs::run(&args, console),
        EvaluateCommand::Report(args) => report::run(&args),
    }
}

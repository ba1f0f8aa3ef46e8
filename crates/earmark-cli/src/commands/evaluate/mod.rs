//! The commands that evaluate.

mod calibrate;
mod calibrate_events;
mod compare_two_runs;
mod eval;
mod report;
mod report_numbers;
mod runs;
mod score;
mod score_events;

use crate::prelude::*;

/// The commands that evaluate.
#[derive(Subcommand)]
pub enum EvaluateCommand {
    Eval(eval::Eval),
    Score(score::Score),
    Calibrate(calibrate::Calibrate),
    Runs(runs::Runs),
    Report(report::ReportArgs),
}

impl EvaluateCommand {
    /// Runs the command.
    pub fn run(self, console: &Console) -> anyhow::Result<Status> {
        match self {
            Self::Eval(args) => eval::run(args, console),
            Self::Score(args) => score::run(&args, console),
            Self::Calibrate(args) => calibrate::run(args, console),
            Self::Runs(args) => runs::run(&args, console),
            Self::Report(args) => report::run(&args),
        }
    }
}

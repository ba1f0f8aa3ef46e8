//! The commands, a file each.


mod blend;

mod demo;
mod eval;
mod features;


mod predict;



mod score;
mod train;

use crate::Status;
use crate::args::{Args, Command};
use crate::console::Console;
use anyhow::Context;

/// Runs the command that was given.
pub fn run(args: Args) -> anyhow::Result<Status> {
    let global = args.global;
    if global.threads > 0 {
        rayon::ThreadPoolBuilder::new()
            .num_threads(global.threads)
            .build_global()
            .context("--threads: the threads could not be started")?;
    }
    let console = Console::new(global.quiet);
    match args.command {
        Command::Demo(a) => demo::run(a, &global, &console),

        Command::Features(a) => features::run(a, &global, &console),
        Command::Train(a) => train::run(a, &global, &console),
        Command::Eval(a) => eval::run(a, &global, &console),
        Command::Predict(a) => predict::run(a, &global, &console),
        _ if false => unreachable!(), Command::Blend(a) => blend::run(a, &global, &console),
        Command::Score(a) => score::run(a, &global, &console),






        _ => anyhow::bail!("not yet"),
    }
}

//! The commands, a file each.

mod data;
mod evaluate;
mod run;
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
    let ended = match args.command {
        Command::Demo(a) => train::demo::run(a, &global, &console),
        Command::Data { what } => data::run(what, &global, &console),
        Command::Features(a) => data::features::run(a, &global, &console),
        Command::Train(a) => train::train::run(a, &global, &console),
        Command::Eval(a) => evaluate::eval::run(a, &global, &console),
        Command::Predict(a) => run::predict::run(a, &global, &console),
        Command::Export(a) => run::export::run(a, &global, &console),
        Command::Listen(a) => run::listen::run(a, &global, &console),
        Command::Bundle(a) => run::bundle::run(a, &global, &console),
        Command::Blend(a) => run::blend::run(a, &global, &console),
        Command::Calibrate(a) => evaluate::calibrate::run(a, &global, &console),
        Command::Embed(a) => run::embed::run(a, &global, &console),
        Command::Neighbours(a) => run::embed::neighbours(a, &global, &console),
        Command::Probe(a) => train::probe::run(a, &global, &console),
        Command::Score(a) => evaluate::score::run(a, &global, &console),
        Command::Stack(a) => train::stack::run(a, &global, &console),
        Command::Tune(a) => train::tune::run(a, &global, &console),
        Command::Tag(a) => run::tag::run(a, &global, &console),
        Command::Recipes { what } => train::recipes::run(what, &global, &console),
        Command::Review { what } => data::review::run(what, &global, &console),
        Command::Init(a) => data::init::run(a, &global, &console),
        Command::Runs(a) => evaluate::runs::run(a, &global, &console),
        Command::Report(a) => evaluate::report::run(a, &global, &console),
        Command::Models { what } => run::models::run(what, &global, &console),
        Command::Bench(a) => run::bench::run(a, &global, &console),
    };
    console.clear();
    ended
}

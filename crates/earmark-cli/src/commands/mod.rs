//! The commands, a file each.

mod augment_preview;
mod average;
mod bench;
mod blend;
mod blend_select;
mod bundle;
mod calibrate;
mod data;
mod data_normalise;
mod demo;
mod embed;
mod eval;
mod export;
mod features;
mod init;
mod listen;
mod models;
mod models_get;
mod models_import;
mod predict;
mod predict_tiles;
mod probe;
mod recipes;
mod report;
mod review;
mod runs;
mod runs_compare;
mod score;
mod stack;
mod tag;
mod train;
mod train_folds;
mod tune;

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
        Command::Demo(a) => demo::run(a, &global, &console),
        Command::Data { what } => data::run(what, &global, &console),
        Command::Features(a) => features::run(a, &global, &console),
        Command::Train(a) => train::run(a, &global, &console),
        Command::Eval(a) => eval::run(a, &global, &console),
        Command::Predict(a) => predict::run(a, &global, &console),
        Command::Export(a) => export::run(a, &global, &console),
        Command::Listen(a) => listen::run(a, &global, &console),
        Command::Bundle(a) => bundle::run(a, &global, &console),
        Command::Blend(a) => blend::run(a, &global, &console),
        Command::Calibrate(a) => calibrate::run(a, &global, &console),
        Command::Embed(a) => embed::run(a, &global, &console),
        Command::Neighbours(a) => embed::neighbours(a, &global, &console),
        Command::Probe(a) => probe::run(a, &global, &console),
        Command::Score(a) => score::run(a, &global, &console),
        Command::Stack(a) => stack::run(a, &global, &console),
        Command::Tune(a) => tune::run(a, &global, &console),
        Command::Tag(a) => tag::run(a, &global, &console),
        Command::Recipes { what } => recipes::run(what, &global, &console),
        Command::Review { what } => review::run(what, &global, &console),
        Command::Init(a) => init::run(a, &global, &console),
        Command::Runs(a) => runs::run(a, &global, &console),
        Command::Report(a) => report::run(a, &global, &console),
        Command::Models { what } => models::run(what, &global, &console),
        Command::Bench(a) => bench::run(a, &global, &console),
    };
    console.clear();
    ended
}

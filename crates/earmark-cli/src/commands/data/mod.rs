//! The commands about data.

mod augment_preview;
mod check;
mod classes;
mod features;
mod folds;
mod init;
mod normalise;
mod review;
pub mod source;
mod stats;

use crate::args::{Data, DataCommand};
use crate::console::Console;
use crate::status::Status;

/// Runs one of them.
pub fn run(command: DataCommand, console: &Console) -> anyhow::Result<Status> {
    match command {
        DataCommand::Init(args) => init::run(&args, console),
        DataCommand::Data { what } => match what {
            Data::Stats(args) => stats::run(&args, console),
            Data::Check(args) => check::run(&args, console),
            Data::Classes(args) => classes::run(&args, console),
            Data::Folds(args) => folds::run(&args, console),
            Data::AugmentPreview(args) => augment_preview::run(&args, console),
        },
        DataCommand::Features(args) => features::run(args, console),
        DataCommand::Review { what } => review::run(&what, console),
    }
}

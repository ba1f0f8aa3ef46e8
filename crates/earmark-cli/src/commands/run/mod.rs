//! The commands that run models.

mod activity;
mod bench;
mod blend;
mod bundle;
mod completions;
#[cfg(feature = "gpu")]
mod device_test;
mod doctor;
mod embed;
mod event_output;
mod events;
mod export;
mod extract;
mod index;
mod listen;
mod man;
mod merge;
mod models;
mod neighbours;
mod predict;
#[cfg(feature = "serve")]
mod serve;
mod tag;

use crate::prelude::*;

/// The commands that run models.
#[derive(Subcommand)]
pub enum RunCommand {
    Predict(predict::Predict),
    Tag(tag::Tag),
    Events(events::Events),
    Extract(extract::Extract),
    Listen(listen::Listen),
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    Activity(activity::ActivityArgs),
    Embed(embed::Embed),
    Merge(merge::Merge),
    Neighbours(neighbours::Neighbours),
    #[command(subcommand)]
    Index(Box<index::Index>),
    Blend(blend::Blend),
    #[command(subcommand)]
    Models(models::Models),
    Export(export::Export),
    Bundle(bundle::Bundle),
    Bench(bench::Bench),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    #[command(hide = true)]
    Man(man::Man),
    #[cfg(feature = "gpu")]
    #[command(hide = true)]
    DeviceTest(device_test::DeviceTest),
}

impl RunCommand {
    /// Runs the command.
    pub fn run(self, console: &Console) -> anyhow::Result<Status> {
        match self {
            Self::Predict(args) => predict::run(args, console),
            Self::Tag(args) => tag::run(&args, console),
            Self::Events(args) => events::run(&args, console),
            Self::Extract(args) => extract::run(args, console),
            Self::Listen(args) => listen::run(args, console),
            #[cfg(feature = "serve")]
            Self::Serve(args) => serve::run(args, console),
            Self::Activity(args) => activity::run(&args, console),
            Self::Embed(args) => embed::run(args, console),
            Self::Merge(args) => merge::run(&args, console),
            Self::Neighbours(args) => neighbours::run(&args, console),
            Self::Index(what) => index::run(&what, console),
            Self::Blend(args) => blend::run(&args, console),
            Self::Models(what) => models::run(what, console),
            Self::Export(args) => export::run(&args, console),
            Self::Bundle(args) => bundle::run(args, console),
            Self::Bench(args) => bench::run(args, console),
            Self::Doctor(args) => doctor::run(&args),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
            #[cfg(feature = "gpu")]
            Self::DeviceTest(args) => device_test::run(&args),
        }
    }
}

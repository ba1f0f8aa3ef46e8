//! The commands about data.

mod augment_preview;
mod check;
mod classes;
mod features;
mod fill_in_recipe_folder_toml;
mod folds;
mod get;
mod init;
mod propose_fine_tune_or_probe;
mod review;
mod review_apply;
mod review_precision;
#[cfg(feature = "serve")]
mod review_serve;
mod reviewed_items;
pub mod source;
mod stats;
mod stats_normalise;
mod synth;

use crate::prelude::*;

/// The commands about data.
#[derive(Subcommand)]
pub enum DataCommand {
    Init(init::Init),
    #[command(subcommand)]
    Data(Data),
    Features(features::FeaturesArgs),
    #[command(subcommand)]
    Review(review::Review),
}

/// Get, synthesize and inspect data: statistics, checks, class map, folds, augmentation
#[derive(Subcommand)]
#[command(after_help = "Example: earmark data check my-sounds")]
pub enum Data {
    Stats(stats::DataStats),
    Check(check::DataCheck),
    Classes(classes::DataClasses),
    Folds(folds::DataFolds),
    AugmentPreview(augment_preview::AugmentPreview),
    Get(get::DataGet),
    Synth(synth::DataSynth),
}

impl DataCommand {
    /// Runs the command.
    pub fn run(self, console: &Console) -> anyhow::Result<Status> {
        match self {
            Self::Init(args) => init::run(&args, console),
            Self::Data(Data::Stats(args)) => stats::run(&args, console),
            Self::Data(Data::Check(args)) => check::run(&args, console),
            Self::Data(Data::Classes(args)) => classes::run(&args, console),
            Self::Data(Data::Folds(args)) => folds::run(&args, console),
            Self::Data(Data::AugmentPreview(args)) => augment_preview::run(&args, console),
            Self::Data(Data::Get(args)) => get::run(&args, console),
            Self::Data(Data::Synth(args)) => synth::run(&args, console),
            Self::Features(args) => features::run(args, console),
            Self::Review(what) => review::run(what, console),
        }
    }
}

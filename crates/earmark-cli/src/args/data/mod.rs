//! Arguments of `earmark data`.

mod augment_preview;
mod features;
mod init;
mod review;

pub use augment_preview::AugmentPreview;
pub use features::Features;
pub use init::Init;
pub use review::{Action, Best, Review, ReviewBy, Worst};

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Clone, Debug, Subcommand)]
pub enum Data {
    /// Lengths, classes, sample rates, spectra: as text, and as a page with pictures
    #[command(
        after_help = "Examples:\n  earmark data stats my-sounds --out my-sounds-stats\n  \
        earmark data stats my-sounds --recipe my.toml --normalise my-normalised.toml"
    )]
    Stats(DataStats),
    /// Decode every file; find unknown labels, duplicates, leaks between parts and folds, imbalance
    #[command(after_help = "Example: earmark data check my-sounds --json")]
    Check(DataCheck),
    /// Write the class map (index,name)
    #[command(after_help = "Example: earmark data classes my-sounds -o classes.csv")]
    Classes(DataClasses),
    /// Write a fold table (file,fold), stratified by label, groups kept together
    #[command(after_help = "Example: earmark data folds my-sounds --folds 5 -o folds.csv")]
    Folds(DataFolds),
    /// Draw what a recipe's augmentation makes of a file: a contact sheet
    #[command(
        after_help = "Examples:\n  earmark data augment-preview dog.ogg --recipe folder -o dog.png\n  \
        earmark data augment-preview dog.ogg -o a.html --recipe argus-2019/1-fold --with rain.ogg\n  \
        earmark data augment-preview dog.ogg -o a.svg --recipe folder --set augment.time-shift.prob=1"
    )]
    AugmentPreview(AugmentPreview),
}

/// How a data folder is read, where no recipe says it.
#[derive(Clone, Debug, ClapArgs)]
pub struct Layout {
    /// The data folder
    pub dir: PathBuf,
    /// Layout: fsdkaggle2018, fsdkaggle2019, esc50, csv, folders; default: recognised
    #[arg(long)]
    pub layout: Option<String>,
    /// Table of the csv layout, relative to the folder
    #[arg(long)]
    pub table: Option<PathBuf>,
    /// Only these parts (curated, noisy, test, ...)
    #[arg(long, value_delimiter = ',')]
    pub part: Vec<String>,
    /// Any key of a recipe's [data] section
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataStats {
    #[command(flatten)]
    pub layout: Layout,
    /// Folder for stats.html and its pictures as SVG
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Recipe whose front end draws the pictures, every channel of it, instead of a log-mel's
    #[arg(long)]
    pub recipe: Option<String>,
    /// Write a recipe that extends --recipe and brings each band to mean 0 and spread 1 over these clips; without --part, over all parts but test
    #[arg(long, value_name = "FILE", requires = "recipe")]
    pub normalise: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataCheck {
    #[command(flatten)]
    pub layout: Layout,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataClasses {
    #[command(flatten)]
    pub layout: Layout,
    /// File to write; default stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DataFolds {
    #[command(flatten)]
    pub layout: Layout,
    /// Number of folds
    #[arg(long, default_value_t = 5)]
    pub folds: u32,
    /// Hold out this share instead: fold 1 is held out, fold 0 is the rest
    #[arg(long, conflicts_with = "folds")]
    pub hold_out: Option<f64>,
    /// none, label or iterative; default: iterative where clips have several labels
    #[arg(long)]
    pub stratify: Option<String>,
    /// Do not keep clips of one group together
    #[arg(long)]
    pub ignore_groups: bool,
    /// Seed of the draw
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// File to write; default stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

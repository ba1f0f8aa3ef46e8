//! Arguments of the commands about data.

mod augment_preview;
mod check;
mod classes;
mod features;
mod folds;
mod init;
mod review;
mod source;
mod stats;

pub use augment_preview::AugmentPreview;
pub use check::DataCheck;
pub use classes::DataClasses;
pub use features::Features;
pub use folds::DataFolds;
pub use init::Init;
pub use review::{Action, BestClips, Review, ReviewSource, WorstClips};
pub use source::DataSource;
pub use stats::DataStats;

use clap::Subcommand;

/// The commands about data.
#[derive(Subcommand)]
pub enum DataCommand {
    /// Write a commented starting recipe for a folder of sounds
    #[command(after_help = "Example: earmark init my-sounds")]
    Init(Init),
    /// Inspect a data folder: statistics, checks, class map, folds, augmentation
    #[command(after_help = "Example: earmark data check my-sounds")]
    Data {
        #[command(subcommand)]
        what: Data,
    },
    /// Write the features that a model sees (.npy), or handcrafted clip features (.csv)
    #[command(
        after_help = "Examples:\n  earmark features dog.ogg --recipe dcase2019-baseline/esc10 -o dog.npy\n  \
        earmark features --handcrafted --data ESC-10 -o esc10.csv\n\n\
        The .npy file holds float32 [channels, bands, frames]."
    )]
    Features(Features),
    /// Find labels that are probably wrong, or noisy labels that can be trusted
    #[command(after_help = "Example: earmark review worst runs/cv")]
    Review {
        #[command(subcommand)]
        what: Review,
    },
}

/// What to do with a data folder.
#[derive(Subcommand)]
pub enum Data {
    /// Report durations, classes, sample rates and spectra, as text or as a page with charts
    #[command(
        after_help = "Examples:\n  earmark data stats my-sounds --out my-sounds-stats\n  \
        earmark data stats my-sounds --recipe my.toml --normalise my-normalised.toml"
    )]
    Stats(DataStats),
    /// Decode every file; find unknown labels, duplicates, leaks between subsets and folds, imbalance
    #[command(after_help = "Example: earmark data check my-sounds --json")]
    Check(DataCheck),
    /// Write the class map (index,name)
    #[command(after_help = "Example: earmark data classes my-sounds -o classes.csv")]
    Classes(DataClasses),
    /// Write a fold table (file,fold), stratified by label, with groups kept together
    #[command(after_help = "Example: earmark data folds my-sounds --count 5 -o folds.csv")]
    Folds(DataFolds),
    /// Draw what a recipe's augmentation does to a recording, as a contact sheet
    #[command(
        after_help = "Examples:\n  earmark data augment-preview dog.ogg --recipe folder -o dog.png\n  \
        earmark data augment-preview dog.ogg -o a.html --recipe argus-2019/1-fold --with rain.ogg\n  \
        earmark data augment-preview dog.ogg -o a.svg --recipe folder --set augment.time-shift.prob=1"
    )]
    AugmentPreview(AugmentPreview),
}

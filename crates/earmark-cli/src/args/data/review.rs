//! Arguments of `earmark review`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, Subcommand)]
pub enum Review {
    /// The clips whose labels disagree most with scores of models that did not learn from them
    #[command(after_help = "Examples:\n  earmark review worst runs/cv --top 50\n  \
        earmark review worst runs/cv --part curated --below 0.2 --corrections corrections.json\n  \
        earmark review worst --scores oof.csv --truth train.csv --by margin -o worst.csv\n\n\
        Corrections are JSON, a file and what becomes of it: \"remove\", or the right labels. Listen before you use them.")]
    Worst(Worst),
    /// The clips whose labels agree best with such scores: noisy ones to trust
    #[command(
        after_help = "Examples:\n  earmark review best --scores noisy.csv --truth FSDKaggle2019/train_noisy.csv --above 0.9 --corrections adopt.json\n  \
        earmark review best runs/cv --top 50\n\n\
        The scores come from models that did not learn from the clips: earmark predict runs/curated --data FSDKaggle2019 --part noisy -o noisy.csv.\n\
        Corrections that name the clips' own labels move them to another subset:\n\
        data.corrections = [{ file = \"adopt.json\", subset = \"noisy\", corrected-subset = \"adopted\" }]"
    )]
    Best(Best),
}

/// What clips are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReviewBy {
    /// The clip's own lwlrap
    Lwlrap,
    /// The lowest score of its labels
    SelfConfidence,
    /// That less the highest score of another class, brought to 0 to 1
    Margin,
}

/// What a correction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Labels the clip with as many of its best classes as it has labels
    Relabel,
    /// Leaves the clip out
    Remove,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Worst {
    /// A run of several folds, made by `earmark train --folds`
    #[arg(conflicts_with_all = ["scores", "truth"])]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: scores of models that did not learn from the clips (fname, then a column a class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// The labels to look at: fname,labels; or fname,label; or 0/1 columns
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// What they are sorted by, the lowest first
    #[arg(long, value_enum, default_value_t = ReviewBy::Lwlrap)]
    pub by: ReviewBy,
    /// How many of them
    #[arg(long, default_value = "20")]
    pub top: NonZeroUsize,
    /// Only those below this
    #[arg(long)]
    pub below: Option<f64>,
    /// Only clips of this part (curated, ...) of a run's data
    #[arg(long, conflicts_with = "scores")]
    pub part: Option<String>,
    /// File for a table as CSV; - is stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// File for corrections as JSON, in argus-2019's form
    #[arg(long)]
    pub corrections: Option<PathBuf>,
    /// What the corrections do
    #[arg(long, value_enum, default_value_t = Action::Relabel)]
    pub action: Action,
    /// As JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Best {
    /// A run of several folds, made by `earmark train --folds`
    #[arg(conflicts_with_all = ["scores", "truth"])]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: scores of models that did not learn from the clips (fname, then a column a class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// The labels to look at: fname,labels; or fname,label; or 0/1 columns
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// What they are sorted by, the highest first
    #[arg(long, value_enum, default_value_t = ReviewBy::Lwlrap)]
    pub by: ReviewBy,
    /// How many of them; default 20, or all with --above
    #[arg(long)]
    pub top: Option<NonZeroUsize>,
    /// Only those of this or more
    #[arg(long)]
    pub above: Option<f64>,
    /// Only clips of this part (curated, ...) of a run's data
    #[arg(long, conflicts_with = "scores")]
    pub part: Option<String>,
    /// File for a table as CSV; - is stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// File with each clip and its own labels, as JSON in argus-2019's form of corrections
    #[arg(long)]
    pub corrections: Option<PathBuf>,
    /// As JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
}

//! Arguments of `earmark review`.

use crate::args::shared::{Choice, Compute, choice};
use clap::{Args as ClapArgs, Subcommand};
use earmark::train::label_review::ReviewMeasure;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Review {
    /// List the clips whose labels disagree most with the scores of models not trained on them
    #[command(after_help = "Examples:\n  earmark review worst runs/cv --top-k 50\n  \
        earmark review worst runs/cv --subset curated --below 0.2 --corrections corrections.json\n  \
        earmark review worst --scores oof.csv --truth train.csv --sort margin -o worst.csv\n\n\
        Corrections are JSON: a file name and either \"remove\" or the right labels. Listen to the clips before you use them.")]
    Worst(WorstClips),
    /// List the clips whose labels agree best with such scores: noisy labels to trust
    #[command(
        after_help = "Examples:\n  earmark review best --scores noisy.csv --truth train_noisy.csv --above 0.9 --corrections new.json\n  \
        earmark review best runs/cv --top-k 50\n\n\
        The scores come from models that were not trained on the clips:\n  \
        earmark predict runs/curated --data FSDKaggle2019 --subset noisy -o noisy.csv\n\n\
        Corrections that repeat the clips' own labels move them to another subset:\n  \
        data.corrections = [{ file = \"new.json\", subset = \"noisy\", corrected-subset = \"adopted\" }]"
    )]
    Best(BestClips),
}

const MEASURES: &[Choice<ReviewMeasure>] = &[
    ("lwlrap", "The clip's own lwlrap", ReviewMeasure::Lwlrap),
    (
        "self-confidence",
        "The lowest score of its labels",
        ReviewMeasure::SelfConfidence,
    ),
    (
        "margin",
        "That score minus the highest score of another class, scaled to 0..1",
        ReviewMeasure::Margin,
    ),
];

/// What a correction does.
#[derive(Clone, Copy)]
pub enum Action {
    Relabel,
    Remove,
}

const ACTIONS: &[Choice<Action>] = &[
    (
        "relabel",
        "Replace the clip's labels by its highest-scoring classes, as many as it has labels",
        Action::Relabel,
    ),
    ("remove", "Leave the clip out", Action::Remove),
];

/// Where labels and scores come from, and what is listed how.
#[derive(ClapArgs)]
pub struct ReviewSource {
    /// A cross-validation run, made by `earmark train --folds`
    #[arg(conflicts_with_all = ["scores", "truth"])]
    pub run: Option<PathBuf>,
    /// The data folder of the run; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: scores of models not trained on the clips (fname, then one column per class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// The labels to review: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// Measure to sort by
    #[arg(long, alias = "by", value_name = "MEASURE", value_parser = choice(MEASURES), default_value = "lwlrap")]
    pub sort: ReviewMeasure,
    /// Only clips of this subset of the run's data (curated, ...)
    #[arg(long, alias = "part", conflicts_with = "scores")]
    pub subset: Option<String>,
    /// Table to write as CSV; - is stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

#[derive(ClapArgs)]
pub struct WorstClips {
    #[command(flatten)]
    pub source: ReviewSource,
    /// Number of clips to list, the lowest first
    #[arg(long, alias = "top", value_name = "K", default_value = "20")]
    pub top_k: NonZeroUsize,
    /// Only clips below this value
    #[arg(long, value_name = "VALUE")]
    pub below: Option<f64>,
    /// File for corrections as JSON, in the format of argus-2019
    #[arg(long, value_name = "FILE")]
    pub corrections: Option<PathBuf>,
    /// What the corrections do
    #[arg(long, value_parser = choice(ACTIONS), default_value = "relabel")]
    pub action: Action,
}

#[derive(ClapArgs)]
pub struct BestClips {
    #[command(flatten)]
    pub source: ReviewSource,
    /// Number of clips to list, the highest first; default: 20, or all with --above
    #[arg(long, alias = "top", value_name = "K")]
    pub top_k: Option<NonZeroUsize>,
    /// Only clips of this value or more
    #[arg(long, value_name = "VALUE")]
    pub above: Option<f64>,
    /// File for the clips and their own labels as JSON, in the format of argus-2019's corrections
    #[arg(long, value_name = "FILE")]
    pub corrections: Option<PathBuf>,
}

//! Arguments of `earmark runs`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// What is compared by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareBy {
    /// Mean precision at the labels of the class
    Lwlrap,
    /// Share of its clips whose highest score is a label of theirs
    Recall,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Runs {
    /// Folder with runs, searched in depth
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Sort by: lwlrap, accuracy, map@3, mAP, auc, validation, started
    #[arg(long, default_value = "lwlrap")]
    pub sort: String,
    /// Instead: two runs class by class, the second less the first, on the clips that both were judged on
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["sort", "html"])]
    pub compare: Vec<PathBuf>,
    /// What is compared by class
    #[arg(long, value_enum, requires = "compare", default_value_t = CompareBy::Lwlrap)]
    pub by: CompareBy,
    /// Write a page as well
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

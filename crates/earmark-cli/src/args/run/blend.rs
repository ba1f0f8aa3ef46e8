//! Arguments of `earmark blend`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Blend {
    /// Score tables; with --select, runs of several folds too, which stand for their out-of-fold scores
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// A weight a table
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
    /// Blend those that score best together, and say what choosing so is worth: each fold by what the other folds choose
    #[arg(long, conflicts_with = "weights")]
    pub select: bool,
    /// What they are chosen by: lwlrap, accuracy, map@3, mAP or auc
    #[arg(long, requires = "select", default_value = "lwlrap")]
    pub by: String,
    /// The labels: fname,labels; or fname,label; or 0/1 columns. Needed where no run brings them
    #[arg(long, requires = "select")]
    pub truth: Option<PathBuf>,
    /// Fold table (file,fold). Needed where no run brings its folds
    #[arg(long, requires = "select", value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// The data folder of the runs; default: where it was in training
    #[arg(long, requires = "select", env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// File for the names of what was chosen, a line each, as often as each counts
    #[arg(long, requires = "select")]
    pub chosen: Option<PathBuf>,
    /// The choice as JSON
    #[arg(long, requires = "select")]
    pub json: bool,
}

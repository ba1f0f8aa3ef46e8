//! Arguments of `earmark blend`.

use crate::args::shared::Compute;
use clap::Args as ClapArgs;
use earmark::metrics::BlendMean;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Blend {
    /// Score tables; with --select also cross-validation runs, which stand for their out-of-fold scores
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// How to average: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Weights in the mean, one per table
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,

    /// Blend the tables that score best together, and estimate that score by nested cross-validation
    #[arg(long, conflicts_with = "weights", help_heading = "Selection")]
    pub select: bool,
    /// Metric to select by: lwlrap, accuracy, map@3, mAP or auc
    #[arg(
        long,
        alias = "by",
        requires = "select",
        default_value = "lwlrap",
        help_heading = "Selection"
    )]
    pub metric: String,
    /// True labels, required if no input is a run: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "select", help_heading = "Selection")]
    pub truth: Option<PathBuf>,
    /// Fold table (file,fold), for the estimate if no input is a run
    #[arg(long, requires = "select", value_name = "TABLE", help_heading = "Selection")]
    pub fold_table: Option<PathBuf>,
    /// The data folder of the runs; default: where it was in training
    #[arg(long, requires = "select", env = "EARMARK_DATA", help_heading = "Selection")]
    pub data: Option<PathBuf>,
    /// File for the names of the chosen inputs, one per line, repeated by weight
    #[arg(long, requires = "select", value_name = "FILE", help_heading = "Selection")]
    pub chosen: Option<PathBuf>,
    /// Print the selection as JSON
    #[arg(long, requires = "select", help_heading = "Selection")]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

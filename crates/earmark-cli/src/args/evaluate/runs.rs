//! Arguments of `earmark runs`.

use crate::args::shared::{Choice, choice};
use clap::Args as ClapArgs;
use earmark::metrics::ClassMetric;
use std::path::PathBuf;

const METRICS: &[Choice<ClassMetric>] = &[
    (
        "lwlrap",
        "Mean precision at the labels of the class",
        ClassMetric::Lwlrap,
    ),
    (
        "recall",
        "Share of the class's clips whose highest score is one of their labels",
        ClassMetric::Recall,
    ),
];

#[derive(ClapArgs)]
pub struct Runs {
    /// Folder with runs, searched recursively
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Sort by: lwlrap, accuracy, map@3, mAP, auc, validation, started
    #[arg(long, default_value = "lwlrap")]
    pub sort: String,
    /// Compare two runs class by class instead (B minus A), on the clips that both were evaluated on
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["sort", "html"])]
    pub compare: Vec<PathBuf>,
    /// Metric to compare by
    #[arg(long, alias = "by", value_parser = choice(METRICS), requires = "compare", default_value = "lwlrap")]
    pub metric: ClassMetric,
    /// Also write a page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

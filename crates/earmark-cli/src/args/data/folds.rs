//! Arguments of `earmark data folds`.

use super::source::DataSource;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct DataFolds {
    #[command(flatten)]
    pub source: DataSource,
    /// Number of folds
    #[arg(long, alias = "folds", value_name = "N", default_value_t = 5)]
    pub count: u32,
    /// Hold out this share instead: fold 1 is held out, fold 0 is the rest
    #[arg(long, value_name = "SHARE", conflicts_with = "count")]
    pub hold_out: Option<f64>,
    /// Stratification: none, label or iterative; default: iterative where clips have several labels, else label
    #[arg(long)]
    pub stratify: Option<String>,
    /// Do not keep the clips of a group together
    #[arg(long)]
    pub ignore_groups: bool,
    /// Random seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// File to write; default: stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

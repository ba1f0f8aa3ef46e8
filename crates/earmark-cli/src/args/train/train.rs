//! Arguments of `earmark train`.

use crate::args::shared::{Compute, RecipeArgs};
use clap::Args as ClapArgs;
use earmark::train::FoldSet;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Train {
    /// Recipe file, or name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The run directory; default: a new numbered folder under runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// Hold out this fold as the test fold
    #[arg(long)]
    pub fold: Option<u32>,
    /// Cross-validate: train and evaluate these folds in turn, each in its own run under the run directory (all, or 1,3,5)
    #[arg(long, value_name = "all|K,K,...", conflicts_with_all = ["fold"])]
    pub folds: Option<FoldSet>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Resume an interrupted run
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Warm start from the weights of a model: MODEL.safetensors, RUN or RUN@STEP
    #[arg(long, value_name = "MODEL")]
    pub init_from: Option<String>,
    /// Transfer only parameters whose names start with one of these prefixes
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', requires = "init_from")]
    pub include: Vec<String>,
    /// Do not transfer parameters whose names start with one of these prefixes
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', requires = "init_from")]
    pub exclude: Vec<String>,
    /// Print the plan (classes, network, memory, disk, time) without training
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome (or the plan) as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

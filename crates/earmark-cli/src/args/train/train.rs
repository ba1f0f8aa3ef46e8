//! Arguments of `earmark train`.

use crate::args::RecipeArgs;
use clap::Args as ClapArgs;
use earmark::train::FoldSet;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Train {
    /// Recipe file, or the name of a built-in recipe
    pub recipe: String,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The run directory; default: a freshly numbered one below runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// Keep this fold for judging
    #[arg(long)]
    pub fold: Option<u32>,
    /// Train and judge these folds in turn, each in a run of its own below the run directory: all, or 1,3,5
    #[arg(long, value_name = "all|K,K,...", conflicts_with_all = ["fold"])]
    pub folds: Option<FoldSet>,
    /// Fold table (file,fold), instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Go on with the run where it was interrupted
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Start from the weights of a model: file, RUN or RUN@STEP
    #[arg(long)]
    pub init_from: Option<String>,
    /// Only variables whose name begins with one of these
    #[arg(long, value_delimiter = ',', requires = "init_from")]
    pub include: Vec<String>,
    /// No variables whose name begins with one of these
    #[arg(long, value_delimiter = ',', requires = "init_from")]
    pub exclude: Vec<String>,
    /// Say the plan, classes, network, memory, disk and time; train nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The outcome (or the plan) as JSON
    #[arg(long)]
    pub json: bool,
}

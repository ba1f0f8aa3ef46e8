//! Arguments of `earmark features`.

use crate::args::shared::{RecipeArgs, Threads};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Features {
    /// The audio file; with --handcrafted, any number of them
    #[arg(required_unless_present = "data")]
    pub files: Vec<PathBuf>,
    /// Recipe whose front end computes the features
    #[arg(long, env = "EARMARK_RECIPE", required_unless_present = "handcrafted")]
    pub recipe: Option<String>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Write a table of 1,133 handcrafted clip features instead: one row per file, with labels and folds where known
    #[arg(long, alias = "summary")]
    pub handcrafted: bool,
    /// A data folder instead of files
    #[arg(long, requires = "handcrafted", conflicts_with = "files")]
    pub data: Option<PathBuf>,
    /// Subset of the data folder; default: all of it
    #[arg(long, alias = "part", requires = "data")]
    pub subset: Option<String>,
    /// File to write: .npy, or .csv with --handcrafted; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    #[command(flatten)]
    pub threads: Threads,
}

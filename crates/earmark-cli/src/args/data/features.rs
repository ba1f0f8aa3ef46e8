//! Arguments of `earmark features`.

use crate::args::RecipeArgs;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Features {
    /// The audio file; with --summary, any number of them
    #[arg(required_unless_present = "data")]
    pub files: Vec<PathBuf>,
    /// Recipe whose front end is used
    #[arg(long, env = "EARMARK_RECIPE", required_unless_present = "summary")]
    pub recipe: Option<String>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Write a table of 1,133 summary features instead, a row a file, with labels and folds where they are known
    #[arg(long)]
    pub summary: bool,
    /// A data folder to summarise instead of files
    #[arg(long, requires = "summary", conflicts_with = "files")]
    pub data: Option<PathBuf>,
    /// Part of the data folder; default: all of it
    #[arg(long, requires = "data")]
    pub part: Option<String>,
    /// The .npy file to write (.csv with --summary); - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
}

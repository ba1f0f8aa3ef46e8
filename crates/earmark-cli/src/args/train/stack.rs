//! Arguments of `earmark stack`.

use super::SpaceArgs;
use crate::args::RecipeArgs;
use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Stack {
    /// First-level runs of several folds (`earmark train --folds all`), all of them with the same folds
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// Recipe file of the second level, or the name of a built-in one
    #[arg(long, default_value = "argus-2019/2-stack")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// The folder of its runs, one a fold; default: a freshly numbered one below runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was when the first input was trained
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Go on where it was interrupted
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Random search: as many settings, each tried in a folder of its own (trial-001, ...), the best one kept as best.toml
    #[arg(long, value_name = "N")]
    pub search: Option<NonZeroUsize>,
    #[command(flatten)]
    pub space: SpaceArgs,
    /// The outcome as JSON
    #[arg(long)]
    pub json: bool,
}

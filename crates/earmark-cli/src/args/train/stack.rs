//! Arguments of `earmark stack`.

use super::tune::SearchSpace;
use crate::args::shared::{Compute, RecipeArgs};
use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Stack {
    /// First-level cross-validation runs (`earmark train --folds all`), all with the same folds
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// Stacking recipe: a file, or name of a built-in recipe
    #[arg(long, default_value = "argus-2019/2-stack")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Folder for its runs, one per fold; default: a new numbered folder under runs/
    #[arg(long, env = "EARMARK_RUN")]
    pub run: Option<PathBuf>,
    /// The data folder; default: where it was when the first input was trained
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Resume an interrupted run
    #[arg(long, requires = "run")]
    pub resume: bool,
    /// Try N random settings, each in a folder of its own (trial-001, ...); best.toml is the recipe of the best one
    #[arg(long, alias = "search", value_name = "N")]
    pub random: Option<NonZeroUsize>,
    #[command(flatten)]
    pub space: SearchSpace,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

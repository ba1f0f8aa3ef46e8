//! Arguments of `earmark data augment-preview`.

use crate::args::RecipeArgs;
use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct AugmentPreview {
    /// The audio file
    pub file: PathBuf,
    /// Recipe whose augmentation is shown
    #[arg(long, env = "EARMARK_RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// The picture to write: its ending says whether .png, .svg or .html
    #[arg(long, short)]
    pub out: PathBuf,
    /// Other files, as partners of mixing
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Augmented examples to show, besides the plain one
    #[arg(long, default_value = "11")]
    pub count: NonZeroUsize,
    /// Pictures in a row
    #[arg(long, default_value = "4")]
    pub columns: NonZeroUsize,
    /// Channel to show: 0 is the level, 1 and 2 its derivatives where the recipe has them
    #[arg(long, default_value_t = 0)]
    pub channel: usize,
    /// Seed of the draws; default the recipe's: what is shown is then what the first epoch does at its first places
    #[arg(long)]
    pub seed: Option<u64>,
}

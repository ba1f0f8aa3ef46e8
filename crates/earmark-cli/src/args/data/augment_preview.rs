//! Arguments of `earmark data augment-preview`.

use crate::args::shared::RecipeArgs;
use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct AugmentPreview {
    /// The recording
    pub file: PathBuf,
    /// Recipe whose augmentation is drawn
    #[arg(long, env = "EARMARK_RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Image or page to write, by its ending: .png, .svg or .html
    #[arg(long, short)]
    pub out: PathBuf,
    /// Other recordings to mix with
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Number of augmented versions to draw beside the original
    #[arg(long, value_name = "N", default_value = "11")]
    pub count: NonZeroUsize,
    /// Number of spectrograms per row
    #[arg(long, value_name = "N", default_value = "4")]
    pub columns: NonZeroUsize,
    /// Channel to draw: 0 is the spectrogram, 1 and 2 are its derivatives where the recipe has them
    #[arg(long, default_value_t = 0)]
    pub channel: usize,
    /// Random seed; default: the recipe's, which shows what the first epoch starts with
    #[arg(long)]
    pub seed: Option<u64>,
}

//! Arguments of `earmark features`.

use super::RecipeArgs;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Features {
    /// The audio file
    pub file: PathBuf,
    /// Recipe whose front end is used
    #[arg(long, env = "EARMARK_RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// The .npy file to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
}

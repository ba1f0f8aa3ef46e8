//! `--set KEY=VALUE`: changes to a recipe, also from the environment variable `EARMARK_SET`, which is split at semicolons.

use clap::Args;

/// Changes to a recipe.
#[derive(Args)]
pub struct RecipeArgs {
    /// Set a key of the recipe
    #[arg(
        long = "set",
        value_name = "KEY=VALUE",
        env = "EARMARK_SET",
        value_delimiter = ';'
    )]
    pub set: Vec<String>,
}

//! Arguments of `earmark recipes`.

use crate::args::shared::RecipeArgs;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Recipes {
    /// List the built-in recipes and what each is for
    #[command(after_help = "Example: earmark recipes list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a recipe as TOML, with everything it extends and every default
    #[command(after_help = "Example: earmark recipes show dcase2019-baseline/esc10 --set network.width=0.5")]
    Show {
        /// Name of a built-in recipe, or a recipe file
        name: String,
        /// Print it as written: without what it extends and without defaults
        #[arg(long, alias = "raw")]
        as_written: bool,
        #[command(flatten)]
        overrides: RecipeArgs,
    },
}

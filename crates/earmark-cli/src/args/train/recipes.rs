//! Arguments of `earmark recipes`.

use crate::args::RecipeArgs;
use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub enum Recipes {
    /// Names and descriptions
    #[command(after_help = "Example: earmark recipes list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// A recipe as TOML, with everything it extends and every default
    #[command(after_help = "Example: earmark recipes show dcase2019-baseline/esc10 --set network.width=0.5")]
    Show {
        /// Its name, or a file
        name: String,
        /// As it is written, unresolved
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        overrides: RecipeArgs,
    },
}

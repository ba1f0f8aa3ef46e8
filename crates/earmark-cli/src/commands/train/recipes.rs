//! `earmark recipes`

use crate::prelude::*;
use earmark::recipe::{AnyRecipe, built_in_recipes};
use earmark::report::text_table;

/// List or show the built-in recipes
#[derive(Subcommand)]
#[command(after_help = "Example: earmark recipes list")]
pub enum Recipes {
    /// List the built-in recipes and what each is for
    #[command(after_help = "Example: earmark recipes list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a recipe as TOML, with everything it extends and the defaults of all but newer keys
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

/// Lists or prints recipes.
pub fn run(what: Recipes) -> anyhow::Result<Status> {
    match what {
        Recipes::List { json } => list(json)?,
        Recipes::Show {
            name,
            as_written,
            overrides,
        } => match (as_written, overrides.set.is_empty()) {
            (true, true) => print_lines(written(&name)?.trim_end())?,
            (true, false) => bail!("--as-written prints a recipe unchanged; leave out --set"),
            (false, _) => print_lines(AnyRecipe::load(&name, &overrides.set)?.to_toml().trim_end())?,
        },
    }
    Ok(Status::Done)
}

fn list(json: bool) -> anyhow::Result<()> {
    let recipes = built_in_recipes::names().map(|name| AnyRecipe::load(name, &[]));
    let recipes = recipes.collect::<Result<Vec<_>, _>>()?;
    let entry = |r: &AnyRecipe| json!({ "name": r.name(), "description": r.description() });
    let entries = || recipes.iter().map(entry).collect::<Vec<_>>();
    print_as(json, entries, || {
        let rows = recipes.iter();
        let rows = rows.map(|r| vec![r.name().to_owned(), r.description().to_owned()]);
        text_table(&["recipe", "description"], &Vec::from_iter(rows), &[])
    })
}

/// The text of a recipe file or of a built-in recipe; a file has priority, as in training.
fn written(name: &str) -> anyhow::Result<String> {
    if Path::new(name).is_file() {
        return std::fs::read_to_string(name)
            .with_context(|| format!("{name}: cannot be read; check its permissions, and that it is text"));
    }
    match built_in_recipes::find(name) {
        Some((_, text)) => Ok(text.to_owned()),
        // Loading knows how to suggest what was meant.
        None => Ok(AnyRecipe::load(name, &[])?.to_toml()),
    }
}
